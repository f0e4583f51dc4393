"""The kernels of time: what one key's bounded recent history says at a moment.

Every question the signals ask about a key's past is answered here and only here: how many, how many
different, how many flagged, how many like me, how long ago, which neighbours. A *query* is (own row,
key, moment); its *history* is the at most K registrations of that key, latest first, that were both
committed before the query and earlier in time than the moment. Windows lie around the query's own
registration: at activation they can only look back; at a later stage they also see what came after
it, up to that moment.

The kernels are compiled once and serve one event and a hundred million alike, so what a feature is
does not depend on who asks. They live in one file because numba's cache compares only the file of the
kernel that is called. `tests/test_windows.py` holds an oracle for each.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.compiled import njit

HOUR, DAY, WEEK = 3_600, 86_400, 7 * 86_400
WINDOWS = ("hour", "day", "week", "memory")
W = len(WINDOWS)

# Columns of a ledger's `values`: what a history entry can be compared by. 0 is "none".
VALUES = ("second", "own", "identity", "root", "line", "sim", "handset", "device", "network",
          "contact", "agent", "pos", "carrier", "place", "state", "model",
    "ip",
    "block",
)  # fmt: skip
# Columns of a ledger's `marks`. Times are whole seconds, rounded up: known from then on. `news` is the
# first of the times from which one of LATER_FLAGS or a verdict is known: before it there is nothing to ask.
# `impression` is how an entry looked at its own moment (`impression.py`), 0 where nobody looked.
MARKS = ("flags", "offset", "handed_over", "travelled", "closed", "reported", "silent",
         "renamed", "news", "impression")  # fmt: skip
# What may be counted about the other registrations: first those fixed at their own moment
# (bits of `flags`), then those that become known later.
FIXED_FLAGS = (
    "new_line", "exposed", "grave", "official", "remote", "doubtful", "repeated", "shared",
)  # fmt: skip
LATER_FLAGS = ("handed_over", "travelled", "closed", "reported", "silent")
FLAGS = (*FIXED_FLAGS, *LATER_FLAGS, "disowned")
F = len(FLAGS)
_FIXED = len(FIXED_FLAGS)
NOT_YET = np.iinfo(np.int32).max

_SECOND, _OWN, _IDENTITY = (VALUES.index(v) for v in ("second", "own", "identity"))
_FLAGS, _FIRST_LATER, _NEWS, _IMPRESSION = (
    MARKS.index(m) for m in ("flags", "handed_over", "news", "impression")
)
_DISOWNED_BIT = 1 << (F - 1)
_OWN_STATUS = sum(1 << FLAGS.index(f) for f in ("exposed", "grave", "official"))
ENDS = 5  # numbers of a profile behind its counts
BAD = 72  # an impression from which on it is a bad one
SLOTS = 1024  # of a query's hash sets: four times the longest history

Array = NDArray[Any]

# All flags of an entry are counted by two additions: a mask's bits spread over fields of nine bits,
# which hold up to 511 (no history is longer than 256).
_FIELD, _LOW_FLAGS = 9, 7
_LOW_MASK = (1 << _LOW_FLAGS) - 1


def _spread(bits: int) -> NDArray[np.int64]:
    """For each mask of so many bits, one in the field of each bit that is set."""
    masks = np.arange(1 << bits, dtype=np.int64)
    fields = [((masks >> bit) & 1) << (_FIELD * bit) for bit in range(bits)]
    spread: NDArray[np.int64] = np.sum(fields, axis=0, dtype=np.int64)
    return spread


_LOW, _HIGH = _spread(_LOW_FLAGS), _spread(F - _LOW_FLAGS)


@njit(nogil=True, cache=True)
def first_at_least(rows: Array, low: int, high: int, row: int) -> int:
    """Position in `rows[low:high]` (ascending) of the first value that is at least `row`."""
    while low < high:
        middle = (low + high) >> 1
        if rows[middle] < row:
            low = middle + 1
        else:
            high = middle
    return low


@njit(nogil=True, cache=True)
def left_out(values: Array, row: int, own: Array, without: Array) -> bool:
    """Whether `row` shares with the query one of the columns it asks to be told without."""
    for i in range(without.shape[0]):
        if own[without[i]] != 0 and values[row, without[i]] == own[without[i]]:
            return True
    return False


@njit(nogil=True, cache=True)
def visible(
    rows: Array,
    values: Array,
    commits: Array,
    earliest_after: Array,
    bounds: Array,
    query: Array,
    own: Array,
    without: Array,
    picked: Array,
) -> int:
    """The rows of one key that a query may see, oldest first, into `picked`; how many they are.

    `rows[bounds[0]:bounds[1]]` are the key's registrations in time order. `query` is (place of the
    moment in time order, place in commit order, K). Late rows (`earliest_after` not empty) make
    two things differ from a plain slice: a row may be earlier in time and not committed yet, and
    rows later in time may already fill some of the K places. Rows that share one of the columns
    `without` with the query are left out; their places stay empty, because what the K pushed out is
    not remembered live.
    """
    order, commit, k = query[0], query[1], query[2]
    start, stop = bounds[0], bounds[1]
    high = first_at_least(rows, start, stop, order)
    late = earliest_after.shape[0] > 0
    if not late and without.shape[0] == 0:
        low = max(start, high - k)
        for i in range(low, high):
            picked[i - low] = rows[i]
        count: int = high - low
        return count
    room = k
    i = high
    while late and i < stop and room > 0 and earliest_after[i] < commit:
        if commits[rows[i]] < commit:
            room -= 1
        i += 1
    n = 0
    i = high - 1
    while i >= start and room > 0:
        if commits[rows[i]] < commit:
            room -= 1
            if not left_out(values, rows[i], own, without):
                picked[n] = rows[i]
                n += 1
        i -= 1
    for j in range(n >> 1):
        picked[j], picked[n - 1 - j] = picked[n - 1 - j], picked[j]
    return n


@njit(nogil=True, cache=True, inline="always")
def seen_before(slots: Array, stamps: Array, j: int, stamp: int, value: int) -> bool:
    """Whether `value` is already in the hash set `j` of this `stamp`; it is afterwards."""
    at = (value * 0x9E3779B1) & (SLOTS - 1)
    while stamps[j, at] == stamp and slots[j, at] != value:
        at = (at + 1) & (SLOTS - 1)
    found: bool = stamps[j, at] == stamp
    stamps[j, at] = stamp
    slots[j, at] = value
    return found


@njit(nogil=True, cache=True, inline="always")
def disowned(toggles: Array, low: int, high: int, moment: int) -> bool:
    """Whether the last verdict known at `moment` is fraud: verdicts alternate at `toggles`."""
    odd = False
    for i in range(low, high):
        if toggles[i] > moment:
            break
        odd = not odd
    return odd


@njit(nogil=True, cache=True, inline="always")
def flags_known(marks: Array, labels: Array, toggles: Array, row: int, moment: int) -> int:
    """Bit mask over FLAGS of what is known about `row` at `moment` (seconds)."""
    mask: int = marks[row, _FLAGS]
    if marks[row, _NEWS] > moment:
        return mask
    for i in range(5):
        mask |= int(marks[row, _FIRST_LATER + i] <= moment) << (_FIXED + i)
    if labels[row] != labels[row + 1] and disowned(toggles, labels[row], labels[row + 1], moment):
        mask |= _DISOWNED_BIT
    return mask


def first_news(marks: Array, labels: Array, toggles: Array) -> NDArray[np.int32]:
    """The mark `news` of entries whose other marks and verdicts are known."""
    news: NDArray[np.int32] = marks[:, _FIRST_LATER : _FIRST_LATER + len(LATER_FLAGS)].min(axis=1)
    judged = np.flatnonzero(labels[:-1] < labels[1:])
    news[judged] = np.minimum(news[judged], toggles[labels[judged]])
    return news


@njit(nogil=True, cache=True, inline="always")
def window_of(distance: int) -> int:
    """Index in WINDOWS of the smallest window that reaches `distance` seconds."""
    if distance <= HOUR:
        return 0
    if distance <= DAY:
        return 1
    return 2 if distance <= WEEK else 3


@njit(nogil=True, cache=True)
def tell(out: Array, w: int, seen: int, counts: Array, masks: Any, sizes: Any) -> None:
    """What was counted so far, as the numbers of window `w`.

    `counts` are of `distinct` and `same` columns (`sizes` says how many), `masks` the packed sums of flags.
    """
    n_distinct, n_same = sizes
    at = W
    out[w] = seen
    for j in range(n_distinct):
        out[at + w] = counts[j]
        at += W
    for j in range(n_distinct, n_distinct + n_same):
        out[at + w] = counts[j]
        at += W + 1
    for flag in range(F):
        word, place = (masks[0], flag) if flag < _LOW_FLAGS else (masks[1], flag - _LOW_FLAGS)
        out[at + w] = (word >> (_FIELD * place)) & ((1 << _FIELD) - 1)
        at += W


@njit(nogil=True, cache=True)
def profile(
    values: Array,
    marks: Array,
    labels: Array,
    toggles: Array,
    picked: Array,
    n: int,
    own: Array,
    when: Array,
    distinct: Array,
    same: Array,
    slots: Array,
    stamps: Array,
    stamp: int,
    counts: Array,
    out: Array,
) -> None:
    """Counts of one history into `out`, walking outwards from the query's own registration.

    `own` are the query's values; `when` is (moment, memory) in seconds. `out` holds, in this order:
    W counts; for each column in `distinct` W counts of different values; for each column in `same`
    W counts of entries equal to `own` and whether the nearest entry is; for each of FLAGS W counts;
    the distance in seconds to the nearest entry and to the farthest; and room for `impressions`. Distances
    only grow on the way, so a window is told when the walk leaves it.
    """
    moment, memory = when[0], when[1]
    sizes = distinct.shape[0], same.shape[0]
    nearest_at = W + W * sizes[0] + W
    gap_at = out.shape[0] - ENDS
    out[:] = 0.0
    for j in range(sizes[1]):
        out[nearest_at + (W + 1) * j] = np.nan
    out[gap_at] = memory
    if n == 0:
        return
    counts[:] = 0
    second = own[_SECOND]
    right = n
    while right > 0 and values[picked[right - 1], _SECOND] >= second:
        right -= 1
    left = right - 1
    w, seen, low, high, reach = 0, 0, 0, 0, 0
    while left >= 0 or right < n:
        before = second - values[picked[left], _SECOND] if left >= 0 else NOT_YET
        after = values[picked[right], _SECOND] - second if right < n else NOT_YET
        if before <= after:
            row, distance = picked[left], before
            left -= 1
        else:
            row, distance = picked[right], after
            right += 1
        if distance > memory:
            break
        if values[row, _OWN] == own[_OWN]:
            continue
        while w < window_of(distance):
            tell(out, w, seen, counts, (low, high), sizes)
            w += 1
        if seen == 0:
            out[gap_at] = distance
        reach = distance
        for j in range(sizes[0]):
            value = values[row, distinct[j]]
            if value != 0 and not seen_before(slots, stamps, j, stamp, value):
                counts[j] += 1
        for j in range(sizes[1]):
            value, mine = values[row, same[j]], own[same[j]]
            if value != 0 and mine != 0:
                counts[sizes[0] + j] += value == mine
                if seen == 0:
                    out[nearest_at + (W + 1) * j] = value == mine
        seen += 1
        mask = flags_known(marks, labels, toggles, row, moment)
        if values[row, _IDENTITY] == own[_IDENTITY]:
            mask &= ~_OWN_STATUS
        low += _LOW[mask & _LOW_MASK]
        high += _HIGH[mask >> _LOW_FLAGS]
    out[gap_at + 1] = reach
    while w < W:
        tell(out, w, seen, counts, (low, high), sizes)
        w += 1


@njit(nogil=True, cache=True)
def impressions(
    values: Array, marks: Array, picked: Array, n: int, own: Array, memory: int, out: Array
) -> None:
    """Of the impressions that one history's entries made the mean, the worst, and the share of bad ones, as the
    last three of `out`.

    NaN where nobody looked at any; as in `profile`, without the query's own and what lies beyond memory.
    """
    looked, sum_, worst, bad = 0, 0, 0, 0
    for i in range(n):
        row = picked[i]
        far = abs(own[_SECOND] - values[row, _SECOND]) > memory
        if not far and values[row, _OWN] != own[_OWN]:
            looked += marks[row, _IMPRESSION] > 0
            sum_ += marks[row, _IMPRESSION]
            worst = max(worst, marks[row, _IMPRESSION])
            bad += marks[row, _IMPRESSION] >= BAD
    out[-3:] = np.nan
    if looked:
        out[-3], out[-2], out[-1] = sum_ / looked, worst, bad / looked
