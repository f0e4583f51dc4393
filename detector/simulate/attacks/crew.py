"""A ring: who works, how carefully, with which tools. The primitives that every attack is made of.

A crew registers through the same counters as anybody. Its own are only its intentions: how many lines, on
whose names, in which days, and how much trouble it takes to look like many people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.registration import Bool, Int8, Int32, Int64
from detector.simulate.attacks.loot import Loot
from detector.simulate.calendar import DAY
from detector.simulate.counter import MINUTE, birthdays, channels, equip, serve
from detector.simulate.rows import EXISTING, NEW, NONE, PATTERNS, POSTPAID, PREPAID, Rows, rows_of
from detector.simulate.world import World, is_remote

SMALLEST_LOT = 10  # what sellers offer


@dataclass(frozen=True, slots=True)
class Crew:
    """One ring with its budget of lines and its habits (each 0 careless - 1 careful)."""

    world: World
    loot: Loot
    rng: np.random.Generator
    pattern: str
    ring: int
    size: int
    start: int  # seconds since 1970
    days: float
    remote: float  # share of its registrations done from afar
    care_devices: float
    care_addresses: float
    care_sims: float
    care_handsets: float
    skill: float  # of forging
    base: int  # the place it works from

    @property
    def until(self) -> int:
        """The end of its work."""
        return min(self.start + int(self.days * DAY) + 3600, self.world.calendar.end)

    def runs(self, n: int, care: float, longest: float = 60.0) -> NDArray[np.int64]:
        """Group numbers of `n` uses: how many uses before something is thrown away, heavy-tailed."""
        typical = 1 + (longest - 1) * (1 - care) ** 3
        lengths = 1 + self.rng.exponential(np.maximum(typical - 1, 1e-3), n) * self.rng.pareto(
            2.5, n
        )
        ends = np.cumsum(np.maximum(lengths.astype(np.int64), 1))
        return np.searchsorted(ends, np.arange(n), side="right")

    def carriers(self, n: int) -> Int8:
        """Carriers of `n` lines: a few, chosen by their share of the market."""
        known = self.world.commerce.carrier_of(self.rng.random(1 + self.rng.poisson(1.2)))
        return known[self.rng.integers(0, len(known), n)]

    def moments(self, shop: Bool, *, together: float = 1.0) -> Int64:
        """When: in sittings whose moments are those of honest registrations in the crew's days."""
        sitting = self.runs(len(shop), 1 - together * (1 - self.care_devices), 12.0)
        counts = np.bincount(sitting)
        first = np.repeat(np.cumsum(counts) - counts, counts)
        begins = self.loot.moments(shop, self.start, self.until, rng=self.rng)[first]
        pause = np.exp(self.rng.normal(np.log(6 * MINUTE), 1.0, len(shop))).astype(np.int64) + 20
        passed = np.cumsum(pause)
        moments: Int64 = np.minimum(begins + passed - passed[first], self.world.calendar.end - 1)
        return moments

    def places(self, who: Int32) -> Int32:
        """Where: near the names' owners, or in the crew's own town and around."""
        world, n = self.world, len(who)
        people = world.people
        known = who < len(people)
        homes = np.where(known, people.home[np.where(known, who, 0)], self.base).astype(np.int32)
        own = np.full(n, self.base, np.int32)
        around = self.rng.random(n) < 0.25
        own[around] = world.places.neighbour(own[around], self.rng)
        near = self.rng.random() < world.country.threat.near_home
        mostly = self.rng.random(n) < (0.85 if near else 0.1)
        return np.where(mostly, homes, own).astype(np.int32)


def _operations(crew: Crew, n: int) -> Int8:
    """New lines; some crews also buy lines that somebody used for years."""
    used = crew.rng.beta(0.5, 1.5) if crew.rng.random() < 0.5 else 0.0
    return np.where(crew.rng.random(n) < used, EXISTING, NEW).astype(np.int8)


def rows_for(
    crew: Crew, who: Int32, *, operation: Any = None, carrier: Int8 | None = None, **given: Any
) -> Rows:
    """Registrations on the given names with the crew's tools; `given` columns replace the usual ones."""
    n, rng, world = len(who), crew.rng, crew.world
    operations = _operations(crew, n) if operation is None else operation
    remote = rng.random(n) < crew.remote
    rows = rows_of(
        n,
        at=crew.moments(~remote),
        who=who,
        carrier=crew.carriers(n) if carrier is None else carrier,
        operation=operations,
        channel=channels(world, remote=remote, operation=operations, rng=rng),
        plan=np.where(rng.random(n) < 0.12, POSTPAID, PREPAID),
        line=NONE,
        sim=NONE,
        place=crew.places(who),
        fraud=True,
        pattern=PATTERNS.index(crew.pattern),
        ring=crew.ring,
        liveness=_forged(crew, who),
        fumbles=0.17 + 0.2 * (1 - crew.skill),
    )
    _take_tools(crew, rows)
    for name, value in given.items():
        getattr(rows, name)[:] = value
    rows.first_seen[:] = birthdays(rows.operation, rows.at, rng)
    serve(world, rows, np.flatnonzero(~is_remote(rows)), rng=rng)
    return rows


def _forged(crew: Crew, who: Int32) -> NDArray[np.float64]:
    """How a forged face does against a real one of the same age and camera."""
    people = crew.world.people
    camera = np.where(who < len(people), people.camera[np.minimum(who, len(people) - 1)], 0.0)
    return 0.5 * camera - 1.3 * (1 - crew.skill) + 0.1


def _take_tools(crew: Crew, rows: Rows) -> None:
    """Devices, addresses, handsets and contacts that nobody had before, or real people's."""
    n, rng, ledger, people = len(rows), crew.rng, crew.world.ledger, crew.world.people
    device = crew.runs(n, crew.care_devices)
    rows.device[:] = ledger.devices(int(device[-1]) + 1)[device]
    rows.ip[:] = _addresses(crew, rows)
    handset = crew.runs(n, crew.care_handsets, 30.0)
    rows.handset[:] = ledger.handsets(int(handset[-1]) + 1, rng)[handset]
    rows.contact[:] = _contacts(crew, n)
    if rng.random() < crew.world.country.threat.borrowed:
        lender = rng.integers(0, len(people), int(device[-1]) + 1).astype(np.int32)[device]
        rows.device[:] = lender
        at_home = rng.random(n) < rng.random()
        home = crew.world.commerce.leased(people.home_ip[lender], rows.at)
        rows.ip[at_home] = home[at_home]
        inside = rng.random(n) < rng.random()
        rows.handset[inside] = lender[inside]


def _addresses(crew: Crew, rows: Rows) -> Int64:
    """Hired residential addresses, a carrier's shared ones, tunnels, the crew's own flat."""
    world, rng, n = crew.world, crew.rng, len(rows)
    commerce, people = world.commerce, world.people
    turn = crew.runs(n, crew.care_addresses, 25.0)
    host = rng.integers(0, len(people), n)
    own = np.full(n, people.home_ip[rng.integers(0, len(people))])
    ways = [
        commerce.leased(people.home_ip[host], rows.at),
        commerce.mobile_ip(rows.carrier, rows.place, rng),
        commerce.office_ip(rows.place, rng),
        commerce.tunnel_ip(n, rng),
        commerce.leased(own, rows.at),
    ]
    liking = rng.dirichlet([0.9, 1.0, 0.25, 0.2, 0.6 * (1.3 - crew.care_addresses)])
    chosen = np.choose(rng.choice(5, n, p=liking), ways)
    return chosen[np.searchsorted(turn, turn)]


def _contacts(crew: Crew, n: int) -> Int32:
    given = crew.rng.random(n) < crew.world.country.market.contact_given * crew.rng.uniform(
        0.5, 1.2
    )
    turn = crew.runs(n, 0.3 + 0.7 * crew.care_devices, 20.0)
    return np.where(given, crew.world.ledger.contacts(int(turn[-1]) + 1)[turn], NONE).astype(
        np.int32
    )


def buy_lots(crew: Crew, rows: Rows) -> None:
    """SIMs for the rows: lots of ten and more from shops' stock, or smaller handfuls for the careful."""
    rng, n = crew.rng, len(rows)
    lot_size = (
        SMALLEST_LOT * (1 + rng.pareto(1.5)) if rng.random() > crew.care_sims else rng.uniform(1, 5)
    )
    lot_size = 1.0 if crew.care_sims == 1.0 else lot_size
    order = rng.permutation(n) if rng.random() < crew.care_sims else np.arange(n)
    lot = np.empty(n, np.int64)
    lot[order] = np.arange(n) // max(int(lot_size), 1)
    lot = lot * 16 + rows.carrier  # a lot is of one carrier
    lot = np.where(rows.operation == EXISTING, 10**6 + np.arange(n), lot)  # used ones come singly
    _, lot = np.unique(lot, return_inverse=True)
    lots = int(lot.max()) + 1
    first = np.searchsorted(np.sort(lot), np.arange(lots))
    example = np.argsort(lot, kind="stable")[first]
    town = np.full(lots, crew.base, np.int32)
    town = np.where(rng.random(lots) < 0.4, crew.world.places.draw(lots, rng), town).astype(
        np.int32
    )
    stocks = crew.world.commerce.retail_stock(rows.carrier[example], town, rng)
    earliest = np.full(lots, np.iinfo(np.int64).max)
    np.minimum.at(earliest, lot, rows.at)
    bought = earliest - np.exp(rng.normal(np.log(DAY), 1.3, lots)).astype(np.int64) - MINUTE
    used = rows.operation == EXISTING
    alive = rows.first_seen.astype(np.int64) * DAY
    equip(
        crew.world,
        rows,
        rng,
        stocks=stocks[lot],
        bought_at=np.where(used, alive, bought[lot]),
        tight=~used & (rng.random(n) < rng.uniform(0.4, 0.97)),
        sold_in=town[lot],
    )
