"""One decision made again, from what was stored of it: the same, or different and why.

The vector, the person's own status, carrier and operation are as stored; model and code are those at hand.
Reasons that the model gives ask what else was known: those are shown as given, and `simvigia replay`
proves the vector they came from.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from detector import logbook
from detector.decision import DECISIONS, decide
from detector.errors import BadInput
from detector.lifecycle import STAGES
from detector.model.artefact import Model
from detector.scoring import rule_hits, ruled
from detector.signals import REASONS, features, fingerprint
from serve.audit.ledger import state
from serve.audit.log import records
from serve.audit.records import Entry, opens
from serve.audit.sources import decision_details
from serve.audit.storage import StoreStorage
from serve.codeversion import code_version
from serve.judge import stored_vector
from serve.store.books import Answer, Books


@dataclass(frozen=True, slots=True)
class Made:
    """A score, a decision and the reasons that rules gave."""

    score: float
    decision: str
    by_rule: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """A decision as stored and as made again. `faults` says what differs, in words; none is equal."""

    stage: str
    stored: Made
    again: Made
    reasons: tuple[str, ...]
    record: int | None
    committed: bool
    versions: dict[str, tuple[str, str]]  # what it was made with, and what is at hand
    top: tuple[tuple[str, float], ...]

    @property
    def faults(self) -> tuple[str, ...]:
        """What differs."""
        return tuple(self._faults())

    def _faults(self) -> Iterator[str]:
        if self.record is not None and not self.committed:
            yield "what is stored is not what the audit log committed to"
        if self.stored.score != self.again.score:
            yield f"the score was {self.stored.score!r}, made again it is {self.again.score!r}"
        if self.stored.decision != self.again.decision:
            yield f"it was decided {self.stored.decision}, made again {self.again.decision}"
        if lost := set(self.again.by_rule) - set(self.stored.by_rule):
            yield f"rules now give reasons that were not given: {', '.join(sorted(lost))}"


def explained(
    books: Books, assessment: UUID, *, stage: str | None, model: Model | None
) -> Explained:
    """A decision made again. Raises BadInput where there is none of that name and stage."""
    known = books.known([assessment.bytes])
    if assessment.bytes not in known:
        raise BadInput("the store knows no assessment of this id")
    answer = _answer(books.answers([known[assessment.bytes][0]]), stage)
    if stored_vector(answer).size != len(features(STAGES[answer.stage])):
        raise BadInput("the decision was made with other features than this program has")
    said = json.loads(answer.answer)
    by_rule = tuple(code for code in said["reasons"] if code in _given_by_rules(answer))
    number, committed = _record(books, answer, assessment.bytes)
    made, at_hand = said["versions"], [model.version if model else "", fingerprint()]
    return Explained(
        STAGES[answer.stage],
        Made(said["score"], said["decision"], by_rule),
        _again(books, answer, model),
        tuple(said["reasons"]),
        number,
        committed,
        {
            "model": (made[0], at_hand[0]),
            "features": (made[2], at_hand[1]),
            "code": (said.get("code", ""), code_version()),
        },
        tuple(_strongest(answer, model)),
    )


def _answer(found: dict[int, list[Answer]], stage: str | None) -> Answer:
    answers = [a for each in found.values() for a in each]
    if stage is not None:
        answers = [a for a in answers if STAGES[a.stage] == stage]
    if not answers:
        raise BadInput("nothing was decided about it at this stage")
    return max(answers, key=lambda a: (a.moment, a.stage))


def _again(books: Books, answer: Answer, model: Model | None) -> Made:
    stage, vector = STAGES[answer.stage], stored_vector(answer)[None, :]
    entry = books.entries([answer.sequence])[answer.sequence]
    page = logbook.read([entry], books.carriers())
    own, exposed = page.registrations, page.exposure
    floors, hits = rule_hits(stage, vector)
    score, limits = np.zeros(1), np.full((1, 3), np.inf)
    if model is not None:
        raw = model.raw(stage, vector, grade=exposed.grade, tier=exposed.tier)
        score = model.probability(stage, raw)
        limits = model.thresholds.rows(
            stage, carriers=own.carrier, operations=own.operation, names=own.carriers
        )
    decided = decide(score, floors, limits=limits, stage=stage, operations=own.operation)
    by_rule = ruled(hits, np.arange(1))[0]
    return Made(float(score[0]), DECISIONS[decided[0]], by_rule if decided[0] else ())


def _given_by_rules(answer: Answer) -> set[str]:
    _, hits = rule_hits(STAGES[answer.stage], stored_vector(answer)[None, :])
    return set(ruled(hits, np.arange(1))[0])


def _record(books: Books, answer: Answer, folio: bytes) -> tuple[int | None, bool]:
    """The audit record of a decision, and whether it commits to what is stored."""
    found = books.own.rows(
        "SELECT number, salt FROM audit_salts WHERE source = 'decision' AND item = ? AND part = ?",
        [answer.sequence, answer.stage],
    )
    if not found:
        return None, False
    number, salt = found[0]
    if number >= state(books.own).size:
        return number, False
    for record in records(StoreStorage(books.own)):
        if record.number == number:
            entry = Entry.unpacked(record.entry)
            details = decision_details(answer, folio)
            return number, record.chained and opens(entry.commitment, details, bytes(salt))
    return number, False


def _strongest(answer: Answer, model: Model | None) -> Iterator[tuple[str, float]]:
    """What moved the model's margin most, by feature (TreeSHAP), largest first."""
    if model is None:
        return
    stage = STAGES[answer.stage]
    vector = stored_vector(answer)[None, :]
    shares = np.asarray(model.stages[stage].booster.predict(vector, pred_contrib=True))[0, :-1]
    names = [f.name for f in features(stage)]
    for i in np.argsort(-np.abs(shares))[:5].tolist():
        yield names[i], float(shares[i])


def told(found: Explained) -> str:
    """An explanation as lines to read."""
    lines = [f"stage {found.stage}"]
    if found.record is None:
        lines.append("the audit log has not recorded it yet")
    else:
        lines.append(
            f"audit record {found.record}: {'commits to this' if found.committed else 'differs'}"
        )
    for name, (made, here) in found.versions.items():
        same = "the same here" if made == here else f"here it is {here or 'none'}"
        lines.append(f"{name} {made or 'none'}: {same}")
    lines.append(f"score {found.stored.score!r}, made again {found.again.score!r}")
    lines.append(f"decision {found.stored.decision}, made again {found.again.decision}")
    lines += [f"reason {code}: {REASONS[code].en} / {REASONS[code].es}" for code in found.reasons]
    lines += [f"moved by {name} {share:+.3f}" for name, share in found.top]
    lines += [*found.faults, "different" if found.faults else "equal"]
    return "\n".join(lines)
