"""What all crews can draw on: leaked lists, the dead, honest registrations to hide among or to feed on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.registration import Bool, Int32, Int64
from detector.simulate.breaches import Breach
from detector.simulate.calendar import DAY
from detector.simulate.rows import CENTRE, DEALER, PORT, Rows
from detector.simulate.world import World, is_remote


@dataclass(frozen=True, slots=True)
class Index:
    """Positions sorted by a value, so that those with a value or in a span are a slice."""

    positions: Int64
    values: Int64

    def equal_to(self, value: int) -> Int64:
        """Positions with the value."""
        return self.within(value, value + 1)

    def within(self, low: int, high: int) -> Int64:
        """Positions with low <= value < high."""
        first, last = np.searchsorted(self.values, [low, high])
        return self.positions[first:last]


@dataclass(frozen=True, slots=True)
class Loot:
    """Lists for sale, and where to find which honest rows. All positions refer to `honest` or to people.

    Everything that needs a pass over the country is looked up here once, not once per ring.
    """

    world: World
    honest: Rows
    breaches: Sequence[Breach]
    lists: Sequence[Int32]  # the living members of each breach
    remote_times: Int64
    shop_times: Int64
    counter: Index  # people served by an agent, by time
    by_agent: Index  # the same, by agent
    by_shop: Index
    own_lines: Index  # people's first registrations of a line, by time
    living: Int32
    young: Int32
    villagers: Int32
    officials: Int32
    dead: Int32
    famous: Int32  # officials whom everybody knows

    def moments(self, shop: Bool, start: int, until: int, *, rng: np.random.Generator) -> Int64:
        """Moments of honest registrations between two times, some minutes beside them."""
        indoors = _between(self.shop_times, start, until, n=len(shop), rng=rng)
        outdoors = _between(self.remote_times, start, until, n=len(shop), rng=rng)
        return np.where(shop, indoors, outdoors) + rng.integers(0, 600, len(shop))

    def any_moment(self, rng: np.random.Generator) -> int:
        """The moment of some honest registration."""
        return int(self.honest.at[rng.integers(0, len(self.honest))])

    def names(self, n: int, at: int, rng: np.random.Generator) -> Int32:
        """Stolen identities as bought at a time: a stretch of one list, with some officials among them."""
        threat = self.world.country.threat
        listed = self._list(at, rng)
        start = int(rng.integers(0, max(len(listed) - n, 1)))
        stretch = listed[start : start + max(3 * n, 50)]
        picked = rng.choice(stretch, n, replace=len(stretch) < n).astype(np.int32)
        wanted = rng.random(n) < threat.officials_liked * rng.uniform(0, 2)
        if len(self.officials):
            picked[wanted] = rng.choice(self.officials, int(wanted.sum()))
        return picked

    def _list(self, at: int, rng: np.random.Generator) -> Int32:
        """A list on sale by then: fresh ones with images rather than old rolls, by the country's habit."""
        sold = [
            (members, breach.worth)
            for breach, members in zip(self.breaches, self.lists, strict=True)
            if breach.occurred_on * DAY < at and len(members) > 20
        ]
        good = [(members, worth) for members, worth in sold if worth >= 0.3]
        if good and rng.random() < self.world.country.threat.fresh_lists:
            worth = np.array([worth for _, worth in good])
            return good[int(rng.choice(len(good), p=worth / worth.sum()))][0]
        if sold and rng.random() < 0.6:
            return sold[int(rng.integers(0, len(sold)))][0]
        return self.living


def _index(positions: Int64, column: NDArray[np.integer]) -> Index:
    order = positions[np.argsort(column[positions], kind="stable")]
    return Index(order, column[order].astype(np.int64))


def gather_loot(world: World, breaches: Sequence[Breach], honest: Rows) -> Loot:
    """The loot of a country whose honest rows are known."""
    rng = world.rng("loot")
    people, remote = world.people, is_remote(honest)
    living = np.flatnonzero(~people.dead).astype(np.int32)
    officials = living[people.tier[living] >= 0]
    dead = np.flatnonzero(people.dead).astype(np.int32)
    natural = honest.who < len(people)
    served = np.flatnonzero(natural & ((honest.channel == CENTRE) | (honest.channel == DEALER)))
    famous = officials if len(officials) else living
    return Loot(
        world=world,
        honest=honest,
        breaches=breaches,
        lists=[breach.members[~people.dead[breach.members]] for breach in breaches],
        remote_times=np.sort(honest.at[remote]),
        shop_times=np.sort(honest.at[~remote]),
        counter=_index(served, honest.at),
        by_agent=_index(served, honest.agent),
        by_shop=_index(served, honest.pos),
        own_lines=_index(np.flatnonzero(natural & (honest.operation <= PORT)), honest.at),
        living=living,
        young=living[people.birth[living] > -3000],
        villagers=living[world.places.rural[people.home[living]]],
        officials=officials,
        dead=dead if len(dead) else living,
        famous=rng.choice(famous, max(len(famous) // 60, 3)).astype(np.int32),
    )


def _between(
    times: NDArray[np.int64], start: int, until: int, *, n: int, rng: np.random.Generator
) -> Int64:
    low, high = np.searchsorted(times, [start, until])
    low = min(int(low), max(len(times) - 1, 0))
    high = max(int(high), low + 1)
    return times[rng.integers(low, high, n)]
