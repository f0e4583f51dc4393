"""The answers of some weeks out of a live store, as `simvigia monitor` looks at them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence

import numpy as np
import pandas as pd

from detector import logbook
from detector.errors import TooLittleData
from detector.lifecycle import STAGES
from detector.model.watching import Seen
from detector.registration import OPERATIONS
from detector.signals import features, fingerprint
from serve.store.books import Books
from serve.store.database import Row

CHUNK = 900  # keys in one statement: SQLite's own limit was 999 for long
NEVER = np.datetime64("NaT", "us")
NAMES = [f.name for f in features(STAGES[0])]


def newest(books: Books) -> int:
    """The moment of the last registration answered, in microseconds. Raises TooLittleData."""
    last = books.last_sequence()
    if not last:
        raise TooLittleData("the store holds no registration yet: nothing to watch")
    return _moment(books, last)


def seen(books: Books, low: int, high: int, *, most: int, sampled: int) -> Seen:
    """Activations of registrations made from `low` to before `high`, about; at most `most`, evenly spread.

    Where a window begins and ends is found by sequence, so a late registration counts to when it came.
    """
    first, last = _sequence(books, low), _sequence(books, high)
    chosen = np.unique(np.linspace(first, last - 1, min(most, max(last - first, 0))).astype(int))
    looked = np.unique(np.linspace(0, len(chosen) - 1, min(sampled, len(chosen))).astype(int))
    answers, vectors = [], []
    wanted = set(chosen[looked].tolist())
    for start in range(0, len(chosen), CHUNK):
        rows = books.own.found(
            "SELECT a.sequence, a.moment, a.answer, a.vector, r.entry FROM assessments a"
            " JOIN registrations r ON r.sequence = a.sequence WHERE a.stage = 0 AND a.sequence IN",
            chosen[start : start + CHUNK].tolist(),
        )
        answers.append(_answers(rows, books.carriers()))
        vectors += [_vector(row) for row in rows if row[0] in wanted and _comparable(row)]
    table = pd.concat(answers, ignore_index=True) if answers else _answers([], ())
    shown = pd.DataFrame(np.array(vectors).reshape(len(vectors), len(NAMES)), columns=NAMES)
    return Seen(_with_verdicts(table, books), shown, max(last - first, 0))


def _answers(rows: Sequence[Row], carriers: tuple[str, ...]) -> pd.DataFrame:
    told = [json.loads(bytes(row[2])) for row in rows]
    own = logbook.read([bytes(row[4]) for row in rows], carriers).registrations
    return pd.DataFrame(
        {
            "sequence": np.array([row[0] for row in rows], np.int64),
            "at": pd.to_datetime([row[1] for row in rows], unit="us", utc=True),
            "operation": np.array(OPERATIONS, object)[own.operation],
            "score": np.array([one["score"] for one in told], np.float64),
            "decision": np.array([one["decision"] for one in told], object),
            "model": np.array([one["versions"][0] for one in told], object),
        }
    )


def _comparable(row: Row) -> bool:
    return bool(json.loads(bytes(row[2]))["versions"][2] == fingerprint())


def _vector(row: Row) -> np.ndarray:
    return np.frombuffer(zlib.decompress(bytes(row[3])), np.float32)


def _with_verdicts(table: pd.DataFrame, books: Books) -> pd.DataFrame:
    last = {verdict.sequence: verdict for verdict in books.all_verdicts()}
    mine = [last.get(number) for number in table["sequence"].tolist()]
    fraud = pd.array([None if v is None else v.fraud for v in mine], dtype="boolean")
    came = np.array([NEVER if v is None else v.at for v in mine], "datetime64[us]")
    told_at = pd.to_datetime(came).tz_localize("UTC")
    return table.assign(fraud=fraud, told_at=told_at)


def _sequence(books: Books, at: int) -> int:
    """The first sequence made at or after a moment, by halving: registrations come nearly in order."""
    low, high = 1, books.last_sequence() + 1
    while low < high:
        middle = (low + high) // 2
        if _moment(books, middle) < at:
            low = middle + 1
        else:
            high = middle
    return low


def _moment(books: Books, sequence: int) -> int:
    found = books.own.rows(
        "SELECT moment FROM assessments WHERE sequence = ? AND stage = 0", [sequence]
    )
    return int(found[0][0])
