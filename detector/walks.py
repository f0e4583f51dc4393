"""Many queries of one key at once: the kernels of `windows` and `extras` in one call."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.compiled import njit
from detector.extras import neighbour_run, open_lines
from detector.windows import SLOTS, impressions, profile, visible

Array = NDArray[Any]


@njit(nogil=True, cache=True)
def walk(
    ledger: Any,
    group: Any,
    queries: Any,
    spec: Any,
    extra: int,
    out: Array,
    more: Array,
) -> None:
    """`profile` and `impressions` of some queries of one key (and `open_lines` or `neighbour_run`, by `extra` 1
    or 2).

    `ledger` is (values, marks, commits, labels, toggles); `group` (rows, earliest_after, offsets);
    `queries` (which of them have the key, in the order best taken; code of the key, own values, own
    offset, moment, order, commit); `spec` (K, memory, distinct, same, and `without`: columns in rows, how
    many each row has, and which row is each query's).
    """
    values, marks, commits, labels, toggles = ledger
    rows, earliest_after, offsets = group
    turns, codes, owns, own_offsets, moments, orders, committed = queries
    k, memory, distinct, same, without = spec
    columns, sizes, which = without
    picked = np.empty(k, np.int32)
    slots = np.zeros((max(distinct.shape[0], 1), SLOTS), values.dtype)
    stamps = np.zeros((max(distinct.shape[0], 1), SLOTS), np.int32)
    taken = np.zeros(1000, np.int32)
    counts = np.empty(distinct.shape[0] + same.shape[0], np.int64)
    bounds = np.empty(2, np.int64)
    query = np.empty(3, np.int64)
    when = np.empty(2, np.int64)
    for turn in range(turns.shape[0]):
        q = turns[turn]
        code = codes[q]
        stamp = 2 * turn + 1
        bounds[0], bounds[1] = offsets[code], offsets[code + 1]
        query[0], query[1], query[2] = orders[q], committed[q], k
        own = owns[q]
        less = columns[which[q], : sizes[which[q]]]
        n = visible(rows, values, commits, earliest_after, bounds, query, own, less, picked)
        when[0], when[1] = moments[q], memory
        profile(
            values, marks, labels, toggles, picked, n, own, when,
            distinct, same, slots, stamps, stamp, counts, out[q],
        )  # fmt: skip
        impressions(values, marks, picked, n, own, memory, out[q])
        if extra == 1:
            open_lines(
                values, marks, picked, n, own, moments[q],
                slots, stamps, stamp + 1, more[q],
            )  # fmt: skip
        elif extra == 2 and own_offsets[q] >= 0:
            neighbour_run(
                values, marks, picked, n, own, own_offsets[q],
                slots, stamps, stamp + 1, taken, more[q],
            )  # fmt: skip


@njit(nogil=True, cache=True)
def walk_again(ledger: Any, group: Any, queries: Any, spec: Any, out: Array) -> None:
    """`impressions` only, of all that a key's registrations left; arguments as `walk` has them."""
    values, marks, commits, _, _ = ledger
    rows, earliest_after, offsets = group
    turns, codes, owns, _, _, orders, committed = queries
    k, memory = spec
    nothing = np.empty(0, np.int64)
    picked = np.empty(k, np.int32)
    bounds, query = np.empty(2, np.int64), np.empty(3, np.int64)
    for turn in range(turns.shape[0]):
        q = turns[turn]
        bounds[0], bounds[1] = offsets[codes[q]], offsets[codes[q] + 1]
        query[0], query[1], query[2] = orders[q], committed[q], k
        own = owns[q]
        n = visible(rows, values, commits, earliest_after, bounds, query, own, nothing, picked)
        impressions(values, marks, picked, n, own, memory, out[q])
