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
_NEW_BIT, _EXPOSED_BIT, _OFFICIAL_BIT = (
    FIXED_FLAGS.index(f) for f in ("new_line", "exposed", "official")
)
_SECOND, _IDENTITY, _CARRIER = (VALUES.index(v) for v in ("second", "identity", "carrier"))
_FLAGS = MARKS.index("flags")
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
def _tied(keys: Any, second: Array, row: int, r: int, now: int) -> int:
    """The last registration that key r of `row` still ties it to, or -1."""
    codes, bases, last, changes = keys
    if codes[row, r] < 0:
        return -1
    slot = bases[r] + codes[row, r]
    other = last[slot]
    if other < 0 or now - second[other] > REACH or (r > 0 and changes[slot] > HUB):
        return -1
    return int(other)


@njit(nogil=True, cache=True)
def _insert(keys: Any, forest: Any, values: Array, flags: Array, row: int) -> None:
    codes, bases, last, changes = keys
    parent, sums, disowned = forest
    parent[row] = row
    new_identity = codes[row, 0] < 0 or last[bases[0] + codes[row, 0]] < 0
    sums[row, _ROWS] = 1
    sums[row, _IDENTITIES] = 1 if new_identity else 0
    sums[row, _CARRIERS] = 1 << (values[row, _CARRIER] % 62)
    sums[row, _NEW] = (flags[row] >> _NEW_BIT) & 1
    sums[row, _EXPOSED] = (flags[row] >> _EXPOSED_BIT) & sums[row, _IDENTITIES]
    sums[row, _OFFICIAL] = (flags[row] >> _OFFICIAL_BIT) & sums[row, _IDENTITIES]
    sums[row, _DISOWNED] = disowned[row]
    sums[row, _FIRST] = row
    sums[row, _SINCE] = values[row, _SECOND]
    for r in range(codes.shape[1]):
        other = _tied(keys, values[:, _SECOND], row, r, values[row, _SECOND])
        if other >= 0:
            _unite(parent, sums, row, other)
        if codes[row, r] >= 0:
            slot = bases[r] + codes[row, r]
            if last[slot] >= 0 and values[last[slot], _IDENTITY] != values[row, _IDENTITY]:
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
def _ask_before(keys: Any, forest: Any, values: Array, flags: Array, row: int, out: Array) -> int:
    """The rings that a registration would join, together."""
    parent, sums, _ = forest
    found = np.empty(keys[0].shape[1], np.int64)
    total = np.zeros(_SINCE + 1, np.int64)
    total[_FIRST] = total[_SINCE] = NOT_YET
    n = 0
    for r in range(keys[0].shape[1]):
        other = _tied(keys, values[:, _SECOND], row, r, values[row, _SECOND])
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
    if _tied(keys, values[:, _SECOND], row, 0, values[row, _SECOND]) >= 0:
        _leave_out(total, flags[row])
    _describe(total, values[row, _SECOND], out)
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
def _pass(stream: Any, keys: Any, forest: Any, values: Array, flags: Array, out: Any) -> None:
    kinds, subjects, nows, answers = stream
    _, _, last, changes = keys
    parent, sums, disowned = forest
    numbers, ring = out
    committed = np.empty(values.shape[0], np.int64)
    n, low, epoch, newest = 0, 0, -1, -1
    for e in range(kinds.shape[0]):
        row, kind = subjects[e], kinds[e]
        if kind == VERDICT:
            change = 1 - 2 * disowned[row]
            disowned[row] += change
            if parent[row] >= 0:
                sums[_root(parent, row), _DISOWNED] += change
            continue
        if nows[e] // EPOCH > epoch:
            epoch = nows[e] // EPOCH
            since = epoch * EPOCH - REGROWN
            last[:] = -1
            changes[:] = 0
            while low < n and values[committed[low], _SECOND] < since:
                parent[committed[low]] = -1
                low += 1
            for i in range(low, n):
                parent[committed[i]] = -1
            for i in range(low, n):
                if values[committed[i], _SECOND] >= since:
                    _insert(keys, forest, values, flags, committed[i])
        if kind == ASK:
            if row < newest:
                numbers[answers[e]] = np.nan
                ring[answers[e]] = -1
            else:
                ring[answers[e]] = _ask_before(
                    keys, forest, values, flags, row, numbers[answers[e]]
                )
        elif kind == ASK_LATER:
            ring[answers[e]] = _ask_after(forest, flags, row, nows[e], numbers[answers[e]])
        else:
            _insert(keys, forest, values, flags, row)
            committed[n] = row
            n += 1
            newest = max(newest, row)


def no_rings(n: int) -> RingViews:
    """The views of queries that are tied to nobody."""
    return RingViews(np.zeros((n, len(RING_NUMBERS)), np.float32), np.full(n, -1, np.int64))


def ring_views(
    entries: Ledger, groups: dict[str, Group], *, asked: list[tuple[Queries, bool]]
) -> list[RingViews]:
    """One pass over everything; a view for each batch of queries (`True`: at activation)."""
    stream, sizes = _stream(entries, asked)
    codes = np.column_stack([groups[key].codes for key in RING_KEYS])
    bases = np.cumsum([0] + [len(groups[key].offsets) - 1 for key in RING_KEYS])
    slots = int(bases[-1])
    keys = (codes, bases[:-1], np.full(slots, -1, np.int64), np.zeros(slots, np.int32))
    n = len(entries.commits)
    forest = (
        np.full(n, -1, np.int64),
        np.zeros((n, _SINCE + 1), np.int64),
        np.zeros(n, np.int64),
    )
    numbers = np.zeros((sum(sizes), len(RING_NUMBERS)), np.float32)
    ring = np.full(sum(sizes), -1, np.int64)
    flags = np.ascontiguousarray(entries.marks[:, _FLAGS])
    _pass(stream, keys, forest, entries.values, flags, (numbers, ring))
    ends = np.cumsum(sizes)
    return [
        RingViews(numbers[e - s : e], ring[e - s : e]) for s, e in zip(sizes, ends, strict=True)
    ]


def _stream(
    entries: Ledger, asked: list[tuple[Queries, bool]]
) -> tuple[tuple[Array, Array, Array, Array], list[int]]:
    """Everything that happens, in commit order: (kind, row, second, answer) columns."""
    second = entries.values[:, _SECOND]
    n = len(second)
    least = np.append(np.minimum.accumulate(entries.commits[::-1])[::-1], n)
    judged = np.repeat(np.arange(n), np.diff(entries.labels))
    places = least[np.searchsorted(second, entries.toggles, side="left")]
    rows = [np.arange(n), judged]
    kinds = [np.full(n, INSERT), np.full(len(judged), VERDICT)]
    commits = [entries.commits, places]
    nows = [second, entries.toggles]
    answers = [np.full(n, -1), np.full(len(judged), -1)]
    sizes: list[int] = []
    for queries, activation in asked:
        answers.append(np.arange(len(queries)) + sum(sizes))
        sizes.append(len(queries))
        rows.append(queries.rows)
        kinds.append(np.full(len(queries), ASK if activation else ASK_LATER))
        commits.append(queries.commits)
        nows.append(queries.seconds)
    commit, now = np.concatenate(commits), np.concatenate(nows).astype(np.int64)
    kind = np.concatenate(kinds)
    order = np.lexsort((kind, now, commit))
    stream = (
        kind[order].astype(np.int8),
        np.concatenate(rows)[order].astype(np.int64),
        now[order],
        np.concatenate(answers)[order].astype(np.int64),
    )
    return stream, sizes
