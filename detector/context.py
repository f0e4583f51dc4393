"""Everything that may be known of a registration at a moment, laid out as columns for the signals.

`Past` prepares a data folder once: ledger, groups, wave, rings. `Past.context` answers a batch of
queries. This is the only way features get at the past, for training, scoring and one event alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from detector.exposure import Exposure, exposure
from detector.flags import fixed_flags
from detector.history import (
    ATTACH_SPECS,
    SPECS,
    Asked,
    Column,
    Group,
    KeySpec,
    KeyView,
    Ledger,
    Queries,
    Toggles,
    activations,
    arrivals,
    commit_ranks,
    group,
    key_view,
    later,
    ledger,
    seconds,
    seconds_known,
    tell_impressions,
)
from detector.lifecycle import (
    STAGES,
    Aftermath,
    Lifecycle,
    aftermath,
    lifecycle,
    renamed,
    stage_moments,
)
from detector.pieces import in_order
from detector.registration import (
    EVENT_KINDS,
    DataFolder,
    Labels,
    LineEvents,
    Registrations,
)
from detector.rings import RING_KEYS, RingViews, no_rings, ring_views
from detector.wave import Wave, wave
from detector.windows import FLAGS, VALUES

Array = NDArray[Any]

ATTACH_HANDSET = "attach_handset"  # a column of attaches, not of registrations


@dataclass(frozen=True, slots=True)
class Context:
    """One batch of queries: the rows themselves and what was known at their moments."""

    stage: str
    own: Registrations
    queries: Queries
    views: Mapping[str, KeyView]
    usual: NDArray[np.float32]  # queries by FLAGS: the country's recent shares
    tempo: Column
    rings: RingViews
    exposure: Exposure
    aftermath: Aftermath | None = None
    attaches: Mapping[str, KeyView] | None = None
    _excesses: dict[tuple[int, str], tuple[KeyView, Column]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )  # by view, which is kept beside so that its number stays its own: flags by queries
    _worst: dict[tuple[str, ...], Column] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def on(self, key: str) -> KeyView:
        """The view of one key."""
        return self.views[key]

    def excess(self, view: KeyView, flag: str, window: str = "memory") -> Column:
        """By how many standard deviations more of the key's others carry `flag` than is usual in the
        country. 0 where there are no others: one flagged neighbour of a rare kind counts, a hundred
        of a common kind do not."""
        column: Column = self._excesses_on(view, window)[FLAGS.index(flag)]
        return column

    def _excesses_on(self, view: KeyView, window: str = "memory") -> Column:
        """All flags at once: features ask for most of them, each in its turn."""
        held = self._excesses.get((id(view), window))
        if held is None:
            held = self._excesses[id(view), window] = view, self._excess(view, window)
        return held[1]

    def worst_excess(self, keys: tuple[str, ...], flag: str) -> Column:
        """The greatest such excess among some keys' others; NaN where a row has none of these keys."""
        held = self._worst.get(keys)
        if held is None:
            held = self._worst[keys] = self._worst_of([self._excesses_on(self.on(k)) for k in keys])
        column: Column = held[FLAGS.index(flag)]
        return column

    @staticmethod
    def _worst_of(excesses: list[Column]) -> Column:
        columns = np.stack(excesses)
        known = ~np.isnan(columns)
        worst = np.where(known, columns, -np.inf).max(axis=0)
        return np.where(known.any(axis=0), worst, np.nan).astype(np.float32)

    def _excess(self, view: KeyView, window: str) -> Column:
        usual = np.minimum(self.usual.T, 0.9)
        expected = view.count(window) * usual
        z: Array = (view.all_flagged(window).T - expected) / np.sqrt(expected * (1 - usual) + 0.25)
        return z.astype(np.float32)


class Known(Protocol):
    """Whoever can say what was known of registrations at a moment: `Past` for a whole folder, and
    `live.Glimpse` for the few that somebody asks about now."""

    @property
    def registrations(self) -> Registrations:
        """The rows that queries point at."""
        ...

    def context(
        self, stage: str, queries: Queries, rings: RingViews, *, without: tuple[str, ...] = ()
    ) -> Context:
        """What was known at each query's moment."""
        ...


@dataclass(frozen=True)
class Past:
    """A data folder prepared for asking."""

    registrations: Registrations
    line_events: LineEvents
    exposure: Exposure
    first_attach: NDArray[np.int64]  # of each row, microseconds; NEVER if never
    observed: NDArray[np.int64]  # from when on its carrier reported events
    commits: NDArray[np.int64]
    groups: Mapping[str, Group]
    entries: Ledger
    wave: Wave

    @classmethod
    def of(cls, folder: DataFolder, *, answered: Array | None = None) -> Past:
        """Prepare a folder: what each row is as a history entry, and who belongs together.

        `answered` are, for a replay, the seconds of what a live store had answered before each row.
        """
        own = folder.registrations
        commits = commit_ranks(own)
        arrived = arrivals(own.at, commits)
        late = bool((np.diff(commits) < 0).any())  # a tie may be committed out of order, too
        keys = [_ids(own, spec.name) for spec in SPECS]
        gathered = in_order(lambda ids: group(ids, commits, late=late), keys)
        groups = dict(zip((spec.name for spec in SPECS), gathered, strict=True))
        facts = lifecycle(own, folder.line_events, arrived=arrived)
        exposed = exposure(
            own.identity,
            own.at,
            breaches=folder.breaches,
            members=folder.breach_members,
            officials=folder.officials,
        )
        flags = fixed_flags(own, exposed, groups=groups, commits=commits)
        lines = groups["line"]
        another = renamed((lines.rows, lines.offsets), own.identity, arrived)
        marks = _marks(own, facts, flags=flags, renamed=another)
        toggles = verdict_toggles(folder.labels, len(own))
        entries = ledger(_values(own, groups), marks, commits, toggles)
        tide = wave(
            entries, operations=own.operation, carriers=len(own.carriers), answered=answered
        )
        pa.default_memory_pool().release_unused()  # what grouping took, before rings are grown
        return cls(
            own,
            folder.line_events,
            exposed,
            facts.first_attach.copy(),  # a view of all facts, which the ledger's marks have told
            facts.observed,
            commits,
            groups,
            entries,
            tide,
        )

    def queries(self, stage: str) -> Queries:
        """All registrations that reach a stage, at the moment they do."""
        if stage == STAGES[0]:
            return activations(self.registrations, self.commits)
        rows, moments = stage_moments(
            self.registrations, self.line_events, stage=stage, first_attach=self.first_attach
        )
        return later(self.registrations, self.commits, rows=rows, moments=moments)

    def rings(self, asked: Mapping[str, Queries]) -> dict[str, RingViews]:
        """The rings of all queries, by stage: one pass over time."""
        batches = [(queries, stage == STAGES[0]) for stage, queries in asked.items()]
        views = ring_views(
            self.entries,
            {key: self.groups[key] for key in RING_KEYS},
            at=self.registrations.at,
            asked=batches,
        )
        return dict(zip(asked, views, strict=True))

    def context(
        self, stage: str, queries: Queries, rings: RingViews, *, without: tuple[str, ...] = ()
    ) -> Context:
        """What was known at each query's moment.

        `without` asks what would be known had the other registrations never been that share one of
        these columns (ATTACH_HANDSET: the attaches in the same handset) with the query.
        """
        own = self.registrations.take(queries.rows)
        values = self.entries.values[queries.rows]
        offsets = own.block_offset.astype(np.int32)
        columns = tuple(c for c in without if c != ATTACH_HANDSET)
        if set(RING_KEYS) <= set(without):
            rings = no_rings(len(queries))

        def view(spec: KeySpec) -> KeyView:
            gathered = self.groups[spec.name]
            asked = Asked(gathered.codes[queries.rows], values, offsets, columns)
            return key_view(self.entries, gathered, spec=spec, asked=asked, queries=queries)

        seconds_now = queries.seconds
        after, attaches = None, None
        if stage != STAGES[0]:
            after = self._aftermath(queries)
            attaches = self._attach_ledger.views(queries, values, after, without=without)
        return Context(
            stage,
            own,
            queries,
            {spec.name: view(spec) for spec in SPECS},
            np.asfortranarray(self.wave.usual_share(seconds_now), np.float32),
            self.wave.tempo(seconds_now, carriers=own.carrier, operations=own.operation).astype(
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

    def tell_impressions(self, context: Context, keys: Iterable[str]) -> None:
        """Have a context say what impressions some keys' others made, where some were made since it was."""
        queries = context.queries
        values = self.entries.values[queries.rows]
        offsets = context.own.block_offset.astype(np.int32)
        for key in keys:
            asked = Asked(self.groups[key].codes[queries.rows], values, offsets)
            tell_impressions(
                context.on(key), self.entries, self.groups[key], asked=asked, queries=queries
            )

    def _aftermath(self, queries: Queries) -> Aftermath:
        return aftermath(
            self.registrations,
            self.line_events,
            rows=queries.rows,
            moments=queries.moments,
            observed=self.observed,
        )

    @cached_property
    def _attach_ledger(self) -> Attaches:
        return Attaches.of(self)


def _ids(own: Registrations, key: str) -> NDArray[np.int64]:
    if key == "place":
        return own.place.astype(np.int64)
    ids: NDArray[np.int64] = getattr(own, key)
    return ids


def _values(own: Registrations, groups: Mapping[str, Group]) -> Iterator[tuple[str, Array]]:
    for name in VALUES:
        if name in groups and name != "place":
            yield name, groups[name].codes + 1
    yield "second", seconds(own.at)
    yield "own", np.arange(1, len(own) + 1, dtype=np.int32)
    yield "carrier", own.carrier.astype(np.int32) + 1
    yield "place", own.place
    yield "state", own.place // 1000


def _marks(
    own: Registrations, facts: Lifecycle, *, flags: Array, renamed: Array
) -> Iterator[tuple[str, Array]]:
    yield "flags", flags
    yield "offset", own.block_offset
    for name in ("handed_over", "travelled", "closed", "reported", "silent"):
        yield name, seconds_known(getattr(facts, name))
    yield "renamed", seconds_known(renamed)


def verdict_toggles(labels: Labels, n: int) -> Toggles:
    """Seconds at which each row's verdict turned to fraud, back, and so on."""
    row, fraud = labels.row, labels.fraud
    first = np.diff(row, prepend=-1) != 0
    before = np.where(first, False, np.roll(fraud, 1)) if len(row) else fraud
    turns = fraud != before
    counts = np.bincount(row[turns], minlength=n)[:n]
    start = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
    return Toggles(start, seconds_known(labels.at[turns]))


@dataclass(frozen=True)
class Attaches:
    """The attaches of all lines as a second ledger, gathered by handset and by place.

    An attach of before its row arrived is left out: when it happened nobody could read it.
    """

    events: Array  # position in line_events of each attach, in time order
    at: NDArray[np.int64]
    groups: Mapping[str, Group]
    entries: Ledger
    position: Array  # of each line event in `events`, -1 if it is no attach

    @classmethod
    def of(cls, past: Past) -> Attaches:
        """Gather the attaches of a prepared folder."""
        seen = past.line_events
        attach = seen.kind <= EVENT_KINDS.index("attach")
        arrived = arrivals(past.registrations.at, past.commits)
        events = np.flatnonzero(attach & (seen.at >= arrived[seen.row]))
        events = events[np.argsort(seen.at[events], kind="stable")]
        rows, commits = seen.row[events], np.arange(len(events), dtype=np.int64)
        groups = {
            "handset": group(seen.handset[events], commits, late=False),
            "place": group(seen.place[events].astype(np.int64), commits, late=False),
        }
        lines = past.entries.values[rows]
        values: dict[str, Array] = {name: lines[:, i] for i, name in enumerate(VALUES)}
        values |= {
            "second": seconds(seen.at[events]),
            "handset": groups["handset"].codes + 1,
            "place": seen.place[events],
            "state": seen.place[events] // 1000,
        }
        entries = ledger(
            values.items(),
            (),
            commits,
            Toggles(np.zeros(len(events) + 1, np.int32), np.empty(0, np.int32)),
        )
        entries.marks[:] = past.entries.marks[rows]
        position = np.full(len(seen), -1, np.int64)
        position[events] = np.arange(len(events))
        return cls(events, seen.at[events], groups, entries, position)

    def views(
        self, queries: Queries, values: Array, after: Aftermath, *, without: tuple[str, ...]
    ) -> dict[str, KeyView]:
        """What else was seen on the handset and at the place where each line was last seen."""
        columns = tuple(c for c in without if c not in {"handset", ATTACH_HANDSET})
        columns += ("handset",) if ATTACH_HANDSET in without else ()
        last = np.full(len(queries), -1, np.int64)
        known = after.last_attach >= 0
        last[known] = self.position[after.last_attach[known]]
        orders = np.searchsorted(self.at, queries.moments, side="right").astype(np.int64)
        here = Queries(queries.rows, queries.moments, orders, orders)
        own = values.copy()
        found = last >= 0
        own[found] = self.entries.values[last[found]]
        own[:, VALUES.index("own")] = values[:, VALUES.index("own")]
        none = np.full(len(last), -1, np.int32)

        def view(spec: KeySpec) -> KeyView:
            gathered = self.groups[spec.name]
            codes = np.where(found, gathered.codes[last], -1) if len(self.events) else none
            asked = Asked(codes, own, none, columns)
            return key_view(self.entries, gathered, spec=spec, asked=asked, queries=here)

        return {spec.name: view(spec) for spec in ATTACH_SPECS}
