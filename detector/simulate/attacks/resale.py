"""Where sold SIMs go: to buyers who may know nothing, to callers, to boxes, behind prison walls."""

from __future__ import annotations

import numpy as np

from detector.registration import Int32
from detector.simulate.attacks.crew import Crew
from detector.simulate.calendar import DAY
from detector.simulate.counter import HOUR, first_uses
from detector.simulate.rows import LEAVES, NONE, REPORTED, UNLINKS, Rows

MINUTES_10 = 600


def sell(crew: Crew, rows: Rows, *, near: bool = False) -> None:
    """Hand the SIMs over: another handset, often another place, after days; some stay on the shelf."""
    rng, n, threat = crew.rng, len(rows), crew.world.country.threat
    rows.first_use[:] = first_uses(crew.world, rows, rng)
    rows.use_handset[:] = np.where(
        rows.handset >= 0, rows.handset, crew.world.ledger.handsets(n, rng)
    )
    rows.use_place[:] = rows.place
    sold = np.flatnonzero(rng.random(n) < threat.hand_over)
    handset, place = _buyers(crew, len(sold), rows.place[sold], near=near)
    tested = rng.random() < 0.35
    if tested:
        rows.next_handset[sold], rows.next_place[sold] = handset, place
        rows.sightings[sold] = 1.2
    else:
        rows.use_handset[sold], rows.use_place[sold] = handset, place
        wait = np.exp(rng.normal(np.log(rng.uniform(0.6, 6) * DAY), 1.1, len(sold)))
        rows.first_use[sold] = wait.astype(np.int64) + HOUR
        rows.first_use[rng.random(n) < rng.uniform(0.0, 0.3)] = NONE  # still on the shelf
    end_some(crew, rows)


def _buyers(crew: Crew, n: int, where: Int32, *, near: bool) -> tuple[Int32, Int32]:
    """Innocent buyers put it into their own handset; others use one handset for several."""
    rng, world = crew.rng, crew.world
    innocent = rng.random(n) < world.country.threat.innocent_buyers
    person = rng.integers(0, len(world.people), n)
    several = crew.runs(n, rng.uniform(0.3, 1.0), 8.0)
    fresh = world.ledger.handsets(n, rng)[several]
    far = np.where(innocent, world.people.home[person], world.places.draw(n, rng))
    local = rng.random(n) < (0.85 if near else rng.uniform(0.1, 0.7))
    beside = np.where(rng.random(n) < 0.6, where, world.places.neighbour(where, rng))
    handset = np.where(innocent, person, fresh).astype(np.int32)
    return handset, np.where(local, beside, far).astype(np.int32)


def into_boxes(crew: Crew, rows: Rows, *, per_handset: float) -> None:
    """Many SIMs cycling through a few handsets in one place."""
    rng, n = crew.rng, len(rows)
    pool = crew.world.ledger.handsets(max(int(n / per_handset), 1), rng)
    rows.first_use[:] = (np.exp(rng.normal(np.log(9 * HOUR), 1.5, n)) + MINUTES_10).astype(np.int64)
    rows.use_handset[:] = pool[rng.integers(0, len(pool), n)]
    rows.next_handset[:] = pool[rng.integers(0, len(pool), n)]
    site = crew.world.places.draw(1, rng)[0] if rng.random() < 0.6 else crew.base
    rows.use_place[:] = site
    rows.sightings[:] = 1.6
    end_some(crew, rows)


def behind_walls(crew: Crew, rows: Rows) -> None:
    """A few handsets in a place with a prison, after some days."""
    rng, n, places = crew.rng, len(rows), crew.world.places
    site = int(rng.choice(np.flatnonzero(places.prison)))
    pool = crew.world.ledger.handsets(max(n // 4, 1), rng)
    rows.first_use[:] = (np.exp(rng.normal(np.log(3 * DAY), 1.0, n)) + HOUR).astype(np.int64)
    rows.use_handset[:] = pool[rng.integers(0, len(pool), n)]
    rows.next_handset[:] = pool[rng.integers(0, len(pool), n)]
    inside = rng.random(n) < 0.8
    beside = places.neighbour(np.full(n, site, np.int32), rng)
    rows.use_place[:] = np.where(inside, site, beside)
    rows.sightings[:] = 1.4
    end_some(crew, rows, reported=0.06)


def end_some(crew: Crew, rows: Rows, *, reported: float = 0.015) -> None:
    """Some lines are given up, some unlinked by their named holders, a few reported."""
    rng, n, market = crew.rng, len(rows), crew.world.country.market
    u = rng.random(n)
    late = (rows.at + np.exp(rng.normal(np.log(22 * DAY), 1.0, n))).astype(np.int64)
    soon = (rows.at + np.exp(rng.normal(np.log(25 * 60), 1.0, n))).astype(np.int64)
    leaves = u < market.abandoned * 1.3
    unlinks = u > 1 - market.unlinked * 2.5
    seen = (u > 0.5) & (u < 0.5 + reported)
    rows.ending[leaves], rows.ending[unlinks], rows.ending[seen] = LEAVES, UNLINKS, REPORTED
    rows.ends_at[:] = np.where(leaves, soon, late)
    rows.first_use[leaves] = NONE
