"""What was known at the moment of a few registrations, told from the records of their keys alone.

`Glimpse` answers the same questions as `Past` does for a whole folder, through the same kernels, with
histories that somebody else fetched. So a vector made live is the vector of a replay, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.compiled import njit
from detector.context import ATTACH_HANDSET, Context
from detector.exposure import Exposure
from detector.history import (
    ATTACH_SPECS,
    SPECS,
    Asked,
    Group,
    KeySpec,
    KeyView,
    Queries,
    key_view,
    seconds,
)
from detector.lifecycle import STAGES, Aftermath, aftermath
from detector.records import (
    TOKEN_PLACES,
    TOKENS,
    Laid,
    Record,
    earliest_commits,
    fingerprints,
    places_in_time,
    unpacked,
)
from detector.registration import LineEvents, Registrations
from detector.rings import RING_KEYS, RingViews, no_rings
from detector.wave import Wave
from detector.windows import VALUES

Array = NDArray[Any]
LAST = np.iinfo(np.int64).max


@njit(nogil=True, cache=True)
def _orders(laid: Any, codes: Array, moments: Array, numbers: Array) -> NDArray[np.int64]:
    """Per query, the first row of its record that is not before (moment, number) in time order."""
    at, sequence, offsets = laid
    out = np.zeros(codes.shape[0], np.int64)
    for q in range(codes.shape[0]):
        if codes[q] >= 0:
            span = (offsets[codes[q]], offsets[codes[q] + 1])
            out[q] = places_in_time(at, sequence, span, (moments[q], numbers[q]))
    return out


def own_values(own: Registrations) -> NDArray[np.int64]:
    """Rows as the columns of VALUES that an entry is compared by, tokens whole."""
    values = np.zeros((len(own), len(VALUES)), np.int64)
    for name in TOKENS:
        values[:, VALUES.index(name)] = getattr(own, name)
    values[:, VALUES.index("second")] = seconds(own.at)
    values[:, VALUES.index("own")] = own.sequence
    values[:, VALUES.index("carrier")] = own.carrier.astype(np.int64) + 1
    values[:, VALUES.index("place")] = own.place
    values[:, VALUES.index("state")] = own.place // 1000
    return values


def _plain(which: NDArray[np.int64], tokens: NDArray[np.int64]) -> NDArray[np.int64]:
    del which
    return fingerprints(tokens)


@dataclass(frozen=True)
class Histories:
    """Records by what they are of: per key (or per attach key) the record of each row, -1 where it has none.

    `prints` says what each of some records (by position) holds instead of a row of tokens.
    """

    records: Sequence[Record]
    codes: Mapping[str, NDArray[np.int32]]
    prints: Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.int64]] = _plain

    def comparable(self, codes: Array, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """Values of rows as the record of each (by `codes`) has them."""
        out, held = values.copy(), np.flatnonzero(codes >= 0)
        if len(held):
            cells = np.ix_(held, np.array(TOKEN_PLACES))
            out[cells] = self.prints(codes[held].astype(np.int64), values[cells])
        return out


@dataclass(frozen=True)
class Glimpse:
    """Registrations asked about, with the records of their keys (their own entries among them).

    Queries of a glimpse carry in `orders` the number that settles ties of time (a registration's own
    sequence; 0 at a later moment, which sees only what is strictly earlier) and in `commits` the first
    sequence that they do not see.
    """

    registrations: Registrations
    line_events: LineEvents
    exposure: Exposure
    histories: Histories
    attaches: Histories
    wave: Wave
    observed: NDArray[np.int64]  # by carrier
    base: int  # what has a lower sequence was committed before every query

    @cached_property
    def _laid(self) -> Laid:
        return unpacked(self.histories.records, observed=self.observed, base=self.base)

    @cached_property
    def _earliest(self) -> NDArray[np.int64]:
        return earliest_commits(self._laid.entries.commits, self._laid.offsets)

    @cached_property
    def _attach_laid(self) -> Laid:
        return unpacked(self.attaches.records, observed=self.observed, base=LAST)

    @cached_property
    def _values(self) -> NDArray[np.int64]:
        return own_values(self.registrations)

    def context(
        self, stage: str, queries: Queries, rings: RingViews, *, without: tuple[str, ...] = ()
    ) -> Context:
        """What was known at each query's moment; `without` as `Past.context` has it."""
        own = self.registrations.take(queries.rows)
        columns = tuple(c for c in without if c != ATTACH_HANDSET)
        if set(RING_KEYS) <= set(without):
            rings = no_rings(len(queries))
        values, offsets = self._values[queries.rows], own.block_offset.astype(np.int32)

        def view(spec: KeySpec) -> KeyView:
            codes = self.histories.codes[spec.name][queries.rows]
            asked = Asked(codes, self.histories.comparable(codes, values), offsets, columns)
            return _view(self._laid, self._earliest, spec, asked, queries)

        after, attaches = None, None
        if stage != STAGES[0]:
            after = aftermath(
                self.registrations,
                self.line_events,
                rows=queries.rows,
                moments=queries.moments,
                observed=self.observed[self.registrations.carrier.astype(np.int64)],
            )
            attaches = self._attach_views(queries, values, after, without)
        return Context(
            stage,
            own,
            queries,
            {spec.name: view(spec) for spec in SPECS},
            np.asfortranarray(self.wave.usual_share(queries.seconds), np.float32),
            self.wave.tempo(queries.seconds, carriers=own.carrier, operations=own.operation).astype(
                np.float32
            ),
            rings,
            Exposure(
                self.exposure.grade[queries.rows],
                self.exposure.incidents[queries.rows],
                self.exposure.tier[queries.rows],
            ),
            after,
            attaches,
        )

    def _attach_views(
        self, queries: Queries, values: Array, after: Aftermath, without: tuple[str, ...]
    ) -> dict[str, KeyView]:
        """What else was seen on the handset and at the place where each line was last seen."""
        columns = tuple(c for c in without if c not in {"handset", ATTACH_HANDSET})
        columns += ("handset",) if ATTACH_HANDSET in without else ()
        own, last = values.copy(), after.last_attach
        found = last >= 0
        seen = self.line_events.take(last[found])
        own[found, VALUES.index("second")] = seconds(seen.at)
        own[found, VALUES.index("handset")] = seen.handset
        own[found, VALUES.index("place")] = seen.place
        own[found, VALUES.index("state")] = seen.place // 1000
        none = np.full(len(last), -1, np.int32)
        everything = np.full(len(last), LAST)
        here = Queries(queries.rows, queries.moments, everything, everything)
        views = {}
        for spec in ATTACH_SPECS:
            codes = none.copy()
            codes[found] = self.attaches.codes[spec.name][last[found]]
            asked = Asked(codes, self.attaches.comparable(codes, own), none, columns)
            views[spec.name] = _view(self._attach_laid, np.empty(0, np.int64), spec, asked, here)
        return views


def _view(laid: Laid, earliest: Array, spec: KeySpec, asked: Asked, queries: Queries) -> KeyView:
    orders = _orders(
        (laid.at, laid.sequence, laid.offsets), asked.codes, queries.moments, queries.orders
    )
    n = len(laid.at)
    rows = np.arange(n, dtype=np.int32)
    gathered = Group(rows, rows, laid.offsets, earliest)
    placed = Queries(queries.rows, queries.moments, orders, queries.commits)
    return key_view(laid.entries, gathered, spec=spec, asked=asked, queries=placed)
