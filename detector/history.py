"""Keyed histories: what registrations share, who belongs together, and views of it as columns.

A registration touches *keys* (identity, device, SIM block, …). This module says which keys there
are, how far back and how many registrations each remembers, and what is compared and counted on
them; `windows` does the counting. A `Ledger` is the registrations as history entries; a `Group` is
one key's entries gathered; a `KeyView` is what one key says about many queries at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from detector.compiled import njit
from detector.registration import NEVER, NO_KEY, Registrations
from detector.walks import walk, walk_again
from detector.windows import ENDS, FLAGS, MARKS, NOT_YET, VALUES, WINDOWS, F, W, first_news

Column = NDArray[np.float32]
Array = NDArray[Any]
DAY = 86_400


@dataclass(frozen=True)
class KeySpec:
    """How one key remembers: at most `k` registrations not older than `memory` days.

    `distinct` and `same` name the columns whose different values, or values like one's own, are
    counted. `k` and `memory` are part of every feature's definition.
    """

    name: str
    k: int
    memory: int
    distinct: tuple[str, ...]
    same: tuple[str, ...] = ()
    extra: int = 0  # 1: open lines, 2: neighbouring SIMs

    @cached_property
    def width(self) -> int:
        """Numbers that `windows.profile` writes for this key."""
        return W + W * len(self.distinct) + (W + 1) * len(self.same) + W * F + ENDS

    @cached_property
    def kernel(self) -> tuple[int, int, Array, Array]:
        """K, memory in seconds, and the columns as positions in VALUES."""
        distinct, same = (
            np.array([VALUES.index(c) for c in columns], np.int64)
            for columns in (self.distinct, self.same)
        )
        return self.k, self.memory * DAY, distinct, same


_FLAGGED = {(f, w): W * i + j for i, f in enumerate(FLAGS) for j, w in enumerate(WINDOWS)}

# Hubs (a tablet, a shop, a network) fill their places within hours and are asked about shares, for
# which 128 registrations are enough (64 for the widest); the rest keep 256. An identity's year serves
# the legal cap.
SPECS = (
    KeySpec("identity", 256, 400, ("line", "carrier", "device", "state", "agent"),
            ("agent", "device", "place", "carrier"), extra=1),
    KeySpec("root", 256, 90, ("identity", "line")),
    KeySpec("line", 64, 400, ("identity", "sim", "handset"), ("identity", "sim", "handset", "device")),
    KeySpec("sim", 64, 90, ("identity", "line")),
    KeySpec("handset", 256, 90, ("identity", "line", "device", "carrier"),
            ("identity", "carrier", "state")),
    KeySpec("device", 256, 90, ("identity", "line", "carrier", "state"),
            ("identity", "place", "agent", "carrier")),
    KeySpec("ip", 128, 90, ("identity", "device"), ("identity", "state")),
    KeySpec("network", 128, 90, ("identity",), ("device",)),
    KeySpec("contact", 256, 90, ("identity", "line", "carrier"), ("identity", "carrier", "state")),
    KeySpec("agent", 128, 90, ("identity",), ("identity", "place", "network")),
    KeySpec("pos", 128, 90, ("identity",), ("device", "model")),
    KeySpec("block", 256, 90, ("identity", "agent", "device"), ("identity", "state", "agent"), extra=2),
    KeySpec("line_block", 64, 90, (), ("state",)),
    KeySpec("model", 64, 90, (), ("state", "pos")),
    KeySpec("place", 64, 90, ("identity",)),
)  # fmt: skip
BY_NAME = {spec.name: spec for spec in SPECS}

# The attaches of a line, gathered by what they were seen on: a second ledger with its own keys.
ATTACH_SPECS = (
    KeySpec("handset", 128, 90, ("identity", "line", "place")),
    KeySpec("place", 128, 90, ("handset",), ("handset", "model")),
)


@dataclass(frozen=True, slots=True)
class Ledger:
    """Registrations (or attaches) as history entries, in time order; see `windows` for the columns."""

    values: Array  # whole numbers: codes in a folder, fingerprints of tokens in records
    marks: NDArray[np.int32]
    commits: NDArray[np.int64]
    labels: NDArray[np.int32]  # toggles of row i are toggles[labels[i]:labels[i + 1]]
    toggles: NDArray[np.int32]

    @property
    def arrays(self) -> tuple[Array, ...]:
        """As the kernels take it."""
        return self.values, self.marks, self.commits, self.labels, self.toggles


@dataclass(frozen=True, slots=True)
class Group:
    """One key's entries: the rows of code c are rows[offsets[c]:offsets[c + 1]], in time order."""

    codes: NDArray[np.int32]  # of each row, -1 where it has no such key
    rows: NDArray[np.int32]
    offsets: NDArray[np.int32]
    earliest_after: NDArray[np.int64]  # least commit at or after a position; empty if none is late

    @property
    def arrays(self) -> tuple[Array, ...]:
        """As the kernels take it."""
        return self.rows, self.earliest_after, self.offsets


def seconds(at: Array) -> NDArray[np.int32]:
    """Whole seconds of microseconds, rounded down."""
    return (at // 1_000_000).astype(np.int32)


def seconds_known(at: Array) -> NDArray[np.int32]:
    """Whole seconds from which something of microsecond time `at` is known: rounded up."""
    known = -((-at) // 1_000_000)
    return np.where(at == NEVER, NOT_YET, np.minimum(known, NOT_YET)).astype(np.int32)


def group(ids: NDArray[np.int64], commits: NDArray[np.int64], *, late: bool) -> Group:
    """Gather rows (in time order) by key id; NO_KEY rows belong nowhere.

    Keys are numbered as they first appear, so that what a batch of queries asks about lies close together.
    """
    numbered = pa.array(ids, mask=ids == NO_KEY).dictionary_encode()
    codes = numbered.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    sizes = np.bincount(codes[codes >= 0], minlength=len(numbered.dictionary))
    offsets = np.concatenate(([0], np.cumsum(sizes))).astype(np.int32)
    rows = np.empty(offsets[-1], np.int32)
    _gather(codes, offsets[:-1].copy(), rows)
    least = _earliest_after(commits[rows], offsets) if late else np.empty(0, np.int64)
    return Group(codes, rows, offsets, least)


@njit(nogil=True, cache=True)
def _gather(codes: Array, room: Array, rows: Array) -> None:
    """Put each row where its code has room next."""
    for row in range(codes.shape[0]):
        code = codes[row]
        if code >= 0:
            rows[room[code]] = row
            room[code] += 1


def _earliest_after(commits: Array, offsets: Array) -> NDArray[np.int64]:
    """Least commit from each position to the end of its group."""
    least = commits.astype(np.int64).copy()
    for start, stop in pairwise(offsets):
        if stop - start > 1:
            least[start:stop] = np.minimum.accumulate(least[start:stop][::-1])[::-1]
    return least


def commit_ranks(registrations: Registrations) -> NDArray[np.int64]:
    """Place of each row in the order in which rows were committed (rows are in time order)."""
    ranks = np.empty(len(registrations), np.int64)
    ranks[np.argsort(registrations.sequence, kind="stable")] = np.arange(len(registrations))
    return ranks


def arrivals(at: NDArray[np.int64], commits: NDArray[np.int64]) -> NDArray[np.int64]:
    """The microsecond at which each row could first be read: its own, or the newest committed before it."""
    by_commit = np.argsort(commits, kind="stable")
    arrived = np.empty(len(at), np.int64)
    arrived[by_commit] = np.maximum.accumulate(at[by_commit])
    return arrived


@dataclass(frozen=True, slots=True)
class Queries:
    """Who asks: the row, the moment, and where the moment lies in time and in commit order.

    At activation the moment is the row's own; at a later stage it is later, and everything committed
    before the first row at or after the moment counts as committed.
    """

    rows: NDArray[np.int64]
    moments: NDArray[np.int64]  # microseconds
    orders: NDArray[np.int64]
    commits: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def seconds(self) -> NDArray[np.int32]:
        """Moments in whole seconds."""
        return seconds(self.moments)

    def pick(self, which: Array | slice) -> Queries:
        """Some of them."""
        return Queries(
            self.rows[which], self.moments[which], self.orders[which], self.commits[which]
        )


def activations(registrations: Registrations, commits: NDArray[np.int64]) -> Queries:
    """Every registration at its own moment."""
    rows = np.arange(len(registrations), dtype=np.int64)
    return Queries(rows, registrations.at, rows, commits)


def later(
    registrations: Registrations, commits: NDArray[np.int64], *, rows: Array, moments: Array
) -> Queries:
    """The given registrations at later moments."""
    orders = np.searchsorted(registrations.at, moments, side="left").astype(np.int64)
    least = np.append(np.minimum.accumulate(commits[::-1])[::-1], len(commits))
    return Queries(rows.astype(np.int64), moments, orders, least[orders].astype(np.int64))


@dataclass(frozen=True, slots=True)
class KeyView:
    """What one key says about every query: float32 columns, NaN where a query has no such key."""

    spec: KeySpec
    numbers: NDArray[np.float32]
    more: NDArray[np.float32]

    def count(self, window: str = "memory") -> Column:
        """Other registrations of the key within the window."""
        return self.numbers[:, WINDOWS.index(window)]

    def distinct(self, column: str, window: str = "memory") -> Column:
        """Different values of `column` among them."""
        at = W + W * self.spec.distinct.index(column)
        return self.numbers[:, at + WINDOWS.index(window)]

    def same(self, column: str, window: str = "memory") -> Column:
        """How many of them have the query's own value of `column`."""
        return self.numbers[:, self._same_at(column) + WINDOWS.index(window)]

    def nearest_same(self, column: str) -> Column:
        """1 if the nearest of them has the query's own value, 0 if another, NaN if unknown."""
        return self.numbers[:, self._same_at(column) + W]

    def flagged(self, flag: str, window: str = "memory") -> Column:
        """How many of them carry a flag of `windows.FLAGS`, as known at the moment."""
        return self.numbers[:, self.spec.width - ENDS - W * F + _FLAGGED[flag, window]]

    def all_flagged(self, window: str = "memory") -> NDArray[np.float32]:
        """The same of every flag: queries by FLAGS."""
        end = self.spec.width - ENDS
        return self.numbers[:, end - W * F + WINDOWS.index(window) : end : W]

    @property
    def gap(self) -> Column:
        """Seconds to the nearest of them; the whole memory where there is none."""
        return self.numbers[:, -ENDS]

    @property
    def reach(self) -> Column:
        """Seconds to the farthest of them; 0 where there is none."""
        return self.numbers[:, 1 - ENDS]

    @property
    def impression(self) -> Column:
        """The mean of the impressions that they made; NaN where nobody looked at any."""
        return self.numbers[:, -3]

    @property
    def worst_impression(self) -> Column:
        """The greatest of these."""
        return self.numbers[:, -2]

    @property
    def bad_impressions(self) -> Column:
        """The share of bad ones among these."""
        return self.numbers[:, -1]

    def _same_at(self, column: str) -> int:
        index = self.spec.same.index(column)
        return W + W * len(self.spec.distinct) + (W + 1) * index


@dataclass(frozen=True, slots=True)
class Asked:
    """The queries' side of a walk: code of the key, own values and own place in the SIM block."""

    codes: Array
    values: Array
    offsets: NDArray[np.int32]
    without: tuple[
        str, ...
    ] = ()  # columns: what shares them with a query is told as if never there


def key_view(
    ledger: Ledger, gathered: Group, *, spec: KeySpec, asked: Asked, queries: Queries
) -> KeyView:
    """Walk one key's histories for all queries, in the order in which they lie in memory."""
    n = len(queries)
    numbers = np.empty((n, spec.width), np.float32)
    more = np.zeros((n, 4 if spec.extra else 1), np.float32)
    codes = asked.codes.astype(np.int64)
    turns = np.argsort(codes * (len(gathered.codes) + 1) + queries.orders, kind="stable")
    without_key = codes < 0
    numbers[without_key] = np.nan
    more[without_key] = np.nan
    turns = turns[np.count_nonzero(without_key) :]  # these come first, and nobody walks them
    own = (turns, codes, asked.values, asked.offsets)
    queried = (*own, queries.seconds, queries.orders, queries.commits)
    how = (*spec.kernel, left_out([asked.without], np.zeros(n, np.int64)))
    walk(ledger.arrays, gathered.arrays, queried, how, spec.extra, numbers, more)
    return KeyView(spec, numbers, more)


def tell_impressions(
    view: KeyView, ledger: Ledger, gathered: Group, *, asked: Asked, queries: Queries
) -> None:
    """Have a view say what impressions its key's registrations made, some of which were made since."""
    codes = asked.codes.astype(np.int64)
    own = (np.flatnonzero(codes >= 0), codes, asked.values, asked.offsets)
    queried = (*own, queries.seconds, queries.orders, queries.commits)
    walk_again(ledger.arrays, gathered.arrays, queried, view.spec.kernel[:2], view.numbers)


def left_out(columns: Sequence[tuple[str, ...]], which: NDArray[np.int64]) -> tuple[Array, ...]:
    """What queries are told without, as `walk` takes it: `columns` by row, and each query's row."""
    sizes = np.array([len(names) for names in columns], np.int64)
    table = np.zeros((len(columns), max(sizes, default=0)), np.int64)
    for row, names in zip(table, columns, strict=True):
        row[: len(names)] = [VALUES.index(name) for name in names]
    return table, sizes, which


def ledger(
    values: Iterable[tuple[str, Array]],
    marks: Iterable[tuple[str, Array]],
    commits: Array,
    toggles: Toggles,
) -> Ledger:
    """Lay columns side by side, so that one entry is one or two cache lines. They come by name, one by one."""
    n = len(commits)
    table = np.zeros((n, len(VALUES)), np.int32)
    for name, column in values:
        table[:, VALUES.index(name)] = column
    mark = np.full((n, len(MARKS)), NOT_YET, np.int32)
    mark[:, [MARKS.index("flags"), MARKS.index("impression")]] = 0
    mark[:, MARKS.index("offset")] = -1
    for name, column in marks:
        mark[:, MARKS.index(name)] = column
    mark[:, MARKS.index("news")] = first_news(mark, toggles.start, toggles.at)
    return Ledger(table, mark, commits.astype(np.int64, copy=False), toggles.start, toggles.at)


@dataclass(frozen=True, slots=True)
class Toggles:
    """Per row, the seconds at which its verdict turned to fraud, back, and so on."""

    start: NDArray[np.int32]
    at: NDArray[np.int32]
