"""The straight line: a data folder in, scores with reasons out, in time order and by chunks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from detector.context import Known, Past
from detector.decision import ALLOW, DECISIONS, decide
from detector.lifecycle import STAGES
from detector.model.artefact import Model
from detector.model.dataset import Batch, batches, without
from detector.model.explain import reasons
from detector.model.impressions import acquainted
from detector.registration import DataFolder, Registrations
from detector.signals import REASONS, RULES, features

Array = NDArray[Any]
RING_PEOPLE = 2  # others in the ring before it is named
SCHEMA = pa.schema(
    [
        ("registration_id", pa.large_string()),
        ("carrier_id", pa.large_string()),
        ("stage", pa.string()),
        ("score", pa.float64()),
        ("decision", pa.string()),
        ("reasons", pa.list_(pa.string())),
        ("ring_id", pa.string()),
        ("model_version", pa.string()),
    ]
)


def scores(
    folder: DataFolder,
    model: Model,
    *,
    start: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Iterator[pa.Table]:
    """Scores of registrations at or after `start` (microseconds), at every stage they reach.

    Everything before `start` is history. Tables of SCHEMA, stage by stage, each in time order.
    """
    past = Past.of(folder)
    at, first = past.registrations.at, STAGES[0]
    since = 0 if start is None else int(np.searchsorted(at, start))
    asked = {stage: past.queries(stage) for stage in STAGES}
    asked |= {s: q.pick(q.rows >= since) for s, q in asked.items() if s != first}
    rings = past.rings(asked)
    total, done = sum(len(queries) for queries in asked.values()) - since, 0
    for stage, queries in asked.items():
        made = (
            acquainted(past, queries, rings[first], since=since)
            if stage == first
            else batches(past, stage, queries, rings[stage])
        )
        for batch in made:
            yield assessments(past, model, stage, batch)
            done += len(batch.queries)
            if progress:
                progress(done / total)


@dataclass(frozen=True, slots=True)
class Judged:
    """What was made of one batch: scores, decision codes and reason codes, by query."""

    score: NDArray[np.float64]
    decision: NDArray[np.int8]
    reasons: list[list[str]]


@dataclass(frozen=True, slots=True)
class Given:
    """What a model is given at a stage: vectors, and one's own status, which is bounded apart."""

    stage: str
    vectors: NDArray[np.float32]
    grade: NDArray[np.int8]
    tier: NDArray[np.int8]


def graded(
    model: Model, given: Given, rows: Registrations, *, floors: Array
) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """Scores and decision codes of registrations, none below what rules ask (`floors`, of `rule_hits`).

    No reasons, which cost a thousand times as much.
    """
    stage = given.stage
    raw = model.raw(stage, given.vectors, grade=given.grade, tier=given.tier)
    score = model.probability(stage, raw)
    limits = model.thresholds.rows(
        stage, carriers=rows.carrier, operations=rows.operation, names=rows.carriers
    )
    return score, decide(score, floors, limits=limits, stage=stage, operations=rows.operation)


def judged(past: Known, model: Model, stage: str, batch: Batch) -> Judged:
    """Score, decide and explain one batch."""
    rows = past.registrations.take(batch.queries.rows)
    given = Given(stage, batch.vectors, batch.grade, batch.tier)
    floors, hits = rule_hits(stage, batch.vectors)
    score, decision = graded(model, given, rows, floors=floors)
    flagged = np.flatnonzero(decision > ALLOW)
    found = reasons(
        model,
        stage,
        batch.vectors[flagged],
        without=without(past, stage, batch, flagged),
        ruled=ruled(hits, flagged),
    )
    told: list[list[str]] = [[]] * len(score)
    for i, codes in zip(flagged, found, strict=True):
        told[i] = codes
    return Judged(score, decision, told)


def by_rules(past: Known, stage: str, batch: Batch) -> Judged:
    """What rules alone say, where no model can be used: no score, and the decisions that rules ask for."""
    rows = past.registrations.take(batch.queries.rows)
    floors, hits = rule_hits(stage, batch.vectors)
    decision = ruled_only(stage, floors, rows)
    told = [list(r) for r in ruled(hits, np.arange(len(floors)))]
    return Judged(np.zeros(len(floors)), decision, told)


def ruled_only(stage: str, floors: Array, rows: Registrations) -> NDArray[np.int8]:
    """Decision codes that rules ask for, where there is no score."""
    never, nothing = np.full((len(floors), 3), np.inf), np.zeros(len(floors))
    found: NDArray[np.int8] = decide(
        nothing, floors, limits=never, stage=stage, operations=rows.operation
    )
    return found


def decided_without(
    past: Known,
    model: Model | None,
    stage: str,
    batch: Batch,
    *,
    query: int,
    columns: tuple[str, ...],
    families: Collection[str],
) -> int:
    """The decision on one of a batch's queries, had those others never been that share given columns with it.

    Rules that hit all the same count in full where their reason is of another family than the given
    ones. Without a model rules alone decide.
    """
    only = np.array([query])
    [less] = without(past, stage, batch, only)([(columns, np.array([0]))])
    floors, _ = rule_hits(stage, less)
    _, hits = rule_hits(stage, batch.vectors[only])
    for rule, hit in zip(RULES, hits, strict=True):
        if hit[0] and REASONS[rule.reason].family not in families:
            floors = np.maximum(floors, DECISIONS.index(rule.at_least))
    own = past.registrations.take(batch.queries.rows[only])
    score, limits = np.zeros(1), np.full((1, 3), np.inf)
    if model is not None:
        raw = model.raw(stage, less, grade=batch.grade[only], tier=batch.tier[only])
        score = model.probability(stage, raw)
        limits = model.thresholds.rows(
            stage, carriers=own.carrier, operations=own.operation, names=own.carriers
        )
    return int(decide(score, floors, limits=limits, stage=stage, operations=own.operation)[0])


def ruled(hits: list[Array], which: Array) -> list[tuple[str, ...]]:
    """The reasons that rules give, for some of the rows."""
    return [tuple(r.reason for r, hit in zip(RULES, hits, strict=True) if hit[i]) for i in which]


def assessments(past: Known, model: Model, stage: str, batch: Batch) -> pa.Table:
    """One batch, judged, as a table of SCHEMA."""
    rows = past.registrations.take(batch.queries.rows)
    found = judged(past, model, stage, batch)
    n = len(found.score)
    carriers = pa.array(rows.carriers, pa.large_string())
    return pa.table(
        [
            rows.registration_id,
            carriers.take(pa.array(rows.carrier)),
            pa.array([stage] * n, pa.string()),
            pa.array(found.score),
            pa.array(DECISIONS).take(pa.array(found.decision)),
            pa.array(found.reasons, pa.list_(pa.string())),
            _ring_ids(batch),
            pa.array([model.version] * n, pa.string()),
        ],
        schema=SCHEMA,
    )


def rule_hits(stage: str, vectors: NDArray[np.float32]) -> tuple[Array, list[Array]]:
    """The least decision that rules ask for, and for each of RULES where it hit."""
    columns = _Columns(vectors, _places(stage))
    floors = np.zeros(len(vectors), np.int8)
    hits = []
    for rule in RULES:
        hit = rule.condition(columns) if stage in rule.stages else np.zeros(len(vectors), np.bool_)
        hits.append(hit)
        floors[hit] = np.maximum(floors[hit], DECISIONS.index(rule.at_least))
    return floors, hits


@dataclass(frozen=True, slots=True)
class _Columns(Mapping[str, Array]):
    """A batch's vectors as rules read them: only the columns that are asked for are cut out."""

    vectors: NDArray[np.float32]
    places: Mapping[str, int]

    def __getitem__(self, name: str) -> Array:
        return self.vectors[:, self.places[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)


@cache
def _places(stage: str) -> Mapping[str, int]:
    return {f.name: i for i, f in enumerate(features(stage))}


def _ring_ids(batch: Batch) -> pa.Array:
    ring, people = batch.rings.ring, np.nan_to_num(batch.rings.column("identities"))
    named = (ring >= 0) & (people >= RING_PEOPLE)
    return pa.array(
        [f"ring-{r}" if known else None for r, known in zip(ring, named, strict=True)],
        pa.string(),
    )
