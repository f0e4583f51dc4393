"""The views of all keys of a few registrations, from their records, in one call of a kernel.

What a call costs does not depend on how many keys there are, and a live answer asks about few
registrations; `history.key_view` asks about many, one key at a time, through the same `walk`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.compiled import njit
from detector.history import KeySpec, KeyView, Queries
from detector.laid import Laid, places_in_time
from detector.records import TOKEN_PLACES, Record, fingerprints
from detector.walks import walk, walk_again

Array = NDArray[Any]
Prints = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.int64]]
MOST_MORE = 4  # what `walk` may tell beside a key's numbers


def _plain(which: NDArray[np.int64], tokens: NDArray[np.int64]) -> NDArray[np.int64]:
    del which
    return fingerprints(tokens)


@dataclass(frozen=True)
class Histories:
    """Records, and which of them is each row's by key: `codes` is keys by rows, -1 where a row has none.

    `prints` says what each of some records (by position) holds instead of a row of tokens.
    """

    records: Sequence[Record]
    codes: NDArray[np.int64]
    prints: Prints = _plain

    def comparable(self, codes: Array, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """Values of rows (by key) as the record of each has them."""
        out = np.repeat(values[None], len(codes), axis=0)
        keys, rows = np.nonzero(codes >= 0)
        if len(rows):
            whole = values[rows][:, TOKEN_PLACES]
            out[keys[:, None], rows[:, None], TOKEN_PLACES] = self.prints(codes[keys, rows], whole)
        return out


@dataclass(frozen=True)
class Keys:
    """Some specs as the kernel takes them."""

    specs: tuple[KeySpec, ...]

    @cached_property
    def arrays(self) -> tuple[Array, ...]:
        """K, memory, extra, where each key's numbers begin, and the columns it counts and compares."""
        kernels = [spec.kernel for spec in self.specs]
        k, memory = (np.array([kernel[i] for kernel in kernels], np.int64) for i in (0, 1))
        extra = np.array([spec.extra for spec in self.specs], np.int64)
        starts = np.cumsum([0, *(spec.width for spec in self.specs)]).astype(np.int64)
        distinct = _padded([columns for _, _, columns, _ in kernels])
        same = _padded([columns for _, _, _, columns in kernels])
        return (k, memory, extra, starts, *distinct, *same)

    def views(
        self, laid: Laid, earliest: Array, asked: Asked, queries: Queries
    ) -> Mapping[str, KeyView]:
        """What each key says about every query."""
        n, (*_, starts) = len(queries), self.arrays[:4]
        numbers = np.full(starts[-1] * n, np.nan, np.float32)
        more = np.full((len(self.specs), n, MOST_MORE), np.nan, np.float32)
        records, own = _records(laid, earliest), _own(asked, queries)
        _views(laid.entries.arrays, records, own, (*self.arrays, asked.without), (numbers, more))
        return {
            spec.name: KeyView(
                spec,
                numbers[n * low : n * (low + spec.width)].reshape(n, spec.width),
                more[i] if spec.extra else more[i, :, :1],
            )
            for i, (spec, low) in enumerate(zip(self.specs, starts.tolist(), strict=False))
        }

    def tell_impressions(
        self,
        views: Mapping[str, KeyView],
        laid: Laid,
        earliest: Array,
        *,
        asked: Asked,
        queries: Queries,
        keys: Collection[str],
    ) -> None:
        """Have views of some keys say what impressions the others made, where some were made since.

        Nothing is left out.
        """
        records, own = _records(laid, earliest), _own(asked, queries)
        for key, spec in enumerate(self.specs):
            if spec.name in keys:
                out, how = views[spec.name].numbers, spec.kernel[:2]
                _views_again(laid.entries.arrays, records, own, (key, *how), out)


def _records(laid: Laid, earliest: Array) -> tuple[Array, ...]:
    rows = np.arange(len(laid.at), dtype=np.int32)
    return rows, earliest, laid.offsets, laid.at, laid.sequence


def _own(asked: Asked, queries: Queries) -> tuple[Array, ...]:
    moments = queries.moments, queries.seconds, queries.orders, queries.commits
    return asked.codes, asked.values, asked.offsets, *moments


@dataclass(frozen=True, slots=True)
class Asked:
    """The queries' side, by key: codes of records, own values as each record has them; and own places in
    the SIM block, and what each query is told without (`history.left_out`)."""

    codes: NDArray[np.int64]
    values: NDArray[np.int64]
    offsets: NDArray[np.int32]
    without: tuple[Array, ...]


def _padded(rows: Sequence[Array]) -> tuple[Array, Array]:
    """Rows of unequal length as a matrix, and their lengths."""
    sizes = np.array([len(row) for row in rows], np.int64)
    out = np.zeros((len(rows), max(sizes, default=0)), np.int64)
    for place, row in zip(out, rows, strict=True):
        place[: len(row)] = row
    return out, sizes


@njit(nogil=True, cache=True)
def _in_turn(codes: Array, records: Any, when: Any, turns: Array, placed: Array) -> int:
    """Which queries have a key, and where the moment of each lies in its record; how many they are."""
    _, _, offsets, at, sequence = records
    moments, orders = when
    held = 0
    for q in range(codes.shape[0]):
        code = codes[q]
        if code >= 0:
            turns[held] = q
            held += 1
            span = (offsets[code], offsets[code + 1])
            placed[q] = places_in_time(at, sequence, span, (moments[q], orders[q]))
    return held


@njit(nogil=True, cache=True)
def _views(ledger: Any, records: Any, queries: Any, how: Any, out: Any) -> None:
    """`walk` for each key; a query without a key keeps what is in `out`."""
    codes, owns, own_offsets, moments, seconds, orders, commits = queries
    k, memory, extra, starts, distinct, distincts, same, sames, without = how
    numbers, more = out
    n = moments.shape[0]
    turns, placed = np.empty(n, np.int64), np.zeros(n, np.int64)
    for key in range(codes.shape[0]):
        held = _in_turn(codes[key], records, (moments, orders), turns, placed)
        for turn in range(held):
            more[key, turns[turn]] = 0
        width = starts[key + 1] - starts[key]
        own = numbers[n * starts[key] : n * starts[key + 1]].reshape((n, width))
        asked = (turns[:held], codes[key], owns[key], own_offsets, seconds, placed, commits)
        counted, compared = distinct[key, : distincts[key]], same[key, : sames[key]]
        spec = (k[key], memory[key], counted, compared, without)
        walk(ledger, records[:3], asked, spec, extra[key], own, more[key])


@njit(nogil=True, cache=True)
def _views_again(ledger: Any, records: Any, queries: Any, how: Any, out: Array) -> None:
    """`walk_again` for one key."""
    codes, owns, own_offsets, moments, seconds, orders, commits = queries
    key, k, memory = how
    n = moments.shape[0]
    turns, placed = np.empty(n, np.int64), np.zeros(n, np.int64)
    held = _in_turn(codes[key], records, (moments, orders), turns, placed)
    asked = (turns[:held], codes[key], owns[key], own_offsets, seconds, placed, commits)
    walk_again(ledger, records[:3], asked, (k, memory), out)
