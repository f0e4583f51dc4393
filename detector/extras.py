"""What two keys are asked beyond counts: an identity's open lines, a SIM block's neighbouring numbers."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from detector.compiled import njit
from detector.windows import MARKS, VALUES, WEEK, seen_before

Array = NDArray[Any]
_NEAR = 5  # SIMs this close in number count as neighbours
_SECOND, _OWN, _IDENTITY, _LINE, _CARRIER = (
    VALUES.index(v) for v in ("second", "own", "identity", "line", "carrier")
)
_OFFSET, _CLOSED, _RENAMED = (MARKS.index(m) for m in ("offset", "closed", "renamed"))


@njit(nogil=True, cache=True)
def open_lines(
    values: Array,
    marks: Array,
    picked: Array,
    n: int,
    own: Array,
    moment: int,
    slots: Array,
    stamps: Array,
    stamp: int,
    out: Array,
) -> None:
    """Different lines still open among a history: with anybody, and with the query's carrier.

    A line is open from its registration until it is unlinked or abandoned, or until a registration
    that was known at the moment puts it in another name. The query's own line does not count.
    """
    out[0] = 0.0
    out[1] = 0.0
    for i in range(n - 1, -1, -1):
        row = picked[i]
        line = values[row, _LINE]
        if line == own[_LINE] or line == 0:
            continue
        if marks[row, _CLOSED] <= moment or marks[row, _RENAMED] <= moment:
            continue
        if seen_before(slots, stamps, 0, stamp, line):
            continue
        out[0] += 1.0
        if values[row, _CARRIER] == own[_CARRIER]:
            out[1] += 1.0


@njit(nogil=True, cache=True)
def neighbour_run(
    values: Array,
    marks: Array,
    picked: Array,
    n: int,
    own: Array,
    own_offset: int,
    slots: Array,
    stamps: Array,
    stamp: int,
    taken: Array,
    out: Array,
) -> None:
    """Neighbouring SIMs in other names: how many near, over how many identities, how many that week,
    and the length of the unbroken run of numbers around the query's own."""
    for i in range(out.shape[0]):
        out[i] = 0.0
    for i in range(n):
        row = picked[i]
        offset = marks[row, _OFFSET]
        if offset < 0 or values[row, _OWN] == own[_OWN] or values[row, _IDENTITY] == own[_IDENTITY]:
            continue
        taken[offset] = stamp
        if abs(offset - own_offset) <= _NEAR:
            out[0] += 1.0
            if not seen_before(slots, stamps, 0, stamp, values[row, _IDENTITY]):
                out[1] += 1.0
            if abs(values[row, _SECOND] - own[_SECOND]) <= WEEK:
                out[2] += 1.0
    low = own_offset - 1
    while low >= 0 and taken[low] == stamp:
        low -= 1
    high = own_offset + 1
    while high < 1000 and taken[high] == stamp:
        high += 1
    out[3] = high - low - 2
