"""What is later seen on the lines: first use, further sightings, leaving, unlinking, reports."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detector.registration import Int8, Int32, Int64, Table
from detector.simulate.calendar import DAY
from detector.simulate.counter import HOUR
from detector.simulate.rows import LEAVES, NONE, REPORTED, UNLINKS, Rows
from detector.simulate.world import World

FIRST_ATTACH, ATTACH, ABANDONED, UNLINKED, REPORT = range(5)


@dataclass(frozen=True, slots=True)
class Sightings(Table):
    """Line events; `row` is the registration's position."""

    row: Int32
    at: Int64
    kind: Int8
    handset: Int32
    place: Int32


def line_events(world: World, rows: Rows) -> Sightings:
    """All events up to the end of observation, in time order."""
    rng = world.rng("events")
    parts = [_first(rows), _further(world, rows, rng), _endings(rows)]
    all_events = _stacked(parts)
    end = world.calendar.end + world.country.rhythm.after * DAY
    kept = all_events.take((all_events.at < end) & (all_events.at >= rows.at[all_events.row]))
    return kept.take(np.argsort(kept.at, kind="stable"))


def _first(rows: Rows) -> Sightings:
    used = np.flatnonzero(rows.first_use >= 0).astype(np.int32)
    return Sightings(
        row=used,
        at=rows.at[used] + rows.first_use[used],
        kind=np.full(len(used), FIRST_ATTACH, np.int8),
        handset=rows.use_handset[used],
        place=rows.use_place[used],
    )


def _further(world: World, rows: Rows, rng: np.random.Generator) -> Sightings:
    """Sparse later sightings: at the same handset and place, or at the next ones from some day on."""
    count = rng.poisson(rows.sightings) * (rows.first_use >= 0)
    row = np.repeat(np.arange(len(rows), dtype=np.int32), count)
    wait = rng.exponential(12 * DAY, len(row)).astype(np.int64) + HOUR
    changed = rng.random(len(row)) < 0.65
    handset = np.where(
        changed & (rows.next_handset[row] >= 0), rows.next_handset[row], rows.use_handset[row]
    )
    place = np.where(
        changed & (rows.next_place[row] >= 0), rows.next_place[row], rows.use_place[row]
    )
    out = np.flatnonzero(rng.random(len(row)) < 0.06)
    place[out] = world.places.neighbour(place[out].clip(0), rng)
    return Sightings(
        row=row,
        at=rows.at[row] + rows.first_use[row] + wait,
        kind=np.full(len(row), ATTACH, np.int8),
        handset=handset.astype(np.int32),
        place=place.astype(np.int32),
    )


def _endings(rows: Rows) -> Sightings:
    ended = np.flatnonzero(rows.ending > 0).astype(np.int32)
    kinds = np.zeros(REPORTED + 1, np.int8)
    kinds[[LEAVES, UNLINKS, REPORTED]] = ABANDONED, UNLINKED, REPORT
    return Sightings(
        row=ended,
        at=rows.ends_at[ended],
        kind=kinds[rows.ending[ended]],
        handset=np.full(len(ended), NONE, np.int32),
        place=np.full(len(ended), NONE, np.int32),
    )


def _stacked(parts: list[Sightings]) -> Sightings:
    return Sightings(
        **{name: np.concatenate([getattr(p, name) for p in parts]) for name in Sightings.__slots__}
    )
