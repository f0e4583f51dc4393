"""Counts questions by asker and subject, and tells of those who ask as nobody does who sells lines.

Everything is keyed hashes and small numbers, for one day, in bounded tables: the oldest goes first. A
subject's hash differs per carrier and day. Nothing here reaches a score.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from serve.errors import Fault
from serve.oracle.rules import LEAST_ABANDONED, ROLES, RULES, Alarm, Role, Rules

MOST_ASKERS, MOST_SUBJECTS, MOST_QUESTIONS = 20_000, 50_000, 50_000
BYTES = 8  # of a keyed hash
BULK = "bulk"  # a company registers its lines together
LONGEST_WAIT = 3_600  # seconds said in Retry-After
Value = TypeVar("Value")


@dataclass(slots=True)
class Asker:
    """What one client, point of sale or agent did today; `told` has a bit for each of RULES."""

    role: Role
    carrier: str
    asked: int = 0
    abandoned: int = 0
    told: int = 0


@dataclass(slots=True)
class Counts:
    """All that is remembered."""

    day: int = 0
    askers: OrderedDict[bytes, Asker] = field(default_factory=OrderedDict)
    subjects: OrderedDict[bytes, int] = field(default_factory=OrderedDict)
    questions: OrderedDict[bytes, tuple[bytes, ...]] = field(default_factory=OrderedDict)

    def turn(self, day: int) -> None:
        """Begin a new day; who asked is kept, for lines are abandoned later."""
        if day != self.day:
            self.day = day
            self.askers.clear()
            self.subjects.clear()


class Watch:
    """The watch of one worker. `key` is 32 bytes that nobody outside has."""

    def __init__(self, key: bytes, rules: Rules, *, now: Callable[[], datetime]) -> None:
        self._key, self._rules, self._now = key, rules, now
        self.counts = Counts()
        self.changed = False
        self.lock = threading.Lock()
        self._waiting: list[Alarm] = []

    def asked(self, client: str, event: Mapping[str, object]) -> list[Alarm]:
        """A registration is asked about; who is over a rule for the first time today.

        Raises Fault 429 where that is wished and the asker was told of. The same registration asked
        about again is a repetition of the question, not another one.
        """
        carrier, day = str(event["carrier_id"]), self._day()
        question = self._hash("question", carrier, event["registration_id"])
        subject = self._hash("subject", carrier, event["identity_value"], day)
        with self.lock:
            self.counts.turn(day)
            askers = self._askers(client, carrier, event)
            again = self.counts.subjects.get(subject, 0) >= self._rules.subject
            known = question in self.counts.questions
            repeated = again and not known and event.get("channel") != BULK
            self._refuse(askers, repeated=repeated)
            waiting, self._waiting = self._waiting, []
            if known:
                return waiting
            self.changed = True
            _put(self.counts.questions, question, tuple(askers), MOST_QUESTIONS)
            more = self.counts.subjects.get(subject, 0) + (event.get("channel") != BULK)
            _put(self.counts.subjects, subject, more, MOST_SUBJECTS)
            return [*waiting, *self._counted(askers, repeated=repeated)]

    def abandoned(self, carrier: str, registration_id: str) -> list[Alarm]:
        """A line was asked about and then not taken."""
        question = self._hash("question", carrier, registration_id)
        with self.lock:
            self.counts.turn(self._day())
            names = self.counts.questions.pop(question, ())
            found = [(n, a) for n in names if (a := self.counts.askers.get(n)) is not None]
            for _, asker in found:
                asker.abandoned += 1
                self.changed = True
            return [
                alarm
                for name, asker in found
                if self._too_many(asker)
                for alarm in self._tell(name, asker, "abandoned")
            ]

    def read(self, client: str, carrier: str, assessment: bytes) -> list[Alarm]:
        """An assessment that was given before is shown again."""
        day = self._day()
        read = self._hash("read", carrier, assessment.hex(), day)
        with self.lock:
            self.counts.turn(day)
            times = self.counts.subjects.get(read, 0) + 1
            _put(self.counts.subjects, read, times, MOST_SUBJECTS)
            self.changed = True
            if times <= self._rules.readings:
                return []
            name = self._hash("client", carrier, client)
            return list(self._tell(name, self._asker(name, "client", carrier), "read_again"))

    def disagreed(self, carrier: str) -> None:
        """An identity came with another root than before; told of with the next question."""
        with self.lock:
            self.counts.turn(self._day())
            name = self._hash("client", carrier, carrier)
            asker = self._asker(name, "client", carrier)
            self._waiting += self._tell(name, asker, "root")

    def alarms(self) -> list[Alarm]:
        """All of today, most questions first."""
        with self.lock:
            self.counts.turn(self._day())
            found = [
                _alarm(rule, name, asker)
                for name, asker in self.counts.askers.items()
                for i, rule in enumerate(RULES)
                if asker.told >> i & 1
            ]
        return sorted(found, key=lambda alarm: -alarm.asked)

    def handle(self, role: Role, carrier: str, name: str) -> str:
        """How an asker is called in alarms: for whoever has the key and a name to compare."""
        return self._hash(role, carrier, name).hex()

    def _askers(self, client: str, carrier: str, event: Mapping[str, object]) -> dict[bytes, Asker]:
        names = (client, event.get("point_of_sale_id"), event.get("agent_id"))
        keys = {
            self._hash(role, carrier, name): role
            for role, name in zip(ROLES, names, strict=True)
            if name
        }
        return {key: self._asker(key, role, carrier) for key, role in keys.items()}

    def _asker(self, key: bytes, role: Role, carrier: str) -> Asker:
        asker = self.counts.askers.get(key) or Asker(role, carrier)
        _put(self.counts.askers, key, asker, MOST_ASKERS)
        return asker

    def _counted(self, askers: Mapping[bytes, Asker], *, repeated: bool) -> Iterator[Alarm]:
        """One more question of each; a repetition is told of the nearest of them."""
        for name, asker in askers.items():
            asker.asked += 1
            if asker.asked > self._rules.budget(asker.role):
                yield from self._tell(name, asker, "budget")
        if repeated:
            nearest = list(askers)[-1]
            yield from self._tell(nearest, askers[nearest], "repeated")

    def _refuse(self, askers: Mapping[bytes, Asker], *, repeated: bool) -> None:
        """A whole client is refused for its budget only: its other clerks did nothing."""
        if not self._rules.refuse:
            return
        budget = 1 << RULES.index("budget")
        told = any(a.told & (budget if a.role == "client" else ~0) for a in askers.values())
        if told or (repeated and self._already(askers)):
            raise Fault(429, retry_after=self._until_tomorrow())

    def _already(self, askers: Mapping[bytes, Asker]) -> bool:
        """Whether the repetition was told of: the first one over the limit still is answered."""
        return bool(list(askers.values())[-1].told >> RULES.index("repeated") & 1)

    def _too_many(self, asker: Asker) -> bool:
        share = asker.abandoned / max(asker.asked, asker.abandoned)
        return asker.abandoned >= LEAST_ABANDONED[asker.role] and share > self._rules.abandoned

    def _tell(self, name: bytes, asker: Asker, rule: str) -> Iterator[Alarm]:
        bit = 1 << RULES.index(rule)
        if not asker.told & bit:
            asker.told |= bit
            self.changed = True
            yield _alarm(rule, name, asker)

    def _hash(self, *parts: object) -> bytes:
        text = "\x1f".join(str(part) for part in parts).strip().upper()
        return hashlib.blake2b(text.encode(), key=self._key, digest_size=BYTES).digest()

    def _day(self) -> int:
        return int(self._now().timestamp()) // 86_400

    def _until_tomorrow(self) -> int:
        now = self._now()
        tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return max(1, min(LONGEST_WAIT, int((tomorrow - now).total_seconds())))


def _alarm(rule: str, name: bytes, asker: Asker) -> Alarm:
    return Alarm(rule, asker.role, asker.carrier, name.hex(), asker.asked, asker.abandoned)


def _put(table: OrderedDict[bytes, Value], key: bytes, value: Value, most: int) -> None:
    table[key] = value
    table.move_to_end(key)
    if len(table) > most:
        table.popitem(last=False)
