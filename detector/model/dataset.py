"""The training table as it was known at a date: feature vectors with the verdicts known by then.

Only registrations before the date are rows; only verdicts decided by it are labels. A row without a
verdict is unlabelled, which is not the same as legitimate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from detector.context import Context, Known, Past
from detector.history import Queries, later
from detector.lifecycle import STAGES
from detector.pieces import in_order
from detector.registration import DataFolder, Labels
from detector.rings import RingViews
from detector.signals import features, vectors

Array = NDArray[Any]
Progress = Callable[[float], None]
Columns = tuple[str, ...]
Asks = Sequence[tuple[Columns, Array]]
Without = Callable[[Asks], list[NDArray[np.float32]]]
BATCH = 32_768
FRAUD, LEGITIMATE, UNLABELLED = 1, 0, -1


@dataclass(frozen=True, slots=True)
class Batch:
    """Queries of one stage, their vectors, and the exposure and rings that go with them."""

    queries: Queries
    vectors: NDArray[np.float32]
    grade: NDArray[np.int8]
    tier: NDArray[np.int8]
    rings: RingViews


def batches(past: Known, stage: str, queries: Queries, rings: RingViews) -> Iterator[Batch]:
    """Feature vectors by pieces small enough to hold in memory; the next are made while one is used."""

    def made(start: int) -> Batch:
        cut = slice(start, start + BATCH)
        part, tied = queries.pick(cut), rings.pick(cut)
        context = past.context(stage, part, tied)
        exposed = context.exposure
        return Batch(part, vectors(context), exposed.grade, exposed.tier, tied)

    return in_order(made, range(0, len(queries), BATCH))


@runtime_checkable
class Together(Known, Protocol):
    """Whoever can look again for many reasons at once: for the few that somebody asks about now."""

    def together(
        self, stage: str, queries: Queries, rings: RingViews, *, without: Sequence[Columns]
    ) -> Context:
        """What was known at each query's moment, each told without other columns."""
        ...


def without(past: Known, stage: str, batch: Batch, kept: Array) -> Without:
    """The vectors of some of a batch, had those others never been that share given columns with them.

    What comes back is asked with columns and positions among `kept`, several such at once.
    """

    def picked(which: Array) -> tuple[Queries, RingViews]:
        rows = kept[which]
        return batch.queries.pick(rows), batch.rings.pick(rows)

    def one_by_one(asks: Asks) -> list[NDArray[np.float32]]:
        return [
            vectors(past.context(stage, *picked(which), without=columns)) for columns, which in asks
        ]

    def at_once(asks: Asks) -> list[NDArray[np.float32]]:
        assert isinstance(past, Together)
        everyone = np.concatenate([which for _, which in asks])
        each = [columns for columns, which in asks for _ in which]
        found = vectors(past.together(stage, *picked(everyone), without=each))
        return np.split(found, np.cumsum([len(which) for _, which in asks])[:-1])

    return at_once if isinstance(past, Together) else one_by_one


def as_known(folder: DataFolder, until: int) -> DataFolder:
    """The folder as it was at `until` (microseconds): nothing later is in it.

    Breach members and officials carry their own dates, which every look-up respects.
    """
    own = folder.registrations
    keep = own.at < until
    n = int(keep.sum())
    events = folder.line_events
    labels = folder.labels
    return replace(
        folder,
        registrations=own.take(keep),
        line_events=events.take((events.row < n) & (events.at <= until)),
        labels=labels.take((labels.row < n) & (labels.at <= until)),
    )


def verdicts(labels: Labels, n: int) -> NDArray[np.int8]:
    """The last verdict on each row: FRAUD, LEGITIMATE or UNLABELLED."""
    found = np.full(n, UNLABELLED, np.int8)
    # Sorted by time within a row: the last assignment stays.
    found[labels.row] = np.where(labels.withdrawn, UNLABELLED, labels.fraud)
    return found


def patience(folder: DataFolder, maturity: float) -> int:
    """How long a row must have been silent before silence says something (microseconds).

    The delay within which a share `maturity` of the known verdicts came; at most a third of the span.
    """
    labels, at = folder.labels.take(~folder.labels.withdrawn), folder.registrations.at
    if not len(labels):
        return 0
    delays = labels.at - at[labels.row]
    span = int(at[-1] - at[0])
    return int(min(np.quantile(delays, maturity), span / 3))


@dataclass(frozen=True, slots=True)
class TrainingTable:
    """One stage's rows: vectors, verdicts, and what calibration and budgets need to know of each."""

    stage: str
    vectors: NDArray[np.float32]
    verdict: NDArray[np.int8]
    at: NDArray[np.int64]
    carrier: NDArray[np.int16]
    operation: NDArray[np.int8]
    grade: NDArray[np.int8]
    tier: NDArray[np.int8]
    row: NDArray[np.int64]  # the registration's position

    def __len__(self) -> int:
        return len(self.verdict)

    def where(self, mask: Array) -> TrainingTable:
        """Some of the rows."""
        columns = {c: getattr(self, c)[mask] for c in self.__slots__ if c != "stage"}
        return replace(self, **columns)


def training_tables(
    past: Past,
    verdict: NDArray[np.int8],
    *,
    stages: tuple[str, ...],
    most: int,
    rng: np.random.Generator,
    progress: Progress | None = None,
) -> dict[str, TrainingTable]:
    """Tables of all stages; at most `most` unlabelled rows each, drawn evenly, and all labelled ones."""
    asked = {stage: past.queries(stage) for stage in stages}
    rings = past.rings(asked)
    done, total = 0, sum(min(len(q), most) for q in asked.values())
    tables = {}
    for stage, everyone in asked.items():
        kept = drawn(everyone, verdict, most=most, rng=rng)
        queries, tied = everyone.pick(kept), rings[stage].pick(kept)
        pieces = []
        for batch in batches(past, stage, queries, tied):
            pieces.append(batch)
            done += len(batch.queries)
            if progress:
                progress(min(done / max(total, 1), 1.0))
        tables[stage] = _table(past, stage, pieces, verdict)
    return tables


def looked_back(
    past: Past, verdict: NDArray[np.int8], rows: Array, *, after: int, until: int
) -> TrainingTable:
    """Registrations as they stood `after` microseconds after they were made, as the last stage sees them.

    At most at `until`, and never after the data end: what was not recorded any more would pass for silence.
    """
    own, events = past.registrations, past.line_events
    end = int(events.at.max()) if len(events) else int(own.at[-1])
    made = own.at[rows]
    moments = np.maximum(np.minimum(made + after, min(until, end)), made)
    queries = later(own, past.commits, rows=rows, moments=moments)
    stage = STAGES[-1]
    tied = past.rings({stage: queries})[stage]
    return _table(past, stage, list(batches(past, stage, queries, tied)), verdict)


def drawn(queries: Queries, verdict: Array, *, most: int, rng: np.random.Generator) -> Array:
    """Positions of all queries with a verdict and of at most `most` others, in order."""
    known = verdict[queries.rows]
    unlabelled = np.flatnonzero(known == UNLABELLED)
    if len(unlabelled) > most:
        unlabelled = rng.choice(unlabelled, most, replace=False)
    return np.sort(np.concatenate((np.flatnonzero(known != UNLABELLED), unlabelled)))


def _table(past: Past, stage: str, pieces: list[Batch], verdict: Array) -> TrainingTable:
    own = past.registrations
    rows = _joined([p.queries.rows for p in pieces], np.empty(0, np.int64))
    return TrainingTable(
        stage,
        _joined([p.vectors for p in pieces], np.empty((0, len(features(stage))), np.float32)),
        verdict[rows],
        _joined([p.queries.moments for p in pieces], np.empty(0, np.int64)),
        own.carrier[rows],
        own.operation[rows],
        _joined([p.grade for p in pieces], np.empty(0, np.int8)),
        _joined([p.tier for p in pieces], np.empty(0, np.int8)),
        rows,
    )


def joined(tables: Sequence[TrainingTable]) -> TrainingTable:
    """Tables of one stage as one, of which positions and carriers mean nothing."""
    first = tables[0]
    columns = [c for c in first.__slots__ if c != "stage"]
    together = {c: np.concatenate([getattr(t, c) for t in tables]) for c in columns}
    return TrainingTable(first.stage, **together)


def _joined(pieces: list[Array], nothing: Array) -> Array:
    return np.concatenate(pieces) if pieces else nothing
