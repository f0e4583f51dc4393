"""Carriers, virtual operators, service centres and dealers, agents and tablets, addresses, SIM stock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from detector.registration import Float32, Int8, Int16, Int32, Int64, Table
from detector.simulate.calendar import DAY
from detector.simulate.country import Market
from detector.simulate.ledger import Ledger
from detector.simulate.places import Places
from detector.simulate.population import HOME_NETWORK, IPV6

NAMES = (
    "aurora", "brisa", "cobre", "delta", "estrella", "faro", "garza", "horizonte", "isla", "jade",
    "kiosko-movil", "lince",
)  # fmt: skip
MOBILE_NETWORK = 0xBB000000
OFFICE_NETWORK = 0xC8000000
TUNNEL_NETWORK = 0x9A100000
CENTRES, DEALERS = 0, 1
CAFE_NETWORK = 0xC0000000
CAFES = 6  # internet cafés and kiosks of a municipality, at most
OUTLETS = 8  # shops that sell a carrier's SIMs in one municipality, at most


@dataclass(frozen=True, slots=True)
class Shops(Table):
    """Points of sale, sorted by carrier, kind and place; agents and tablets are numbered through."""

    carrier: Int8
    kind: Int8
    place: Int32
    first_agent: Int32
    agents: Int16
    first_tablet: Int32
    tablets: Int16
    demo: Int32  # the handset in which the shop tries SIMs
    contact: Int32  # what a hurried agent types into the contact field


@dataclass(frozen=True, slots=True)
class Commerce:
    """The market's places and addresses."""

    market: Market
    places: Places
    shops: Shops
    first: NDArray[np.int32]  # (carrier, kind, place): the first shop that serves there
    count: NDArray[np.int32]
    steps: NDArray[np.float64]  # cumulative market shares
    cafe_devices: int  # the first device of the internet cafés, CAFES per place

    @property
    def carriers(self) -> int:
        """How many carriers."""
        return len(self.steps)

    def carrier_of(self, luck: Float32 | NDArray[np.float64]) -> Int8:
        """The carrier at a position (0-1) of the market."""
        return np.searchsorted(self.steps, luck).clip(0, self.carriers - 1).astype(np.int8)

    def shop(self, carrier: Int8, kind: Any, place: Int32, *, rng: np.random.Generator) -> Int32:
        """A shop that serves a place: busy ones oftener."""
        first, count = self.first[carrier, kind, place], self.count[carrier, kind, place]
        chosen: Int32 = first + (rng.random(len(place)) ** 1.6 * count).astype(np.int32)
        return chosen

    def agent(self, shop: Int32, rng: np.random.Generator) -> Int32:
        """Somebody who works there."""
        pick = rng.random(len(shop)) ** 1.3 * self.shops.agents[shop]
        return self.shops.first_agent[shop] + pick.astype(np.int32)

    def tablet(self, shop: Int32, agent: Int32) -> Int32:
        """The tablet that the agent uses: their own, or one of a few."""
        place_in_team = agent - self.shops.first_agent[shop]
        return self.shops.first_tablet[shop] + place_in_team % self.shops.tablets[shop]

    def retail_stock(self, carrier: Int8, place: Int32, rng: np.random.Generator) -> Int64:
        """The stock of a corner shop that sells a carrier's SIMs without registering them."""
        size = np.clip(self.places.weight[place] * 400, 1, OUTLETS).astype(np.int64)
        outlet = (rng.random(len(place)) * size).astype(np.int64)
        key = carrier.astype(np.int64) * len(self.places) + place
        return len(self.shops) + key * OUTLETS + outlet

    def mobile_ip(self, carrier: Int8, place: Int32, rng: np.random.Generator) -> Int64:
        """An address that many subscribers of a carrier in a state share."""
        width = 4096
        users = np.maximum(self.places.weight[place] * 40_000, 1)
        pool = np.clip(users * 30 / self.market.cgnat_users, 1, width - 1)
        state = self.places.state[place].astype(np.int64)
        network = MOBILE_NETWORK + (carrier.astype(np.int64) * 32 + state) * width
        return network + (rng.random(len(place)) * pool).astype(np.int64)

    def office_ip(self, place: Int32, rng: np.random.Generator) -> Int64:
        """Work, school, a café: an address some dozens share."""
        return OFFICE_NETWORK + place.astype(np.int64) * 256 + rng.integers(0, 60, len(place))

    def tunnel_ip(self, n: int, rng: np.random.Generator) -> Int64:
        """A commercial tunnel's exit."""
        return TUNNEL_NETWORK + (rng.random(n) ** 2 * 3000).astype(np.int64)

    def cafe_seats(self, place: Int32, rng: np.random.Generator) -> tuple[Int32, Int64]:
        """A shared device and its address in each place; a place has only a few."""
        some = np.clip(self.places.weight[place] * 150, 1, CAFES)
        number = (rng.random(len(place)) ** 1.5 * some).astype(np.int64)
        device = (self.cafe_devices + place * CAFES + number).astype(np.int32)
        return device, CAFE_NETWORK + place.astype(np.int64) * 8 + number

    def leased(self, ip: Int64, at: Int64) -> Int64:
        """A home address at a moment: providers change it within its network."""
        home = (ip >= HOME_NETWORK) & (ip < MOBILE_NETWORK)
        turn = at // (self.market.lease * DAY)
        moved = (ip & ~np.int64(255)) + (ip + turn * 89) % 254 + 1
        return np.where(home & (ip < IPV6), moved, ip)


def open_shops(
    rows: int, *, market: Market, places: Places, ledger: Ledger, rng: np.random.Generator
) -> Commerce:
    """Shops for a country of so many registrations; every carrier has at least one of each kind."""
    kinds = []
    for carrier, share in enumerate(market.shares):
        for kind, per_shop in (
            (CENTRES, market.rows_per_centre),
            (DEALERS, market.rows_per_dealer),
        ):
            wanted = int(np.ceil(rows * share * 0.22 / per_shop))
            spots = np.sort(places.draw(wanted, rng))
            kinds.append((np.full(wanted, carrier), np.full(wanted, kind), spots))
    carriers, stores, spots = (np.concatenate(column) for column in zip(*kinds, strict=True))
    shops = _staffed(carriers, stores, spots, market=market, ledger=ledger, rng=rng)
    first, count = _served(shops, len(market.shares), places)
    steps = np.cumsum(np.asarray(market.shares) / sum(market.shares))
    cafes = int(ledger.devices(len(places) * CAFES)[0])
    return Commerce(market, places, shops, first, count, steps, cafes)


def _staffed(
    carrier: NDArray[Any],
    kind: NDArray[Any],
    place: NDArray[Any],
    *,
    market: Market,
    ledger: Ledger,
    rng: np.random.Generator,
) -> Shops:
    n = len(carrier)
    team = np.where(
        kind == CENTRES, 1 + rng.poisson(market.agents_per_centre - 1, n), 1 + rng.poisson(0.4, n)
    ).astype(np.int16)
    shared = rng.random(n) < market.tablets_shared
    tablets = np.where(shared, np.maximum(team // 3, 1), team).astype(np.int16)
    first_device = ledger.device_count
    ledger.devices(int(tablets.sum()))
    return Shops(
        carrier=carrier.astype(np.int8),
        kind=kind.astype(np.int8),
        place=place.astype(np.int32),
        first_agent=(np.cumsum(team) - team).astype(np.int32),
        agents=team,
        first_tablet=(first_device + np.cumsum(tablets) - tablets).astype(np.int32),
        tablets=tablets,
        demo=ledger.handsets(n, rng),
        contact=ledger.contacts(n),
    )


def _served(shops: Shops, carriers: int, places: Places) -> tuple[Int32, Int32]:
    """Per carrier, kind and place: the shops of the nearest municipality that has any."""
    shape = (carriers, 2, len(places))
    first, count = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    spots = np.column_stack([places.x, places.y])
    for carrier in range(carriers):
        for kind in (CENTRES, DEALERS):
            mine = np.flatnonzero((shops.carrier == carrier) & (shops.kind == kind))
            towns, start, size = np.unique(shops.place[mine], return_index=True, return_counts=True)
            nearest = KDTree(spots[towns]).query(spots)[1]
            first[carrier, kind] = mine[0] + start[nearest]
            count[carrier, kind] = size[nearest]
    return first, count
