"""The proof that what was answered live is what a replay of the same events says, bit for bit.

The store's log becomes a data folder behind the door, the engine's offline path goes over it as it
goes over any file, and every stored vector is compared with what comes out. Score and decision of an
answer are then made again by the model that it names, and by no other.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector import impression, logbook
from detector.context import Past
from detector.errors import BadInput
from detector.history import Queries
from detector.lifecycle import STAGES
from detector.model.artefact import MANIFEST, Model, load
from detector.model.dataset import Batch, batches
from detector.model.impressions import prepared
from detector.registration import DataFolder, Labels, LineEvents
from detector.scoring import Given, graded, rule_hits, ruled_only
from detector.signals import features, fingerprint, plain
from serve.judge import ALONE, decided, stored_vector
from serve.reference.live import Tables, known_of
from serve.store.books import Answer, Books
from serve.store.retention import expired

PAGE = 10_000
RULES = ""  # answered without a model
GONE = -1  # the place of a registration that has expired
TOLERANCE = 1e-12  # of a score: how many rows are scored together may change its last bit


@dataclass(frozen=True, slots=True)
class Difference:
    """The first number that differs: whose, where, and the two values."""

    sequence: int
    stage: str
    feature: str
    live: float
    replayed: float

    def __str__(self) -> str:
        return (
            f"registration {self.sequence} at {self.stage}: {self.feature} was {self.live!r}, "
            f"the replay says {self.replayed!r}"
        )


def exported(books: Books, tables: Tables | None = None) -> DataFolder:
    """Everything in the log as a data folder behind the door, in time order, with what the store was told
    of these people; without what has expired. Raises BadInput where the tables are not given.

    A store that is at work is read in a snapshot: its tables are gone through one after the other.
    """
    return _read(books, tables)[0]


def _read(books: Books, tables: Tables | None) -> tuple[DataFolder, NDArray[np.uint8]]:
    """The same, with the impressions that registrations made then."""
    page = logbook.read([row for _, row in books.all_filed()], books.carriers())
    order = np.lexsort((page.registrations.sequence, page.registrations.at))
    own = page.registrations.take(order)
    place = np.full(books.last_sequence(), GONE, np.int32)
    place[own.sequence - 1] = np.arange(len(own))
    breaches, members, officials = known_of(books, tables, own.identity)
    folder = DataFolder(
        own,
        _line_events(books, place),
        _labels(books, place),
        breaches,
        members,
        officials,
        (),
        (),
        True,
    )
    return folder, page.impressions[order]


def _line_events(books: Books, place: NDArray[np.int32]) -> LineEvents:
    seen = [e for e in books.all_events() if place[e.sequence - 1] != GONE]
    row = place[[e.sequence - 1 for e in seen]] if seen else np.empty(0, np.int32)
    at = np.array([e.at for e in seen], np.int64)
    table = LineEvents(
        row,
        at,
        np.array([e.kind for e in seen], np.int8),
        np.array([e.handset for e in seen], np.int64),
        np.array([e.place for e in seen], np.int32),
    )
    return table.take(np.lexsort((at, row)))


def _labels(books: Books, place: NDArray[np.int32]) -> Labels:
    found = [v for v in books.all_verdicts() if place[v.sequence - 1] != GONE]
    row = place[[v.sequence - 1 for v in found]] if found else np.empty(0, np.int32)
    at = np.array([v.at for v in found], np.int64)
    sure = [np.nan if v.confidence is None else v.confidence for v in found]
    table = Labels(
        row,
        at,
        np.array([v.fraud for v in found], np.bool_),
        np.array([v.source for v in found], np.int8),
        np.array(sure, np.float32),
        np.array([v.withdrawn for v in found], np.bool_),
    )
    return table.take(np.lexsort((at, row)))


def differences(
    books: Books,
    progress: Callable[[float], None] | None = None,
    *,
    models: Mapping[str, Model] | None = None,
    tables: Tables | None = None,
) -> Iterator[Difference | None]:
    """For every stored assessment, None where the replay says the same, else what differs first.

    `models` are those at hand, by version; of an answer by another one only the vector is compared. Passed
    over are answers from before somebody was erased, which had seen more than is left, answers given without
    the worker, which had seen less than there was, and answers by other features than this program has. Raises
    BadInput where part of the log has expired.
    """
    if expired(books):
        raise BadInput(
            "part of the log has expired, so that what was answered from it cannot be made again:"
            " replay a copy from before"
        )
    (folder, looks), since, last = _read(books, tables), books.erased_since(), books.last_sequence()
    place = np.empty(last, np.int64)
    place[folder.registrations.sequence - 1] = np.arange(len(folder.registrations))
    everything = [a for found in _answers(books, last) for a in found]
    answers = [a for a in everything if a.as_of >= since and _comparable(a)]
    sequence = folder.registrations.sequence
    past = prepared(folder, answered=_answered(everything, sequence, last), known=looks)
    asked = {stage: [a for a in answers if a.stage == i] for i, stage in enumerate(STAGES)}
    queries = {stage: _queries(past, place, found) for stage, found in asked.items()}
    rings = past.rings(queries)
    done = 0
    for stage, found in asked.items():
        names = [f.name for f in features(stage)]
        start = 0
        for batch in batches(past, stage, queries[stage], rings[stage]):
            here = found[start : start + len(batch.vectors)]
            judged = _judged(past, stage, batch, here, models=models or {})
            if stage == STAGES[0]:
                judged |= _impressed(batch, here, looks[batch.queries.rows])
            for i, vector in enumerate(batch.vectors):
                yield _difference(here[i], stage, names, vector) or judged.get(i)
            start += len(batch.vectors)
            done += len(batch.vectors)
            if progress:
                progress(done / len(answers))


def _comparable(answer: Answer) -> bool:
    said = json.loads(answer.answer)
    return not said.get(ALONE) and _of_today(said)


def _of_today(said: Mapping[str, Any]) -> bool:
    """Whether an answer was made with the features that this program has."""
    return bool(said["versions"][2] == fingerprint())


def _impressed(
    batch: Batch, answers: Sequence[Answer], recorded: NDArray[np.uint8]
) -> dict[int, Difference]:
    """Where the impression that was recorded is not what the vector makes, by position."""
    again = impression.levels(batch.vectors[:, : len(plain())])
    return {
        i: Difference(
            answers[i].sequence, STAGES[0], "impression", float(recorded[i]), float(again[i])
        )
        for i in np.flatnonzero(again != recorded).tolist()
    }


def _judged(
    past: Past,
    stage: str,
    batch: Batch,
    answers: Sequence[Answer],
    *,
    models: Mapping[str, Model],
) -> dict[int, Difference]:
    """Where score or decision is not what the model named by the answer says, by position."""
    told = [json.loads(answer.answer) for answer in answers]
    named = [one["versions"][0] for one in told]
    wrong: dict[int, Difference] = {}
    for version in {*models, RULES}.intersection(named):
        which = np.flatnonzero(np.array([name == version for name in named]))
        score, decision = _said(past, stage, batch, which, model=models.get(version))
        for i, again, code in zip(which.tolist(), score.tolist(), decision.tolist(), strict=True):
            pairs = {
                "score": (told[i]["score"], again),
                "decision": (float(decided(told[i], code)), float(code)),
            }
            for what, (live, replayed) in pairs.items():
                if abs(live - replayed) > TOLERANCE:
                    wrong[i] = Difference(answers[i].sequence, stage, what, live, replayed)
    return wrong


def _said(
    past: Past, stage: str, batch: Batch, which: NDArray[np.int64], *, model: Model | None
) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    rows = past.registrations.take(batch.queries.rows[which])
    given = Given(stage, batch.vectors[which], batch.grade[which], batch.tier[which])
    floors, _ = rule_hits(stage, given.vectors)
    if model is None:
        return np.zeros(len(which)), ruled_only(stage, floors, rows)
    return graded(model, given, rows, floors=floors)


def versions(books: Books) -> tuple[Counter[str], int]:
    """How many answers each model gave, where rules alone have no name; and how many were made with other
    features than this program has."""
    found = _answers(books, books.last_sequence())
    said = [json.loads(a.answer) for answers in found for a in answers]
    named = Counter(one["versions"][0] for one in said)
    return named, sum(not _of_today(one) for one in said)


def models_in(folders: Iterable[Path]) -> dict[str, Model]:
    """Every model in some folders and below them, by version."""
    found = (load(path.parent) for folder in folders for path in sorted(folder.rglob(MANIFEST)))
    return {model.version: model for model in found}


def _answered(answers: list[Answer], sequence: NDArray[np.int64], last: int) -> NDArray[np.int64]:
    """The second of the newest later stage that was answered before each registration."""
    newest = np.zeros(last + 2, np.int64)
    for answer in answers:
        if answer.stage:
            newest[answer.as_of] = max(newest[answer.as_of], answer.moment // 1_000_000)
    return np.maximum.accumulate(newest)[sequence]


def _answers(books: Books, n: int) -> Iterator[list[Answer]]:
    for low in range(0, n, PAGE):
        by = books.answers(list(range(low + 1, min(low + PAGE, n) + 1)))
        yield [a for sequence in sorted(by) for a in by[sequence]]


def _queries(past: Past, place: NDArray[np.int64], answers: list[Answer]) -> Queries:
    rows = place[[a.sequence - 1 for a in answers]] if answers else np.empty(0, np.int64)
    moments = np.array([a.moment for a in answers], np.int64)
    commits = np.array([a.as_of - 1 for a in answers], np.int64)
    if answers and answers[0].stage == 0:
        return Queries(rows, moments, rows, commits)
    orders = np.searchsorted(past.registrations.at, moments, side="left").astype(np.int64)
    return Queries(rows, moments, orders, commits)


def _difference(
    answer: Answer, stage: str, names: list[str], vector: NDArray[np.float32]
) -> Difference | None:
    live = stored_vector(answer)
    wrong = ~((live == vector) | (np.isnan(live) & np.isnan(vector)))
    if not wrong.any():
        return None
    i = int(np.flatnonzero(wrong)[0])
    return Difference(answer.sequence, stage, names[i], float(live[i]), float(vector[i]))
