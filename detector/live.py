"""What was known at the moment of a few registrations, told from the records of their keys alone.

`Glimpse` answers the same questions as `Past` does for a whole folder, through the same kernels, with
histories that somebody else fetched. So a vector made live is the vector of a replay, bit for bit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.context import ATTACH_HANDSET, Context
from detector.exposure import Exposure
from detector.glances import Asked, Histories, Keys
from detector.history import ATTACH_SPECS, SPECS, KeyView, Queries, left_out, seconds
from detector.laid import Laid, earliest_commits, laid_out
from detector.lifecycle import STAGES, Aftermath, aftermath
from detector.records import TOKENS
from detector.registration import LineEvents, Registrations
from detector.rings import RING_KEYS, RingViews, no_rings
from detector.wave import Wave
from detector.windows import MARKS, VALUES

Array = NDArray[Any]
Columns = tuple[str, ...]
LAST = np.iinfo(np.int64).max
_IMPRESSION = MARKS.index("impression")
REGISTERED, ATTACHED = Keys(SPECS), Keys(ATTACH_SPECS)


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
        return laid_out(self.histories.records, observed=self.observed, base=self.base)

    @cached_property
    def _earliest(self) -> NDArray[np.int64]:
        return earliest_commits(self._laid.entries.commits, self._laid.offsets)

    @cached_property
    def _attach_laid(self) -> Laid:
        return laid_out(self.attaches.records, observed=self.observed, base=LAST)

    @cached_property
    def _values(self) -> NDArray[np.int64]:
        return own_values(self.registrations)

    @cached_property
    def _comparable(self) -> NDArray[np.int64]:
        """Own values of all registrations as the records of their keys have them."""
        return self.histories.comparable(self.histories.codes, self._values)

    def context(
        self, stage: str, queries: Queries, rings: RingViews, *, without: Columns = ()
    ) -> Context:
        """What was known at each query's moment; `without` as `Past.context` has it."""
        return self.together(stage, queries, rings, without=[without] * len(queries))

    def together(
        self, stage: str, queries: Queries, rings: RingViews, *, without: Sequence[Columns]
    ) -> Context:
        """The same where each query is told without other columns."""
        own = self.registrations.take(queries.rows)
        kinds, which = _kinds(without)
        columns = [tuple(c for c in kind if c != ATTACH_HANDSET) for kind in kinds]
        asked = self._asked(queries, left_out(columns, which))
        untied = np.array([set(RING_KEYS) <= set(kind) for kind in kinds], np.bool_)[which]
        after, attaches = None, None
        if stage != STAGES[0]:
            after = aftermath(
                self.registrations,
                self.line_events,
                rows=queries.rows,
                moments=queries.moments,
                observed=self.observed[self.registrations.carrier.astype(np.int64)],
            )
            attaches = self._attach_views(queries, after, (kinds, which))
        return Context(
            stage,
            own,
            queries,
            REGISTERED.views(self._laid, self._earliest, asked, queries),
            np.asfortranarray(self.wave.usual_share(queries.seconds), np.float32),
            self.wave.tempo(queries.seconds, carriers=own.carrier, operations=own.operation).astype(
                np.float32
            ),
            _untied(rings, untied),
            Exposure(
                self.exposure.grade[queries.rows],
                self.exposure.incidents[queries.rows],
                self.exposure.tier[queries.rows],
            ),
            after,
            attaches,
        )

    def tell_impressions(
        self, context: Context, levels: NDArray[np.uint8], keys: Collection[str]
    ) -> None:
        """Learn what impressions the registrations made, by row, and have some keys' views of a context say so.

        They are numbered from `base` on, and their entries are the only ones of such numbers.
        """
        numbers = self.registrations.sequence
        assert np.array_equal(numbers, self.base + np.arange(len(levels)))
        laid, queries = self._laid, context.queries
        theirs = laid.sequence >= self.base
        laid.entries.marks[theirs, _IMPRESSION] = levels[laid.sequence[theirs] - self.base]
        asked = self._asked(queries, left_out([()], np.zeros(len(queries), np.int64)))
        REGISTERED.tell_impressions(
            context.views, laid, self._earliest, asked=asked, queries=queries, keys=keys
        )

    def _asked(self, queries: Queries, without: tuple[Array, ...]) -> Asked:
        return Asked(
            np.ascontiguousarray(self.histories.codes[:, queries.rows]),
            self._comparable[:, queries.rows],
            self.registrations.block_offset[queries.rows].astype(np.int32),
            without,
        )

    def _attach_views(
        self, queries: Queries, after: Aftermath, without: tuple[list[Columns], NDArray[np.int64]]
    ) -> Mapping[str, KeyView]:
        """What else was seen on the handset and at the place where each line was last seen."""
        kinds, which = without
        columns = [
            tuple(c for c in kind if c not in {"handset", ATTACH_HANDSET})
            + (("handset",) if ATTACH_HANDSET in kind else ())
            for kind in kinds
        ]
        own, last = self._values[queries.rows], after.last_attach
        found = last >= 0
        seen = self.line_events.take(last[found])
        own[found, VALUES.index("second")] = seconds(seen.at)
        own[found, VALUES.index("handset")] = seen.handset
        own[found, VALUES.index("place")] = seen.place
        own[found, VALUES.index("state")] = seen.place // 1000
        codes = np.full((len(ATTACH_SPECS), len(last)), -1, np.int64)
        codes[:, found] = self.attaches.codes[:, last[found]]
        everything = np.full(len(last), LAST)
        here = Queries(queries.rows, queries.moments, everything, everything)
        nowhere = np.full(len(last), -1, np.int32)
        values = self.attaches.comparable(codes, own)
        asked = Asked(codes, values, nowhere, left_out(columns, which))
        return ATTACHED.views(self._attach_laid, np.empty(0, np.int64), asked, here)


def _kinds(without: Sequence[Columns]) -> tuple[list[Columns], NDArray[np.int64]]:
    """The different ones, and which is each query's."""
    kinds: dict[Columns, int] = {}
    which = [kinds.setdefault(columns, len(kinds)) for columns in without]
    return list(kinds), np.array(which, np.int64)


def _untied(rings: RingViews, which: NDArray[np.bool_]) -> RingViews:
    """The views, those of some queries as if they were tied to nobody."""
    if not which.any():
        return rings
    nobody = no_rings(len(which))
    return RingViews(
        np.where(which[:, None], nobody.numbers, rings.numbers),
        np.where(which, nobody.ring, rings.ring),
    )
