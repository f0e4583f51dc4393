"""What all crews can draw on: leaked lists, the dead, honest registrations to hide among or to feed on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.registration import Bool, Int32, Int64
from detector.simulate.breaches import Breach
from detector.simulate.calendar import DAY
from detector.simulate.rows import Rows
from detector.simulate.world import World, is_remote


@dataclass(frozen=True, slots=True)
class Loot:
    """Lists for sale, and the honest rows of the country in time order."""

    world: World
    breaches: Sequence[Breach]
    honest: Rows
    remote_times: Int64
    shop_times: Int64
    counter: Int64  # positions of honest rows registered by an agent
    dead: Int32
    famous: Int32  # officials whom everybody knows

    def moments(self, shop: Bool, start: int, until: int, *, rng: np.random.Generator) -> Int64:
        """Moments of honest registrations between two times, a second or so beside them."""
        indoors = _between(self.shop_times, start, until, n=len(shop), rng=rng)
        outdoors = _between(self.remote_times, start, until, n=len(shop), rng=rng)
        return np.where(shop, indoors, outdoors) + rng.integers(0, 600, len(shop))

    def any_moment(self, rng: np.random.Generator) -> int:
        """The moment of some honest registration."""
        return int(self.honest.at[rng.integers(0, len(self.honest))])

    def names(self, n: int, at: int, rng: np.random.Generator) -> Int32:
        """Stolen identities as bought at a time: a stretch of one list, with some officials among them."""
        threat, people = self.world.country.threat, self.world.people
        listed = self._list(at, rng)
        start = int(rng.integers(0, max(len(listed) - n, 1)))
        stretch = listed[start : start + max(3 * n, 50)]
        picked = rng.choice(stretch, n, replace=len(stretch) < n).astype(np.int32)
        wanted = rng.random(n) < threat.officials_liked * rng.uniform(0, 2)
        officials = np.flatnonzero((people.tier >= 0) & ~people.dead)
        if len(officials):
            picked[wanted] = rng.choice(officials, int(wanted.sum()))
        return picked

    def _list(self, at: int, rng: np.random.Generator) -> Int32:
        """A list on sale by then: fresh ones with images rather than old rolls, by the country's habit."""
        people, threat = self.world.people, self.world.country.threat
        sold = [b for b in self.breaches if b.occurred_on * DAY < at and len(b.members) > 20]
        good = [b for b in sold if b.worth >= 0.3]
        if good and rng.random() < threat.fresh_lists:
            worth = np.array([b.worth for b in good])
            members = good[int(rng.choice(len(good), p=worth / worth.sum()))].members
        elif sold and rng.random() < 0.6:
            members = sold[int(rng.integers(0, len(sold)))].members
        else:
            members = np.arange(len(people), dtype=np.int32)
        alive = members[~people.dead[members]]
        return alive if len(alive) else np.arange(len(people), dtype=np.int32)


def gather_loot(world: World, breaches: Sequence[Breach], honest: Rows) -> Loot:
    """The loot of a country whose honest rows are known."""
    rng = world.rng("loot")
    people = world.people
    remote = is_remote(honest)
    officials = np.flatnonzero((people.tier >= 0) & ~people.dead)
    everybody = np.arange(len(people), dtype=np.int32)
    pool = officials if len(officials) else everybody
    dead = np.flatnonzero(people.dead)
    return Loot(
        world=world,
        breaches=breaches,
        honest=honest,
        remote_times=np.sort(honest.at[remote]),
        shop_times=np.sort(honest.at[~remote]),
        counter=np.flatnonzero(honest.pos >= 0),
        dead=(dead if len(dead) else everybody).astype(np.int32),
        famous=rng.choice(pool, max(len(pool) // 60, 3)).astype(np.int32),
    )


def _between(
    times: NDArray[np.int64], start: int, until: int, *, n: int, rng: np.random.Generator
) -> Int64:
    low, high = np.searchsorted(times, [start, until])
    low = min(int(low), max(len(times) - 1, 0))
    high = max(int(high), low + 1)
    return times[rng.integers(low, high, n)]
