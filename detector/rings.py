"""Rings: registrations tied by rare shared keys, as they were tied at each moment.

Components of a union-find over registrations that share an identity, root, device, handset, SIM,
contact or address. Hubs must not glue the country together: once a key has served more than
`HUB` identity changes it ties nothing more, and registrations further apart than `REACH` days are
not tied. A union cannot be forgotten, so the forest is regrown every `EPOCH` days from the last
`REGROWN` days. The pass goes through registrations, verdicts and queries in the order in which
they were committed, so it says the same live and in a replay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.compiled import njit
from detector.history import Group, Ledger, Queries
from detector.windows import FIXED_FLAGS, MARKS, NOT_YET, VALUES

Array = NDArray[Any]
RING_KEYS = ("identity", "root", "device", "handset", "sim", "contact", "ip")
HUB = 8
DAY = 86_400
REACH, EPOCH, REGROWN = 30 * DAY, 30 * DAY, 60 * DAY

RING_NUMBERS = ("registrations", "identities", "carriers", "new_line", "exposed", "official",
                "disowned", "age")  # fmt: skip
# Sums kept at each root; `carriers` is a bit mask, `first` and `since` are minima.
_ROWS, _IDENTITIES, _CARRIERS, _NEW, _EXPOSED, _OFFICIAL, _DISOWNED, _FIRST, _SINCE = range(9)
SUMS = 9
_NEW_BIT, _EXPOSED_BIT, _OFFICIAL_BIT = (
    FIXED_FLAGS.index(f) for f in ("new_line", "exposed", "official")
)
_SECOND, _CARRIER = (VALUES.index(v) for v in ("second", "carrier"))
_FLAGS = MARKS.index("flags")
_N, _LOW, _EPOCH, _NEWEST = range(4)  # a forest's cursor
INSERT, VERDICT, ASK, ASK_LATER = 3, 0, 1, 2  # at one place of commit order: verdicts, asks, insert


@dataclass(frozen=True, slots=True)
class RingViews:
    """Per query, the ring it was tied to, itself left out: RING_NUMBERS (NaN: late row) and a number
    that names the ring (-1: none)."""

    numbers: NDArray[np.float32]
    ring: NDArray[np.int64]

    def pick(self, which: Array | slice) -> RingViews:
        """The views of some of the queries."""
        return RingViews(self.numbers[which], self.ring[which])

    def column(self, name: str) -> NDArray[np.float32]:
        """One of RING_NUMBERS."""
        return self.numbers[:, RING_NUMBERS.index(name)]


@njit(nogil=True, cache=True)
def _root(parent: Array, row: int) -> int:
    while parent[row] != row:
        parent[row] = parent[parent[row]]
        row = parent[row]
    return row


@njit(nogil=True, cache=True)
def _unite(parent: Array, sums: Array, a: int, b: int) -> None:
    a, b = _root(parent, a), _root(parent, b)
    if a == b:
        return
    if sums[a, _ROWS] < sums[b, _ROWS]:
        a, b = b, a
    parent[b] = a
    for i in range(_FIRST):
        if i == _CARRIERS:
            sums[a, i] |= sums[b, i]
        else:
            sums[a, i] += sums[b, i]
    for i in range(_FIRST, _SINCE + 1):
        sums[a, i] = min(sums[a, i], sums[b, i])


@njit(nogil=True, cache=True)
def _tied(facts: Any, heads: Any, row: int, r: int, now: int) -> int:
    """The last registration that key r of `row` still ties it to, or -1."""
    slots, second = facts[0], facts[1]
    last, changes = heads
    slot = slots[row, r]
    if slot < 0:
        return -1
    other = last[slot]
    if other < 0 or now - second[other] > REACH or (r > 0 and changes[slot] > HUB):
        return -1
    return int(other)


@njit(nogil=True, cache=True)
def _insert(facts: Any, heads: Any, forest: Any, row: int) -> None:
    slots, second, _, carrier, flags = facts
    last, changes = heads
    parent, sums, disowned = forest
    parent[row] = row
    new_identity = slots[row, 0] < 0 or last[slots[row, 0]] < 0
    sums[row, _ROWS] = 1
    sums[row, _IDENTITIES] = 1 if new_identity else 0
    sums[row, _CARRIERS] = 1 << ((carrier[row] + 1) % 62)
    sums[row, _NEW] = (flags[row] >> _NEW_BIT) & 1
    sums[row, _EXPOSED] = (flags[row] >> _EXPOSED_BIT) & sums[row, _IDENTITIES]
    sums[row, _OFFICIAL] = (flags[row] >> _OFFICIAL_BIT) & sums[row, _IDENTITIES]
    sums[row, _DISOWNED] = disowned[row]
    sums[row, _FIRST] = row
    sums[row, _SINCE] = second[row]
    for r in range(slots.shape[1]):
        other = _tied(facts, heads, row, r, second[row])
        if other >= 0:
            _unite(parent, sums, row, other)
        if slots[row, r] >= 0:
            slot = slots[row, r]
            if last[slot] >= 0 and slots[last[slot], 0] != slots[row, 0]:
                changes[slot] += 1
            last[slot] = row


@njit(nogil=True, cache=True)
def _describe(sums: Array, now: int, out: Array) -> None:
    bits, carriers = sums[_CARRIERS], 0
    while bits:
        bits &= bits - 1
        carriers += 1
    out[0], out[1], out[2] = sums[_ROWS], sums[_IDENTITIES], carriers
    out[3], out[4], out[5], out[6] = sums[_NEW], sums[_EXPOSED], sums[_OFFICIAL], sums[_DISOWNED]
    out[7] = now - sums[_SINCE] if sums[_ROWS] > 0 else 0


@njit(nogil=True, cache=True)
def _leave_out(total: Array, flags: int) -> None:
    """Take one identity, and what is known of it, out of a ring's sums: its own status is not the ring's."""
    total[_IDENTITIES] = max(total[_IDENTITIES] - 1, 0)
    total[_EXPOSED] = max(total[_EXPOSED] - ((flags >> _EXPOSED_BIT) & 1), 0)
    total[_OFFICIAL] = max(total[_OFFICIAL] - ((flags >> _OFFICIAL_BIT) & 1), 0)


@njit(nogil=True, cache=True)
def _ask_before(facts: Any, heads: Any, forest: Any, row: int, out: Array) -> int:
    """The rings that a registration would join, together."""
    slots, second, _, _, flags = facts
    parent, sums, _ = forest
    found = np.empty(slots.shape[1], np.int64)
    total = np.zeros(_SINCE + 1, np.int64)
    total[_FIRST] = total[_SINCE] = NOT_YET
    n = 0
    for r in range(slots.shape[1]):
        other = _tied(facts, heads, row, r, second[row])
        if other < 0:
            continue
        root = _root(parent, other)
        known = False
        for i in range(n):
            known = known or found[i] == root
        if known:
            continue
        found[n] = root
        n += 1
        for i in range(_FIRST):
            total[i] = total[i] | sums[root, i] if i == _CARRIERS else total[i] + sums[root, i]
        for i in range(_FIRST, _SINCE + 1):
            total[i] = min(total[i], sums[root, i])
    if _tied(facts, heads, row, 0, second[row]) >= 0:
        _leave_out(total, flags[row])
    _describe(total, second[row], out)
    return int(total[_FIRST]) if n else -1


@njit(nogil=True, cache=True)
def _ask_after(forest: Any, flags: Array, row: int, now: int, out: Array) -> int:
    """The ring of a registration that is in the forest, itself left out."""
    parent, sums, disowned = forest
    if parent[row] < 0:
        out[:] = 0.0
        return -1
    total = sums[_root(parent, row)].copy()
    total[_ROWS] -= 1
    total[_NEW] -= (flags[row] >> _NEW_BIT) & 1
    total[_DISOWNED] -= disowned[row]
    _leave_out(total, flags[row])
    _describe(total, now, out)
    return int(total[_FIRST]) if total[_ROWS] > 0 else -1


@njit(nogil=True, cache=True)
def _regrow(facts: Any, heads: Any, forest: Any, committed: Array, cursor: Array) -> None:
    """Plant the last days' registrations anew, because a union cannot be forgotten."""
    second = facts[1]
    last, changes = heads
    parent = forest[0]
    since = cursor[_EPOCH] * EPOCH - REGROWN
    last[:] = -1
    changes[:] = 0
    while cursor[_LOW] < cursor[_N] and second[committed[cursor[_LOW]]] < since:
        parent[committed[cursor[_LOW]]] = -1
        cursor[_LOW] += 1
    for i in range(cursor[_LOW], cursor[_N]):
        parent[committed[i]] = -1
    for i in range(cursor[_LOW], cursor[_N]):
        if second[committed[i]] >= since:
            _insert(facts, heads, forest, committed[i])


@njit(nogil=True, cache=True)
def ring_pass(
    stream: Any, facts: Any, heads: Any, forest: Any, committed: Array, cursor: Array, out: Any
) -> None:
    """Take what happens, in commit order, into the forest, and answer the queries among it.

    `stream` is (kind, row, second, place of the answer); `facts` of each row (slot per ring key, second,
    microsecond, carrier, flags); `heads` of each slot (last row, changes of identity); `forest` of each
    row (parent, sums, disowned); `cursor` (rows so far, first row kept, epoch, newest microsecond).
    """
    kinds, subjects, nows, answers = stream
    at, flags = facts[2], facts[4]
    parent, sums, disowned = forest
    numbers, ring = out
    for e in range(kinds.shape[0]):
        row, kind = subjects[e], kinds[e]
        if kind == VERDICT:
            change = 1 - 2 * disowned[row]
            disowned[row] += change
            if parent[row] >= 0:
                sums[_root(parent, row), _DISOWNED] += change
            continue
        if nows[e] // EPOCH > cursor[_EPOCH]:
            cursor[_EPOCH] = nows[e] // EPOCH
            _regrow(facts, heads, forest, committed, cursor)
        if kind == ASK:
            if at[row] < cursor[_NEWEST]:
                numbers[answers[e]] = np.nan
                ring[answers[e]] = -1
            else:
                ring[answers[e]] = _ask_before(facts, heads, forest, row, numbers[answers[e]])
        elif kind == ASK_LATER:
            ring[answers[e]] = _ask_after(forest, flags, row, nows[e], numbers[answers[e]])
        else:
            _insert(facts, heads, forest, row)
            committed[cursor[_N]] = row
            cursor[_N] += 1
            cursor[_NEWEST] = max(cursor[_NEWEST], at[row])


def start() -> NDArray[np.int64]:
    """The cursor of a forest in which nothing grows yet."""
    cursor = np.zeros(4, np.int64)
    cursor[_EPOCH] = -1
    cursor[_NEWEST] = np.iinfo(np.int64).min
    return cursor


def no_rings(n: int) -> RingViews:
    """The views of queries that are tied to nobody."""
    return RingViews(np.zeros((n, len(RING_NUMBERS)), np.float32), np.full(n, -1, np.int64))


def ring_views(
    entries: Ledger,
    groups: dict[str, Group],
    *,
    at: NDArray[np.int64],
    asked: list[tuple[Queries, bool]],
) -> list[RingViews]:
    """One pass over everything; a view for each batch of queries (`True`: at activation)."""
    stream, sizes = _stream(entries, asked)
    n = len(entries.commits)
    slots, keys = _slots(groups)
    facts = (
        slots,
        np.ascontiguousarray(entries.values[:, _SECOND]),
        at,
        entries.values[:, _CARRIER] - 1,
        np.ascontiguousarray(entries.marks[:, _FLAGS]),
    )
    heads = (np.full(keys, -1, np.int32), np.zeros(keys, np.int32))
    forest = (np.full(n, -1, np.int32), np.zeros((n, SUMS), np.int64), np.zeros(n, np.int8))
    numbers = np.zeros((sum(sizes), len(RING_NUMBERS)), np.float32)
    ring = np.full(sum(sizes), -1, np.int64)
    ring_pass(stream, facts, heads, forest, np.empty(n, np.int32), start(), (numbers, ring))
    ends = np.cumsum(sizes)
    return [
        RingViews(numbers[e - s : e], ring[e - s : e]) for s, e in zip(sizes, ends, strict=True)
    ]


def _slots(groups: dict[str, Group]) -> tuple[NDArray[np.int32], int]:
    """Per row and ring key the number of its key among all, -1 where it has none; and how many keys."""
    slots = np.empty((len(groups[RING_KEYS[0]].codes), len(RING_KEYS)), np.int32)
    keys = 0
    for r, name in enumerate(RING_KEYS):
        codes = groups[name].codes
        slots[:, r] = np.where(codes >= 0, codes + np.int32(keys), np.int32(-1))
        keys += len(groups[name].offsets) - 1
    return slots, keys


def _stream(
    entries: Ledger, asked: list[tuple[Queries, bool]]
) -> tuple[tuple[Array, Array, Array, Array], list[int]]:
    """Everything that happens, in commit order: (kind, row, second, answer) columns."""
    second = entries.values[:, _SECOND]
    n = len(second)
    least = np.append(np.minimum.accumulate(entries.commits[::-1])[::-1], n).astype(np.int32)
    judged = np.repeat(np.arange(n, dtype=np.int32), np.diff(entries.labels))
    places = least[np.searchsorted(second, entries.toggles, side="left")]
    rows: list[Array] = [np.arange(n), judged]
    kinds = [np.full(n, INSERT, np.int8), np.full(len(judged), VERDICT, np.int8)]
    commits: list[Array] = [entries.commits, places]
    nows: list[Array] = [second, entries.toggles]
    answers: list[Array] = [np.full(n, -1, np.int32), np.full(len(judged), -1, np.int32)]
    sizes: list[int] = []
    for queries, activation in asked:
        answers.append(np.arange(len(queries)) + sum(sizes))
        sizes.append(len(queries))
        rows.append(queries.rows)
        kinds.append(np.full(len(queries), ASK if activation else ASK_LATER, np.int8))
        commits.append(queries.commits)
        nows.append(queries.seconds)
    kind, commit, now = np.concatenate(kinds), _joined(commits), _joined(nows)
    newcomer = np.isin(kind, (ASK, INSERT))  # a row may be older than what was asked before it came
    order = np.lexsort((kind, now, newcomer, commit))
    return (kind[order], _joined(rows)[order], now[order], _joined(answers)[order]), sizes


def _joined(parts: list[Array]) -> NDArray[np.int32]:
    """Rows, places, seconds and answers: each fits four bytes, and there are twice as many as queries."""
    return np.concatenate(parts, dtype=np.int32, casting="unsafe")
