"""A bribed clerk with real credentials: what may he learn of a subject from the answer he gets?

Every subject is asked about once. For office and breaches the same country is answered twice: once with
one half of the subjects such, once with the other, so that all else, also the company they keep at the
counter, is equal. What he sees is what a carrier sees.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detector.intake import arriving
from detector.model.artefact import Model
from detector.pseudonym import Key, Pseudonymiser
from detector.registration import NEVER, Breaches, BreachMembers, Int64, Officials
from serve.answering import assessment_body
from serve.answers import Assessment
from serve.drills.people import Event, curp_of, registration
from serve.engine import Engine, Question
from serve.judge import Judge
from serve.knowing import tell
from serve.oracle.rules import Rules
from serve.oracle.watch import Watch
from serve.reference.live import Tables
from serve.reference.notice import Notice, Provenance
from serve.reference.places import InStore
from serve.store.books import Books
from serve.store.database import Sqlite, migrate, unlock
from serve.store.keys import StoreKeys
from serve.world import World

NOW = datetime(2026, 6, 1, 18, tzinfo=UTC)
LINES = (0.34, 0.28, 0.18, 0.10, 0.05, 0.03, 0.02)  # of subjects by how many lines they have
BASE = 0.01  # share of officials among those he asks about
SEEN = 5  # an answer given to fewer people proves nothing
BITS, POSTERIOR, AUC, QUESTIONS = 0.4, 0.10, 0.55, 50  # what must hold
Answer = Hashable
View = Callable[[Assessment], Answer]


@dataclass(frozen=True, slots=True)
class Findings:
    """What the clerk learned; `alarm` is the question at which he was told of, None where he never was."""

    subjects: int
    bits: float
    prior_bits: float
    posterior: float
    auc: float
    alarm: int | None

    @property
    def faults(self) -> tuple[str, ...]:
        """Which limits do not hold."""
        found = {
            "line count": self.bits > BITS,
            "office": self.posterior > POSTERIOR,
            "breach": self.auc > AUC,
            "alarm": self.alarm is None or self.alarm > QUESTIONS,
        }
        return tuple(name for name, wrong in found.items() if wrong)

    def __str__(self) -> str:
        told = f"at question {self.alarm}" if self.alarm else "never"
        return "\n".join(
            [
                f"{self.subjects} subjects, each asked about once",
                f"line count: {self.bits:.2f} of {self.prior_bits:.2f} bits (at most {BITS})",
                f"office: from {BASE:.0%} to {self.posterior:.1%} at the most telling answer"
                f" (at most {POSTERIOR:.0%})",
                f"breach: AUC {self.auc:.3f} (at most {AUC})",
                f"a clerk who abandons what he asks about: alarm {told} (within {QUESTIONS})",
            ]
        )


@dataclass(frozen=True, slots=True)
class Weakness:
    """What a build weakened on purpose does worse."""

    exact: bool = False  # scores and reason codes instead of rungs and families
    own_status: float | None = None  # log-odds for one's own office and breaches
    unwatched: bool = False


def shown(found: Assessment) -> Answer:
    """What a carrier sees of an answer, without names and times."""
    body = assessment_body(found, "en")
    reasons = tuple(reason["family"] for reason in body["reasons"])
    return body["riskScore"], body["decision"], reasons


def exact(found: Assessment) -> Answer:
    """What a careless interface would show."""
    return round(float(np.log10(max(found.score, 1e-9))), 1), found.decision, found.reasons


def drill(model: Model, *, subjects: int, seed: int, weakness: Weakness | None = None) -> Findings:
    """Play the clerk against this model."""
    weak = weakness or Weakness()
    rng = np.random.default_rng(seed)
    if weak.own_status is not None:
        model = replace(model, official=weak.own_status, breached=weak.own_status)
    lines = rng.choice(len(LINES), subjects, p=np.array(LINES))
    country = _Country(model, lines, rng)
    view = exact if weak.exact else shown
    plain = [view(a) for a in country.answers()]
    half = rng.permutation(subjects) < subjects // 2
    office, breach = country.twins("official", half, view), country.twins("breached", half, view)
    return Findings(
        subjects,
        information(lines.tolist(), plain),
        _entropy(Counter(lines.tolist())),
        posterior(*office, base=BASE),
        separation(*breach),
        None if weak.unwatched else first_alarm(rng),
    )


class _Country:
    """Lines that subjects have, and the clerk's one question about each."""

    def __init__(self, model: Model, lines: Int64, rng: np.random.Generator) -> None:
        self._door, self._model = Pseudonymiser(Key(bytes(range(32)))), model
        self._past, number = list[Event](), len(lines)
        for subject, count in enumerate(lines.tolist()):
            for ago in rng.uniform(0.2, 170, count):
                number += 1
                self._past.append(
                    registration(
                        number,
                        NOW - timedelta(days=float(ago)),
                        carrier=str(rng.choice(["alfa", "beta", "gama"])),
                        identity_value=curp_of(subject),
                    )
                )
        self._past.sort(key=lambda event: str(event["registered_at"]))
        self._asked = [
            registration(subject, NOW + timedelta(seconds=20 * subject), agent_id="clerk")
            for subject in range(len(lines))
        ]

    def twins(
        self, fact: str, half: NDArray[np.bool_], view: View
    ) -> tuple[list[Answer], list[Answer]]:
        """Each subject's answer as one of whom the fact holds, and as one of whom it does not."""
        first, second = ([view(a) for a in self.answers(fact, of)] for of in (half, ~half))
        mixed = [(a, b) if here else (b, a) for a, b, here in zip(first, second, half, strict=True)]
        return [yes for yes, _ in mixed], [no for _, no in mixed]

    def answers(self, fact: str = "", of: NDArray[np.bool_] | None = None) -> list[Assessment]:
        """What he is answered, where a fact holds of some subjects."""
        store = Sqlite(Path(":memory:"))
        migrate(store)
        unlock(store, StoreKeys.fresh())
        books, tables = Books(store), Tables(InStore(store), bytes(32))
        if of is not None:
            self._tell(books, tables, fact=fact, of=of)
        end = NOW + timedelta(days=1)
        engine = Engine(
            books,
            pseudonymiser=self._door,
            body_key=bytes(32),
            judge=Judge(lambda: self._model, policy="drill"),
            clock=lambda: int(end.timestamp() * 1e6),
            country=World(books, tables),
        )
        found: list[Assessment] = []
        for start in range(0, len(self._past), 128):
            engine.take([Question(e, imported=True) for e in self._past[start : start + 128]])
        for start in range(0, len(self._asked), 128):
            told = engine.take([Question(e) for e in self._asked[start : start + 128]])
            found += [one for one in told if isinstance(one, Assessment)]
        store.close()
        return found

    def _tell(self, books: Books, tables: Tables, *, fact: str, of: NDArray[np.bool_]) -> None:
        who = np.sort(arriving(self._asked, self._door).registrations.identity[of])
        nobody = np.empty(0, np.int64)
        long_ago = np.zeros(len(who), np.int64)
        listed = who if fact == "official" else nobody
        leaked = who if fact == "breached" else nobody
        notice = Notice(
            Breaches(("b",), np.array([20_500], np.int32), np.array([0xFFFF], np.uint16)),
            BreachMembers(leaked, long_ago[: len(leaked)], np.zeros(len(leaked), np.int32)),
            Officials(
                listed,
                np.zeros(len(listed), np.int8),
                long_ago[: len(listed)],
                np.full(len(listed), NEVER, np.int64),
            ),
            Provenance("the drill", "made up", NOW.date()),
        )
        tell(books, tables, notice)


def first_alarm(rng: np.random.Generator) -> int | None:
    """The question at which a clerk is told of who tries subjects and abandons the line each time."""
    watch = Watch(rng.bytes(32), Rules(), now=lambda: NOW)
    for number in range(10 * QUESTIONS):
        event = registration(number, NOW, agent_id="clerk", point_of_sale_id="shop")
        told = watch.asked("client", event)
        if told or watch.abandoned("alfa", str(event["registration_id"])):
            return number + 1
    return None


def information(facts: Sequence[Hashable], answers: Sequence[Answer]) -> float:
    """Bits that an answer tells of a fact (mutual information, Miller-Madow corrected, at least 0)."""
    both = Counter(zip(facts, answers, strict=True))
    return max(0.0, _entropy(Counter(facts)) + _entropy(Counter(answers)) - _entropy(both))


def _entropy(counts: Counter[Hashable] | Counter[int] | Counter[tuple[Hashable, Answer]]) -> float:
    seen = np.array(list(counts.values()), float)
    share = seen / seen.sum()
    plain = float(-(share * np.log2(share)).sum())
    return plain + float((len(seen) - 1) / (2 * seen.sum() * np.log(2)))


def posterior(yes: Sequence[Answer], no: Sequence[Answer], *, base: float) -> float:
    """The chance of the fact at its most telling answer, among those that SEEN people or more get."""
    one, other = Counter(yes), Counter(no)
    chances = [base]
    for answer in one.keys() | other.keys():
        if one[answer] + other[answer] >= SEEN:
            p, q = (one[answer] + 0.5) / len(yes), (other[answer] + 0.5) / len(no)
            chances.append(base * p / (base * p + (1 - base) * q))
    return float(max(chances))


def separation(yes: Sequence[Answer], no: Sequence[Answer]) -> float:
    """The area under the curve of the best guess: answers ordered by how much they speak for the fact.

    The order is learned from one half of the subjects and tried on the other, both ways.
    """
    halves = [_tried(yes[i::2], no[i::2], yes[1 - i :: 2], no[1 - i :: 2]) for i in (0, 1)]
    return float(sum(halves) / 2)


def _tried(
    yes: Sequence[Answer],
    no: Sequence[Answer],
    known_yes: Sequence[Answer],
    known_no: Sequence[Answer],
) -> float:
    one, other = Counter(known_yes), Counter(known_no)
    ratio = {a: (one[a] + 0.5) / (other[a] + 0.5) for a in one.keys() | other.keys()}
    first, second = (np.array([ratio.get(a, 1.0) for a in told]) for told in (yes, no))
    second.sort()
    below = np.searchsorted(second, first, side="left")
    upto = np.searchsorted(second, first, side="right")
    middle = (below + upto) / 2
    return float(np.mean(middle)) / len(second)
