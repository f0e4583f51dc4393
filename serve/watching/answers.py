"""The answers of some weeks out of a live store, as `simvigia monitor` looks at them."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pandas as pd

from detector import logbook
from detector.errors import TooLittleData
from detector.lifecycle import STAGES
from detector.model.watching import Seen
from detector.registration import OPERATIONS
from detector.signals import features, fingerprint
from serve.judge import stored_vector
from serve.store.books import Answer, Books

Row = tuple[Answer, bytes]  # an answer, and the row of the log that it is about
CHUNK = 900  # registrations looked at together
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
        rows = _activations(books, chosen[start : start + CHUNK].tolist())
        answers.append(_answers(rows, books.carriers()))
        vectors += [
            stored_vector(answer)
            for answer, _ in rows
            if answer.sequence in wanted and _comparable(answer)
        ]
    table = pd.concat(answers, ignore_index=True) if answers else _answers([], ())
    shown = pd.DataFrame(np.array(vectors).reshape(len(vectors), len(NAMES)), columns=NAMES)
    return Seen(_with_verdicts(table, books), shown, max(last - first, 0))


def _activations(books: Books, sequences: Sequence[int]) -> list[Row]:
    """Answers at activation with their rows of the log; what has expired is left out."""
    entries, answers = books.entries(sequences), books.answers(sequences)
    return [(answers[s][0], entries[s]) for s in sequences if s in answers and answers[s][0].vector]


def _answers(rows: Sequence[Row], carriers: tuple[str, ...]) -> pd.DataFrame:
    told = [json.loads(answer.answer) for answer, _ in rows]
    own = logbook.read([entry for _, entry in rows], carriers).registrations
    return pd.DataFrame(
        {
            "sequence": np.array([answer.sequence for answer, _ in rows], np.int64),
            "at": pd.to_datetime([answer.moment for answer, _ in rows], unit="us", utc=True),
            "operation": np.array(OPERATIONS, object)[own.operation],
            "score": np.array([one["score"] for one in told], np.float64),
            "decision": np.array([one["decision"] for one in told], object),
            "model": np.array([one["versions"][0] for one in told], object),
        }
    )


def _comparable(answer: Answer) -> bool:
    return bool(json.loads(answer.answer)["versions"][2] == fingerprint())


def _with_verdicts(table: pd.DataFrame, books: Books) -> pd.DataFrame:
    last = {verdict.sequence: verdict for verdict in books.all_verdicts()}
    mine = [last.get(number) for number in table["sequence"].tolist()]
    fraud = pd.array([None if v is None or v.withdrawn else v.fraud for v in mine], dtype="boolean")
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
    """When a registration was made; the beginning of time for one that has expired."""
    found = books.answers([sequence]).get(sequence)
    return found[0].moment if found else 0
