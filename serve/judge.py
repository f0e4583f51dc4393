"""From what was known to what is answered: vectors, the model or rules alone, and words for the record."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from detector.context import Context
from detector.decision import DECISIONS, STEP_UP
from detector.history import Queries
from detector.lifecycle import STAGES
from detector.live import Glimpse
from detector.model.artefact import Model
from detector.model.dataset import Batch
from detector.rings import RingViews
from detector.scoring import Judged, by_rules, judged
from detector.signals import fingerprint, vectors
from detector.signals.identity import CAP
from serve.answers import SOURCES, Assessment
from serve.codeversion import code_version
from serve.store.books import Answer
from serve.vectors import packed, unpacked

Array = NDArray[Any]
LACKING = "lacking"  # in an answer's record: sources that were not as they should be
FIRST = "first"  # in an answer's record: what was decided before a second look
ALONE = "alone"  # in an answer's record: rings and wave were not to be had


@dataclass(frozen=True, slots=True)
class Versions:
    """What an answer was made with."""

    model: str
    policy: str
    features: str


@dataclass(frozen=True, slots=True)
class Begun:
    """What is known of registrations already: their context, and the first columns of their vectors."""

    context: Context
    plain: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Look:
    """What was judged, and with what."""

    glimpse: Glimpse
    model: Model | None
    stage: str
    batch: Batch
    now: int


class Second(Protocol):
    """A second look: it may soften decisions, never harden one, and writes down beside each what it did."""

    def __call__(self, look: Look, found: Judged, said: list[dict[str, object]]) -> Judged:
        """The judgement as it stands then; `said` goes into the record of each answer."""
        ...


class Judge:
    """Makes answers with the model that is in force, and without one by rules alone."""

    def __init__(
        self, model: Callable[[], Model | None], *, policy: str, seconds: Sequence[Second] = ()
    ) -> None:
        self._model = model
        self._policy = policy
        self._seconds = seconds
        self._features = fingerprint()

    def answers(
        self,
        glimpse: Glimpse,
        stage: str,
        queries: Queries,
        rings: RingViews,
        *,
        now: int,
        about: Mapping[str, Array],
        lacking: Mapping[str, str],
        locked: Array | None = None,
        begun: Begun | None = None,
    ) -> list[Answer]:
        """Answers about a glimpse's registrations at one stage. `about` holds flags such as `late` by
        query, `lacking` the sources that are not as they should be, `begun` what is known of
        them already.

        Where `locked` is true the person asked for another proof: at least `step_up`, for a reason that
        such a step has anyway. Where rings and wave were not to be had (ALONE in `about`) rules decide.
        """
        if not len(queries):
            return []
        context = begun.context if begun else glimpse.context(stage, queries, rings)
        exposed, plain = context.exposure, begun.plain if begun else None
        batch = Batch(queries, vectors(context, begun=plain), exposed.grade, exposed.tier, rings)
        model = None if ALONE in about and about[ALONE].any() else self._model()
        found = judged(glimpse, model, stage, batch) if model else by_rules(glimpse, stage, batch)
        said: list[dict[str, object]] = [
            {k: True for k, v in about.items() if v[i]}
            | ({LACKING: dict(lacking)} if lacking else {})
            for i in range(len(queries))
        ]
        first = found.decision
        for second in self._seconds:
            found = second(Look(glimpse, model, stage, batch, now), found, said)
        for i in np.flatnonzero(found.decision != first).tolist():
            said[i][FIRST] = DECISIONS[first[i]]
        if locked is not None:  # unmarked: the record must not say who locked their name
            found = _with_locks(found, locked)
        versions = Versions(model.version if model else "", self._policy, self._features)
        sequences = glimpse.registrations.sequence[queries.rows].tolist()
        return [
            Answer(
                sequence,
                STAGES.index(stage),
                int(queries.moments[i]),
                int(queries.commits[i]),
                _packed(found, i, versions, now, said[i]),
                packed(batch.vectors[i]),
            )
            for i, sequence in enumerate(sequences)
        ]


def _with_locks(found: Judged, locked: Array) -> Judged:
    raised = locked & (found.decision < STEP_UP)
    decision = np.where(raised, STEP_UP, found.decision).astype(np.int8)
    reasons = [
        [*codes, CAP] if changed and CAP not in codes else codes
        for codes, changed in zip(found.reasons, raised.tolist(), strict=True)
    ]
    return replace(found, decision=decision, reasons=reasons)


def _packed(
    found: Judged, i: int, versions: Versions, now: int, said: Mapping[str, object]
) -> bytes:
    told = {
        "score": float(found.score[i]),
        "decision": DECISIONS[found.decision[i]],
        "reasons": found.reasons[i],
        "versions": [versions.model, versions.policy, versions.features],
        "now": now,
        "code": code_version(),
    }
    return json.dumps({**told, **said}, separators=(",", ":")).encode()


def decided(said: Mapping[str, Any], again: int) -> int:
    """What model and rules decided, whatever a second look made of it; `said` is an answer's record.

    A lock leaves no mark but a `step_up` for the legal cap, so there what they decide `again` is believed.
    """
    found = DECISIONS.index(said.get(FIRST, said["decision"]))
    raised = FIRST not in said and found == STEP_UP > again and CAP in said["reasons"]
    return again if raised else found


def stored_vector(answer: Answer) -> NDArray[np.float32]:
    """The vector that an answer was made from."""
    return unpacked(answer.vector)


def v8(token: bytes) -> bytes:
    """Sixteen bytes as a version 8 UUID (RFC 9562) has them."""
    made = bytearray(token)
    made[6] = (made[6] & 0x0F) | 0x80
    made[8] = (made[8] & 0x3F) | 0x80
    return bytes(made)


def told(answer: Answer, *, folio: bytes, carrier: str, registration_id: str) -> Assessment:
    """An answer as it leaves the engine."""
    said = json.loads(answer.answer)
    model, policy, features = said["versions"]
    decision = said["decision"]
    handed = DECISIONS.index(decision) >= STEP_UP
    return Assessment(
        assessment_id=UUID(bytes=folio),
        carrier_id=carrier,
        registration_id=registration_id,
        stage=STAGES[answer.stage],
        assessed_at=datetime.fromtimestamp(said["now"] / 1e6, UTC),
        score=said["score"],
        decision=decision,
        reasons=tuple(said["reasons"]),
        folio=person_folio(folio) if handed else None,
        model_version=model or "rules-only",
        policy_version=policy,
        feature_version=features,
        sources=dict.fromkeys(SOURCES, "ok")
        | said.get(LACKING, {})
        | ({"rings": "unavailable"} if said.get(ALONE) else {})
        | ({} if model else {"model": "unavailable"}),
        degraded=not model,
        late=said.get("late", False),
    )


def person_folio(folio: bytes) -> str:
    """What a clerk hands to the person: the first forty bits, in groups that can be typed."""
    text = base64.b32encode(folio[:5]).decode()
    return f"{text[:4]}-{text[4:]}"
