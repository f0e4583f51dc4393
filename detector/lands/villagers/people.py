"""Households with kin in other towns, and what happens to their people in a year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.lands.villagers.arrays import Bools, Floats, Ints, pick
from detector.lands.villagers.country import Country
from detector.lands.villagers.papers import birthdays, curps, passports, rfcs

NEVER = 9.0  # later than any share of the year


@dataclass(frozen=True)
class People:
    """Arrays with a place per person, households side by side, towns side by side; firms last."""

    count: int
    home: Ints
    town: Ints
    kin: Ints
    first: Ints
    members: Ints
    town_first: Ints
    town_people: Ints
    female: Bools
    age: Floats
    head: Bools
    migrant: Bools
    official: Bools
    aide: Bools
    abroad: Bools
    dead: Bools
    dies: Floats
    moves: Floats
    moved_to: Ints
    phone: Ints
    carrier: Ints
    identity: NDArray[Any]
    identity_type: NDArray[Any]

    def where(self, who: Ints, share: Floats) -> Ints:
        """The town somebody lives in by then."""
        return np.where(self.moves[who] < share, self.moved_to[who], self.town[who])

    def living(self) -> Ints:
        """Those alive at New Year."""
        return np.flatnonzero(~self.dead[: self.count])


def settled(country: Country) -> People:
    """The people of a country, and its firms."""
    rng, towns = country.rng, country.towns
    sizes = 1 + rng.poisson(rng.uniform(1.2, 2.6), country.size * 7 // 10 + 100)
    place = np.sort(pick(rng, towns.weight, len(sizes)))
    home = np.repeat(np.arange(len(sizes)), sizes)
    town, count = place[home], len(home)
    head = np.r_[True, home[1:] != home[:-1]]
    age = np.where(head, rng.triangular(20, 42, 84, count), 18 + 60 * rng.random(count) ** 1.6)
    firms = 5 + country.size // 120
    identity, kind, female = _identities(country, age, town)
    town_firm = pick(rng, towns.weight, firms)
    blank = np.zeros(firms)
    return People(
        count=count,
        home=np.r_[home, np.full(firms, -1)],
        town=np.r_[town, town_firm],
        kin=_kin(rng, towns.corridor[place], place),
        first=np.flatnonzero(head),
        members=sizes,
        town_first=np.searchsorted(town, np.arange(len(towns.code))),
        town_people=np.bincount(town, minlength=len(towns.code)),
        female=np.r_[female, blank > 0],
        age=np.r_[age, blank],
        head=np.r_[head, blank > 0],
        **_fates(country, np.r_[age, blank], count),
        moved_to=towns.corridor[np.r_[town, town_firm]],
        phone=_phones(country, home, head, firms),
        carrier=_carrier(country, home, firms),
        identity=np.r_[identity, rfcs(rng, birthdays(rng, rng.uniform(1, 30, firms)), 3)],
        identity_type=np.r_[kind, np.full(firms, "rfc", dtype=object)],
    )


def _fates(country: Country, age: Floats, people: int) -> dict[str, Any]:
    """Who has left, serves, dies or moves, and when; firms do not."""
    rng, every = country.rng, len(age)
    person = np.arange(every) < people
    return {
        "migrant": _some(country, "migrant", every) & person & (age < 60),
        "official": _some(country, "official", every) & person,
        "aide": (rng.random(every) < 0.004) & person,
        "abroad": _some(country, "abroad", every) & person,
        "dead": rng.random(every) < (0.004 + 0.02 * (age > 62)) * person,
        "dies": _once(rng, 0.0006 * np.exp(age / 22) * person),
        "moves": _once(rng, np.full(every, country.habits["moves"])),
    }


def _once(rng: np.random.Generator, chance: Floats) -> Floats:
    """When in the year something befalls each, if it does."""
    never = np.where(rng.random(len(chance)) < chance, 0.0, NEVER)
    return np.asarray(never + rng.random(len(chance)))


def _some(country: Country, habit: str, count: int) -> Bools:
    return np.asarray(country.rng.random(count) < country.habits[habit])


def _kin(rng: np.random.Generator, corridor: Ints, place: Ints) -> Ints:
    """A household of the same family, in the town that people move to from here."""
    first = np.searchsorted(place, corridor)
    last = np.searchsorted(place, corridor, side="right")
    found = first + (rng.random(len(place)) * (last - first)).astype(np.int64)
    return np.asarray(np.minimum(found, len(place) - 1), dtype=np.int64)


def _phones(country: Country, home: Ints, head: Bools, firms: int) -> Ints:
    """Whose handset each person uses: in some households there is one for all."""
    every = np.arange(len(home))
    shared = _some(country, "one_device", home[-1] + 1)[home]
    own = np.where(shared, np.maximum.accumulate(np.where(head, every, 0)), every)
    return np.concatenate([own, len(home) + np.arange(firms)])


def _carrier(country: Country, home: Ints, firms: int) -> Ints:
    """People mostly have the carrier of their household."""
    family = pick(country.rng, country.shares, home[-1] + 1)[home]
    own = pick(country.rng, country.shares, len(home) + firms)
    like = country.rng.random(len(home)) < 0.6
    return np.concatenate([np.where(like, family, own[: len(home)]), own[len(home) :]])


def _identities(country: Country, age: Floats, town: Ints) -> tuple[Any, Any, Bools]:
    """Identities, their kinds, and who is a woman."""
    rng, towns, count = country.rng, country.towns, len(age)
    female = rng.random(count) < 0.52
    luck = rng.random(count)
    born_in = np.where(luck < 0.8, towns.state[town], towns.state[towns.corridor[town]])
    born_in = np.where(luck > 0.93, 1 + pick(rng, towns.weight, count) % 32, born_in)
    born_in = np.where(luck > 0.99, 33, born_in)
    born = birthdays(rng, age)
    value = curps(rng, born, female, born_in)
    kind = np.full(count, "curp", dtype=object)
    trader = np.flatnonzero(_some(country, "trader", count))
    value[trader], kind[trader] = rfcs(rng, born[trader], 4), "rfc"
    foreign = np.flatnonzero(_some(country, "foreign", count))
    value[foreign], kind[foreign] = passports(rng, len(foreign)), "passport"
    return value, kind, female
