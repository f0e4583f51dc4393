"""From a registration to a notice: whether, to which contact, when, and in what words.

It works after the answer to the carrier and never changes it: membership is looked up for every
registration it is given, with the same work for everybody. Notices are prepared with reads alone and then
written, so that the writer lock, which answers wait for, is held for the rows only.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Self
from uuid import UUID

from serve.deliveries.queue import Draft, enqueue, micros, moment
from serve.deliveries.sealing import Vault
from serve.notices import texts
from serve.notices.answered import TELLING
from serve.notices.bursts import kind_of_burst
from serve.notices.enrolment import Invitation, Member, Register
from serve.notices.folios import new_folio, plain_folio
from serve.notices.lockbox import Lockbox, Row
from serve.notices.manners import Manners, held_until
from serve.notices.pen import Pen
from serve.store.coarse import HOUR, hour, quarter_after
from serve.store.database import Connection

DAY = timedelta(days=1)
Unsettled = Callable[[Connection, bytes], bool]


@dataclass(frozen=True, slots=True)
class Case:
    """A registration as the notifier needs it. `person`, `line` and `contact` are the door's tokens.

    `contact` arrived with the registration; `alike` is what a batch made by one hand would share.
    """

    person: bytes
    assessment_id: UUID
    carrier: str
    on: date
    state: str
    last_two: int | None
    decision: str
    line: bytes
    contact: bytes | None = None
    alike: frozenset[str] = frozenset()

    @property
    def came(self) -> frozenset[bytes]:
        """What nobody is told at: the line itself and the contact that arrived with it."""
        return frozenset({self.line, self.contact or self.line})


@dataclass(frozen=True, slots=True)
class News:
    """What is still to be told. Sealed while it waits, for whom it is about stands in it."""

    person: bytes
    folio: str
    alike: tuple[str, ...]
    came: frozenset[bytes]

    def packed(self) -> bytes:
        """Its bytes."""
        came = sorted(mark.hex() for mark in self.came)
        told = [self.person.hex(), self.folio, self.alike, came]
        return json.dumps(told).encode()

    @classmethod
    def unpacked(cls, content: bytes) -> Self:
        """The same again."""
        person, folio, alike, came = json.loads(content)
        marks = frozenset(map(bytes.fromhex, came))
        return cls(bytes.fromhex(person), folio, tuple(alike), marks)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A notice about to be written: told now by `drafts`, later by `waits`, or not at all."""

    name: str
    row: tuple[object, ...]
    drafts: Sequence[Draft] = ()
    waits: tuple[int, bytes] | None = None


@dataclass(slots=True)
class _Round:
    """What the notices of one preparation add to what the store has: by person."""

    made: Counter[bytes] = field(default_factory=Counter)
    gathering: dict[bytes, datetime] = field(default_factory=dict)
    about: set[bytes] = field(default_factory=set)


class Notifier:
    """Makes notices and the messages that tell of them.

    `unsettled` says whether a line was ported, relinked or given a new SIM in the last 30 days.
    """

    def __init__(
        self,
        box: Lockbox,
        register: Register,
        *,
        letters: Vault,
        sender: str,
        unsettled: Unsettled,
        manners: Manners | None = None,
    ) -> None:
        self._box, self._register = box, register
        self._letters, self._pen = letters, Pen(letters, sender)
        self._unsettled, self._manners = unsettled, manners or Manners()

    def prepared(
        self, own: Connection, cases: Sequence[Case], at: datetime
    ) -> list[Prepared | None]:
        """The notices that these registrations call for, one each or none. Only reads."""
        told = _Round()
        return [self._prepared(own, case, at, told) for case in cases]

    def write(self, own: Connection, prepared: Iterable[Prepared | None], at: datetime) -> int:
        """Write them, inside `own.writing()`; how many. One that another wrote meanwhile stays as it is."""
        drafts: list[Draft] = []
        waiting: list[tuple[int, bytes, str]] = []
        count = 0
        for one in prepared:
            if one is None or not own.rows(
                "INSERT INTO notices (id, person, folio, detail, made_at, about, told_in) "
                "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (about) DO NOTHING RETURNING 1",
                one.row,
            ):
                continue
            count += 1
            drafts += one.drafts
            if one.waits:
                waiting.append((*one.waits, one.name))
        enqueue(own, drafts, at=at, due=at)
        own.run_many("UPDATE notices SET due_at = ?, envelope = ? WHERE id = ?", waiting)
        return count

    def invite(self, own: Connection, invitations: Sequence[Invitation], at: datetime) -> None:
        """Send the codes of a batch that was signed twice, inside `own.writing()`."""
        drafts = [self._invitation(one, at) for one in invitations]
        enqueue(own, drafts, at=at, due=self._manners.awake(at))

    def due(self, own: Connection, at: datetime) -> bool:
        """Whether something that had to wait is due."""
        return bool(own.rows("SELECT 1 FROM notices WHERE due_at <= ? LIMIT 1", [micros(at)]))

    def tell_what_is_due(self, own: Connection, at: datetime) -> int:
        """Tell, together for each person, what had to wait, inside `own.writing()`; how many persons.

        Where to is decided now: a number may have changed hands since the notice was made.
        """
        rows = own.rows(
            "SELECT id, envelope FROM notices WHERE due_at <= ? ORDER BY made_at, id", [micros(at)]
        )
        waiting: dict[bytes, list[tuple[str, News]]] = {}
        for name, envelope in rows:
            news = News.unpacked(self._letters.open(bytes(envelope), name))
            waiting.setdefault(news.person, []).append((name, news))
        for person, notices in waiting.items():
            self._tell_together(own, person, notices, at)
        return len(waiting)

    def detail(self, own: Connection, person: bytes, folio: str) -> Mapping[str, Any] | None:
        """What a notice is about, for who proved to be the person; None for a folio that is not theirs."""
        row, mark = self._box.row(person), self._box.mark("folio", plain_folio(folio))
        found = own.rows(
            "SELECT detail FROM notices WHERE folio = ? AND person = ?", [mark, row.name]
        )
        return self._box.opened(row, bytes(found[0][0]) if found else None)

    def about(self, own: Connection, person: bytes, folio: str) -> list[UUID]:
        """The assessments that a notice told of, for who proved to be the person; none for another's folio."""
        row, mark = self._box.row(person), self._box.mark("folio", plain_folio(folio))
        rows = own.rows(
            "SELECT n.detail FROM notices f JOIN notices n ON n.id = f.id OR n.told_in = f.told_in "
            "WHERE f.folio = ? AND f.person = ? AND n.person = ?",
            [mark, row.name, row.name],
        )
        return [UUID(row.open(bytes(detail))["assessment"]) for (detail,) in rows]

    def _prepared(self, own: Connection, case: Case, at: datetime, told: _Round) -> Prepared | None:
        member = self._called_for(own, case)
        if member is None:
            return None
        row, name, folio = self._box.row(case.person), str(uuid.uuid4()), new_folio()
        about = self._box.mark("about", f"{row.name.hex()}/{case.assessment_id}")
        if about in told.about or own.rows("SELECT 1 FROM notices WHERE about = ?", [about]):
            return None
        told.about.add(about)
        news = News(case.person, folio, tuple(sorted(case.alike)), case.came)
        to = self._contacts(own, member, news.came)
        due = self._due(own, row, at, told) if to else None
        told.made[row.name] += 1
        now = due is not None and due <= at
        mark, detail = self._box.mark("folio", folio), row.seal(_detail(case))
        values = (
            name,
            row.name,
            mark,
            detail,
            hour(micros(at)) + HOUR,
            about,
            name if now else None,
        )
        if due is None or now:
            return Prepared(name, values, self._drafts(name, [news], member, to, at))
        told.gathering.setdefault(row.name, due)
        return Prepared(name, values, waits=(micros(due), self._letters.seal(news.packed(), name)))

    def _called_for(self, own: Connection, case: Case) -> Member | None:
        """Whoever is to be told of this registration: one look, whoever it is about."""
        member = self._register.member(own, case.person)
        wanted = member is not None and (case.decision in TELLING or member.every)
        return member if wanted else None

    def _contacts(
        self, own: Connection, member: Member, came: Collection[bytes]
    ) -> tuple[str, ...]:
        """Where to tell: neither the new line, nor what came with it, nor a number that moved lately."""
        if member.silent:
            return ()
        mark = bytes.fromhex(member.mark)
        moved = mark in came or bytes.fromhex(member.arrived) in came or self._unsettled(own, mark)
        found = [] if moved else [self._register.opened(member)]
        if member.delegate and bytes.fromhex(member.delegate_mark) not in came:
            found.append(self._register.opened(replace(member, contact=member.delegate)))
        return tuple(found)

    def _due(self, own: Connection, row: Row, at: datetime, told: _Round) -> datetime:
        """When to tell: `at` for now and by itself, later for together with others."""
        held = held_until(own, row.name, at)
        if held is not None:
            return self._manners.awake(held)
        sql = "SELECT COUNT(*) FROM notices WHERE person = ? AND made_at > ?"
        [(today,)] = own.rows(sql, [row.name, micros(at - DAY)])
        if today + told.made[row.name] < self._manners.singly:
            return self._manners.awake(at)
        if row.name in told.gathering:
            return told.gathering[row.name]
        sql = "SELECT MIN(due_at) FROM notices WHERE person = ? AND due_at > ?"
        [(gathering,)] = own.rows(sql, [row.name, micros(at)])
        if gathering is not None:
            return moment(gathering)
        return self._manners.awake(quarter_after(at + self._manners.together_after))

    def _tell_together(
        self, own: Connection, person: bytes, notices: Sequence[tuple[str, News]], at: datetime
    ) -> None:
        """One message for all that may be told at the same contacts, under the first one's name and folio."""
        member = self._register.member(own, person)
        together: dict[tuple[str, ...], list[tuple[str, News]]] = {}
        for name, news in notices:
            to = self._contacts(own, member, news.came) if member else ()
            together.setdefault(to, []).append((name, news))
        for to, some in together.items():
            name = some[0][0]
            if member:
                drafts = self._drafts(name, [news for _, news in some], member, to, at)
                enqueue(own, drafts, at=at, due=at)
            own.run_many(
                "UPDATE notices SET due_at = NULL, envelope = NULL, told_in = ? WHERE id = ?",
                [(name if to else None, each) for each, _ in some],
            )

    def _drafts(
        self, name: str, news: Sequence[News], member: Member, to: Sequence[str], at: datetime
    ) -> list[Draft]:
        """The messages of one telling; each contact's has a name of its own, and always the same."""
        if not to:
            return []
        words = texts.notice(
            news[0].folio,
            language=member.language,
            count=len(news),
            kind=kind_of_burst([one.alike for one in news]),
            portal=member.portal,
        )
        names = [name, *(str(uuid.uuid5(UUID(name), str(i))) for i in range(1, len(to)))]
        return [
            self._pen.draft(each, contact, words, language=member.language, at=at)
            for each, contact in zip(names, to, strict=True)
        ]

    def _invitation(self, one: Invitation, at: datetime) -> Draft:
        words = texts.invitation(
            one.code, institution=one.institution, language=one.language, portal=one.portal
        )
        return self._pen.draft(str(uuid.uuid4()), one.contact, words, language=one.language, at=at)


def _detail(case: Case) -> dict[str, Any]:
    return {
        "assessment": str(case.assessment_id),
        "carrier": case.carrier,
        "on": case.on.isoformat(),
        "state": case.state,
        "last_two": case.last_two,
    }
