"""Who lives in the country, in which household and town, with which phone; and where lines are sold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detector.lands.travellers.habits import Habits
from detector.lands.travellers.writing import Flags, Floats, Ints, scatter

NETWORKS_AT_HOME = 8  # networks of a town, at most
SHARED = 100_000  # number of the first network behind which mobile data hides
EXITS = 200_000  # number of the first network of a proxy that anybody can rent
_TIERS = np.array([0.30, 0.45, 0.15, 0.07, 0.03])  # federal, state, municipal, security, other


@dataclass(frozen=True, slots=True)
class People:
    """Adults, the dead among them; a minor's line stands in the name of the head of the family."""

    household: Ints
    place: Ints
    man: Flags
    born: Ints  # days after 1900
    state: Ints
    carrier: Ints
    lines: Ints  # lines already in use when registration began
    children: Ints  # more such lines, of minors, on the head of the family
    head: Ints  # who registers for the household
    tier: Ints  # rank among officials, -1 for everybody else
    aide: Ints  # who does an official's errands, -1 for none
    roaming: Flags
    passport: Flags
    dead: Flags
    exposed: Flags  # in a breach that leaks what an impostor needs
    replaced: Ints  # day on which the first handset was replaced; past the year for most
    second: Ints  # the handset that replaced it

    def handset(self, who: Ints, at: Floats) -> Ints:
        """The handset in a person's pocket at a time in seconds; the first one has the person's number."""
        return np.where(at / 86_400 < self.replaced[who], who, self.second[who])


@dataclass(frozen=True, slots=True)
class Places:
    """Municipalities, with their weight in the country."""

    code: Ints
    weight: Floats
    village: Flags
    networks: Ints


@dataclass(frozen=True, slots=True)
class Shops:
    """Points of sale; `first` and `count` find those that sell a carrier in a town."""

    place: Ints
    centre: Flags
    agents: Ints
    tablets: Ints
    order: Ints
    first: Ints
    count: Ints


class Counter:
    """Hands out numbers for things that were never seen before."""

    def __init__(self, start: int) -> None:
        """Start where the numbers of known things end."""
        self._next = start

    def take(self, count: int) -> Ints:
        """The next `count` numbers."""
        self._next += count
        return np.arange(self._next - count, self._next, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class World:
    """All that exists before anybody registers anything."""

    habits: Habits
    seed: int
    rng: np.random.Generator
    people: People
    places: Places
    shops: Shops
    companies: int
    invented: int
    things: Counter  # devices, handsets and contacts beyond those of people
    lines: Counter

    def company(self, index: Ints) -> Ints:
        """The identity number of a company."""
        return index + len(self.people.place)

    def made_up(self, index: Ints) -> Ints:
        """The identity number of somebody who does not exist; six in a row share a root."""
        return index + len(self.people.place) + self.companies

    def home_ip(self, who: Ints, at: Floats) -> Ints:
        """The address of a person's home, which its provider renews now and then."""
        home = self.people.household[who]
        term = (at / 86_400).astype(np.int64) + home % self.habits.lease
        host = scatter(home * 4096 + term // self.habits.lease, self.seed + 11) % 240 + 5
        town = self.people.place[who]
        network = scatter(home, self.seed + 12) % self.places.networks[town]
        return (town * NETWORKS_AT_HOME + network) * 256 + host

    def mobile_ip(self, carrier: Ints) -> Ints:
        """One of the few addresses behind which a carrier hides thousands of telephones."""
        network = SHARED + carrier * 16 + self.rng.integers(0, 6, len(carrier))
        return network * 256 + self.rng.integers(0, 250, len(carrier))

    def exit_ip(self, count: int) -> Ints:
        """An address of a rented proxy or private network."""
        return (EXITS + self.rng.integers(0, 12, count)) * 256 + self.rng.integers(0, 120, count)

    def shop_for(self, place: Ints, carrier: Ints) -> Ints:
        """A shop of the town that sells the carrier; the busy ones are drawn more often."""
        cell = place * len(self.habits.carriers) + carrier
        draw = self.rng.random(len(place)) ** self.habits.busy
        turn = (draw * self.shops.count[cell]).astype(np.int64)
        return np.asarray(self.shops.order[self.shops.first[cell] + turn])

    def agent_of(self, shop: Ints, at: Floats) -> Ints:
        """Who is on shift in a shop: mostly the same person all day."""
        day = (at / 43_200).astype(np.int64)
        return shop * 8 + scatter(shop * 1024 + day, self.seed + 13) % self.shops.agents[shop]

    def tablet_of(self, shop: Ints) -> Ints:
        """The tablet of a shop that runs a registration; shops' things have numbers below zero."""
        return -10 - shop * 4 - self.rng.integers(0, 4, len(shop)) % self.shops.tablets[shop]


def settle(habits: Habits, size: int, seed: int, rng: np.random.Generator) -> World:
    """A country of a size that makes about `size` registrations in the year."""
    places = _places(rng, max(12, min(320, size // 900)))
    people = _people(habits, rng, places, int(size * 0.50))
    companies = max(8, int(size * habits.fleets / 9))
    return World(
        habits=habits,
        seed=seed,
        rng=rng,
        people=people,
        places=places,
        shops=_shops(rng, places, habits, max(24, size // 550)),
        companies=companies,
        invented=max(60, size // 300),
        things=Counter(len(people.place) * 2),
        lines=Counter(0),
    )


def _places(rng: np.random.Generator, count: int) -> Places:
    weight = 1 / (np.arange(count) + 3.0) ** 0.9
    state = rng.permutation(np.arange(count) % 32) + 1
    # No state has more than 570 municipalities, so these numbers are nobody's.
    code = state * 1000 + 600 + rng.permutation(390)[:count]
    village = np.arange(count) > count * rng.uniform(0.35, 0.6)
    networks = np.clip(np.arange(count, 0, -1) * NETWORKS_AT_HOME // count, 1, NETWORKS_AT_HOME)
    return Places(code, weight / weight.sum(), village, networks)


def _people(habits: Habits, rng: np.random.Generator, places: Places, count: int) -> People:
    sizes = rng.choice([1, 2, 3, 4, 5], count, p=[0.2, 0.36, 0.22, 0.14, 0.08])
    household = np.repeat(np.arange(count), sizes)[:count]
    starts = np.flatnonzero(np.r_[True, household[1:] != household[:-1]])
    head = starts[household]
    home = rng.choice(len(places.code), household[-1] + 1, p=places.weight)
    favourite = rng.choice(len(habits.carriers), household[-1] + 1, p=habits.market)
    stray = rng.random(count) < 0.35
    roaming = rng.random(count) < habits.roaming
    is_head = head == np.arange(count)
    tier = np.where(rng.random(count) < 0.045, rng.choice(5, count, p=_TIERS), -1)
    aided = (tier >= 0) & (rng.random(count) < 0.12)
    return People(
        household=household,
        place=home[household],
        man=rng.random(count) < 0.49,
        born=39_400 - (rng.beta(1.6, 2.6, count) * 26_000).astype(np.int64),
        state=rng.integers(0, 32, count),
        carrier=np.where(
            stray,
            rng.choice(len(habits.carriers), count, p=habits.market),
            favourite[household],
        ),
        lines=rng.choice([0, 1, 2, 3], count, p=[0.12, 0.68, 0.16, 0.04]),
        children=np.where(is_head, rng.poisson(0.45, count), 0),
        head=head,
        tier=tier,
        aide=np.where(aided, rng.integers(0, count, count), -1),
        roaming=roaming,
        passport=roaming & (rng.random(count) < 0.35),
        dead=(rng.random(count) < 0.02) & ~is_head,
        exposed=rng.random(count) < np.where(tier >= 0, 2.5, 1.0) * habits.exposed,
        **_handsets(habits, rng, count),
    )


def _handsets(habits: Habits, rng: np.random.Generator, count: int) -> dict[str, Ints]:
    """Replaced handsets: new ones, and used ones that a stranger sold a while before."""
    changed = rng.random(count) < 0.3
    replaced = np.where(changed, rng.integers(0, 357, count), 9_999)
    second = np.arange(count) + count
    used = np.flatnonzero(changed & (rng.random(count) < habits.second_hand))
    used = used[np.argsort(replaced[used])]
    second[used[3:]] = used[:-3]
    return {"replaced": replaced, "second": second}


def _shops(rng: np.random.Generator, places: Places, habits: Habits, count: int) -> Shops:
    """One shop in every town that sells all, and more by the town's weight that sell one or two."""
    towns, carriers = len(places.code), len(habits.carriers)
    place = np.r_[np.arange(towns), rng.choice(towns, count, p=places.weight)]
    sells = rng.random((len(place), carriers)) < np.maximum(0.25, habits.market)
    sells[:towns] = True
    shop, carrier = np.nonzero(sells)
    cell = place[shop] * carriers + carrier
    # A random order within each cell: which shop is busy is nobody's number.
    order = np.lexsort((rng.random(len(cell)), cell))
    number = np.bincount(cell, minlength=towns * carriers)
    centre = rng.random(len(place)) < 0.3
    return Shops(
        place=place,
        centre=centre,
        agents=np.where(centre, rng.integers(3, 8, len(place)), rng.integers(1, 4, len(place))),
        tablets=np.where(centre, rng.integers(2, 5, len(place)), 1),
        order=shop[order],
        first=np.r_[0, np.cumsum(number)[:-1]],
        count=number,
    )
