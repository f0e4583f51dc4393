"""Records of keys laid out as one ledger for the kernels that also serve a whole data folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.compiled import njit
from detector.history import Ledger
from detector.lifecycle import SILENCE
from detector.records import (
    ENTRY,
    FINGERPRINT,
    KNOWN_LATER,
    SIZE,
    SPOKE,
    TOKEN_PLACES,
    VERDICTS,
    Record,
)
from detector.registration import NEVER
from detector.windows import LATER_FLAGS, MARKS, NOT_YET, VALUES

Array = NDArray[Any]
_SECOND, _OWN, _CARRIER, _PLACE, _STATE = (
    VALUES.index(name) for name in ("second", "own", "carrier", "place", "state")
)
_TOKENS = np.array(TOKEN_PLACES, np.int64)
_FLAGS, _OFFSET, _HANDED_OVER, _TRAVELLED, _CLOSED, _REPORTED, _RENAMED, _SILENT, _NEWS = (
    MARKS.index(name) for name in ("flags", "offset", *KNOWN_LATER, "silent", "news")
)
_IMPRESSION = MARKS.index("impression")
assert set(VALUES) == {VALUES[i] for i in (_SECOND, _OWN, _CARRIER, _PLACE, _STATE, *TOKEN_PLACES)}
assert set(LATER_FLAGS) == {*KNOWN_LATER, "silent"} - {"renamed"}  # what is news


@dataclass(frozen=True, slots=True)
class Laid:
    """Records one after another as a ledger: record i is rows offsets[i]:offsets[i + 1]."""

    entries: Ledger
    at: NDArray[np.int64]
    sequence: NDArray[np.int64]
    offsets: NDArray[np.int64]


def laid_out(records: Sequence[Record], *, observed: NDArray[np.int64], base: int) -> Laid:
    """Lay records out. `observed` is, per carrier, since when it reports events (microseconds).

    What has a sequence below `base` counts as committed before every query; the rest in its order.
    """
    raw = np.frombuffer(b"".join(records), ENTRY)
    n = len(raw)
    values, marks = np.empty((n, len(VALUES)), np.int64), np.empty((n, len(MARKS)), np.int32)
    labels, toggles = np.zeros(n + 1, np.int32), np.empty(n * VERDICTS, np.int32)
    at, sequence, commits = (np.empty(n, np.int64) for _ in range(3))
    ledger = values, marks, commits, labels, toggles
    held = _lay(raw, observed, base, ledger, (at, sequence))
    sizes = np.array([len(record) // SIZE for record in records], np.int64)
    offsets = np.zeros(len(records) + 1, np.int64)
    np.cumsum(sizes, out=offsets[1:])
    return Laid(Ledger(*ledger[:4], toggles[:held]), at, sequence, offsets)


@njit(nogil=True, cache=True)
def _lay(raw: Array, observed: Array, base: int, ledger: Any, times: Any) -> int:
    """Each entry as a row of the ledger; how many turns of verdicts there are."""
    values, marks, commits, labels, toggles = ledger
    at, sequence = times
    held = 0
    for i in range(raw.shape[0]):
        entry = raw[i]
        moment, number, carrier = np.int64(entry.at), np.int64(entry.sequence), entry.carrier
        at[i], sequence[i] = moment, number
        commits[i] = -1 if number < base else number
        values[i, _SECOND], values[i, _OWN] = moment // 1_000_000, number
        values[i, _CARRIER] = np.int64(carrier) + 1
        values[i, _PLACE], values[i, _STATE] = entry.place, np.int64(entry.place) // 1000
        tokens = entry.tokens
        for t in range(_TOKENS.shape[0]):
            wide = np.int64(0)
            for j in range(FINGERPRINT):
                wide |= np.int64(tokens[t, j]) << (8 * j)
            values[i, _TOKENS[t]] = wide
        marks[i, _FLAGS], marks[i, _IMPRESSION] = entry.flags, entry.impression
        marks[i, _OFFSET] = entry.offset
        marks[i, _HANDED_OVER], marks[i, _TRAVELLED] = entry.handed_over, entry.travelled
        marks[i, _CLOSED], marks[i, _REPORTED] = entry.closed, entry.reported
        marks[i, _RENAMED] = entry.renamed
        marks[i, _SILENT] = _silent(moment, entry.bits, observed[carrier])
        news = min(entry.handed_over, entry.travelled, entry.closed, entry.reported)
        news = min(news, marks[i, _SILENT])
        turns = entry.verdicts
        for v in range(VERDICTS):
            if turns[v] != NOT_YET:
                news = min(news, turns[v]) if held == labels[i] else news
                toggles[held] = turns[v]
                held += 1
        labels[i + 1] = held
        marks[i, _NEWS] = news
    return held


@njit(nogil=True, cache=True)
def _silent(at: Any, bits: int, seen: int) -> int:
    """The second from which a line counts as silent: `seconds_known` of when it is due."""
    if bits & SPOKE or seen == NEVER:
        return NOT_YET
    known: int = -(-max(at + SILENCE, seen) // 1_000_000)
    return min(known, NOT_YET)


@njit(nogil=True, cache=True)
def earliest_commits(commits: Array, offsets: Array) -> NDArray[np.int64]:
    """Least commit from each row to the end of its record."""
    out = commits.copy()
    for g in range(offsets.shape[0] - 1):
        for i in range(offsets[g + 1] - 2, offsets[g] - 1, -1):
            out[i] = min(out[i], out[i + 1])
    return out


@njit(nogil=True, cache=True)
def places_in_time(at: Array, sequence: Array, span: Any, wanted: Any) -> int:
    """The first row of `span` that is not before (microsecond, sequence) in time order."""
    low, high = span
    moment, number = wanted
    while low < high:
        middle = (low + high) >> 1
        if at[middle] < moment or (at[middle] == moment and sequence[middle] < number):
            low = middle + 1
        else:
            high = middle
    first: int = low
    return first
