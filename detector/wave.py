"""The country's wave: what is usual right now.

Deadline days are not fraud: when the whole country registers, every shop is busy, and when half of
the country is in some breach, so is half of every queue. The wave is one small table of hours. Only
hours that closed ten minutes before the moment are read, and a row that arrives later than that for
its own hour is never entered, so that the table reads the same live and in a replay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.history import Ledger
from detector.registration import OPERATIONS
from detector.windows import (
    FIXED_FLAGS,
    FLAGS,
    LATER_FLAGS,
    MARKS,
    NOT_YET,
    VALUES,
    F,
)

Array = NDArray[Any]
HOUR = 3_600
CLOSING = 600  # an hour is read ten minutes after its end
USUAL = 14 * 24  # hours that say what is usual
_PRIOR = 20.0  # registrations' worth of "one in twenty" before anything was seen


@dataclass(frozen=True, slots=True)
class Wave:
    """Running sums by hour since `start`: registrations, flags, and registrations by carrier and operation."""

    start: int
    total: NDArray[np.float64]  # hours + 1
    flagged: NDArray[np.float64]  # hours + 1, F
    streams: NDArray[np.float64]  # carriers * operations, hours + 1

    def usual_share(self, moments: NDArray[np.int32]) -> NDArray[np.float64]:
        """Share of the country's recent registrations with each of FLAGS: queries by F."""
        high, low = self._span(moments, USUAL)
        n = self.total[high] - self.total[low]
        return (self.flagged[high] - self.flagged[low] + 1.0) / (n + _PRIOR)[:, None]

    def tempo(
        self, moments: NDArray[np.int32], *, carriers: Array, operations: Array
    ) -> NDArray[np.float64]:
        """How much busier the last closed day of one's carrier and operation was than usual (1: as usual)."""
        stream = carriers.astype(np.int64) * len(OPERATIONS) + operations
        high, low = self._span(moments, USUAL)
        _, day = self._span(moments, 24)
        recent = self.streams[stream, high] - self.streams[stream, day]
        usual = self.streams[stream, high] - self.streams[stream, low]
        days = np.clip(self._closed(moments), 1, USUAL) / 24.0
        return (recent + 1.0) / (usual / days + 1.0)

    def _closed(self, moments: NDArray[np.int32]) -> NDArray[np.int64]:
        """Hours since the start that may be read."""
        return (moments.astype(np.int64) - CLOSING) // HOUR - self.start

    def _span(self, moments: NDArray[np.int32], hours: int) -> tuple[Array, Array]:
        closed, last = self._closed(moments), len(self.total) - 1
        return np.clip(closed, 0, last), np.clip(closed - hours, 0, last)


def punctual(seconds: Array, commits: Array, answered: Array | None = None) -> NDArray[np.bool_]:
    """Rows committed before anything ten minutes past the end of their hour was.

    `answered` are the seconds of the newest moments that a live store had answered before each row.
    """
    by_commit = np.argsort(commits, kind="stable")
    ordered = seconds[by_commit].astype(np.int64)
    newest_before = np.concatenate(([0], np.maximum.accumulate(ordered)[:-1]))
    if answered is not None:
        newest_before = np.maximum(newest_before, answered[by_commit])
    closes = (ordered // HOUR + 1) * HOUR + CLOSING
    result = np.empty(len(seconds), np.bool_)
    result[by_commit] = newest_before < closes
    return result


def wave(
    entries: Ledger, *, operations: Array, carriers: int, answered: Array | None = None
) -> Wave:
    """The table of hours of a ledger's punctual rows; `answered` as in `punctual`."""
    second = entries.values[:, VALUES.index("second")]
    counted = punctual(second, entries.commits, answered)
    hours = second // HOUR
    first = int(np.argmin(entries.commits)) if len(hours) else 0
    start = int(hours[first]) - 1 if len(hours) else 0  # no punctual row is earlier
    n = _last_hour(entries, hours) - start + 1
    at = (hours - start)[counted]
    total = np.bincount(at, minlength=n)[:n]
    flagged = np.zeros((n, F))
    bits = entries.marks[counted, MARKS.index("flags")]
    for i in range(len(FIXED_FLAGS)):
        flagged[:, i] = np.bincount(at[(bits >> i) & 1 == 1], minlength=n)[:n]
    for i, flag in enumerate(LATER_FLAGS):
        known = entries.marks[counted, MARKS.index(flag)]
        flagged[:, len(FIXED_FLAGS) + i] = _known_by_hour(known, start, n)
    first_verdict = np.full(len(second), NOT_YET, np.int32)
    judged = entries.labels[:-1] < entries.labels[1:]
    first_verdict[judged] = entries.toggles[entries.labels[:-1][judged]]
    flagged[:, FLAGS.index("disowned")] = _known_by_hour(first_verdict[counted], start, n)
    lanes = carriers * len(OPERATIONS)
    carrier = entries.values[counted, VALUES.index("carrier")].astype(np.int64) - 1
    lane = carrier * len(OPERATIONS) + operations[counted]
    streams = np.bincount(lane * n + at, minlength=lanes * n)[: lanes * n].reshape(lanes, n)
    return Wave(start, running_sums(total), running_sums(flagged), running_sums(streams.T).T)


def _known_by_hour(known: Array, start: int, n: int) -> Array:
    hours = known[known != NOT_YET] // HOUR - start
    return np.bincount(np.maximum(hours, 0), minlength=n)[:n]  # a verdict may be dated too early


def _last_hour(entries: Ledger, hours: Array) -> int:
    """The last hour in which anything became known."""
    later = [entries.marks[:, MARKS.index(flag)] for flag in LATER_FLAGS]
    known = [column[column != NOT_YET] // HOUR for column in (*later, entries.toggles)]
    return max((int(column.max()) for column in (hours, *known) if len(column)), default=0)


def running_sums(counts: Array) -> NDArray[np.float64]:
    """Sums of the hours before each hour: row 0 is zero."""
    zero = np.zeros((1, *counts.shape[1:]))
    return np.concatenate((zero, np.cumsum(counts, axis=0, dtype=np.float64)))
