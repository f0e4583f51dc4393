"""People: households, ages, who helps whom, who moved, who holds office, whose name is shared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.registration import Bool, Float32, Int8, Int32, Int64, Table
from detector.simulate.country import Society
from detector.simulate.identities import BORN_ABROAD, CURP, Identities
from detector.simulate.places import Places

FAMILY = 3  # neighbouring households that may be one larger family
HOME_NETWORK = 0xB1000000
IPV6 = np.int64(1) << 40  # addresses above are IPv6, numbered
TIER_SHARES = (0.38, 0.30, 0.18, 0.08, 0.06)


@dataclass(frozen=True, slots=True)
class People(Table):
    """Adults, household by household (households lie next to their neighbours). A position is a `who`."""

    household: Int32
    head: Int32  # the person who is head of the same household
    helper: Int32  # whose device the household uses when it needs help
    family_helper: Int32  # the same for a larger family
    minors: Int8  # of the household, counted at its head
    birth: Int32
    female: Bool
    home: Int32
    elsewhere: Int32  # a second usual place of migrants, seasonal workers and students, else home
    tech: Float32  # 0-1
    camera: Float32  # shift of liveness
    carrier_luck: Float32  # 0-1: position in the market
    tier: Int8  # office held, or -1
    dead: Bool
    home_ip: Int64
    registers: Bool

    def identities(
        self, *, states: NDArray[np.integer], namesakes: float, rng: np.random.Generator
    ) -> Identities:
        """Their entries in the civil registry: `states` is the state (0-31) each was born in.

        `namesakes` is the share whose first sixteen characters are another person's too.
        """
        n = len(self)
        abroad = rng.random(n) < 0.008
        twin = np.arange(n)
        doubled = np.flatnonzero(rng.random(n) < namesakes)
        twin[doubled] = rng.integers(0, n, len(doubled))
        state = np.where(abroad, BORN_ABROAD, states).astype(np.int8)
        namesake = rng.integers(0, 4, n).astype(np.int8)
        namesake[doubled] = (namesake[twin[doubled]] + 1) % 5
        return Identities(
            kind=np.full(n, CURP, np.int8),
            birth=self.birth[twin],
            female=self.female[twin],
            state=state[twin],
            namesake=namesake,
            bits=rng.integers(0, 2**63, n, dtype=np.uint64)[twin],
        )


def draw_people(n: int, *, society: Society, places: Places, rng: np.random.Generator) -> People:
    """About `n` adults in households."""
    sizes = np.asarray(society.adults_per_household)
    sizes = sizes / sizes.sum()
    households = max(int(n / (sizes * np.arange(1, len(sizes) + 1)).sum()), 8)
    size = rng.choice(len(sizes), households, p=sizes) + 1
    first = np.concatenate([[0], np.cumsum(size)[:-1]]).astype(np.int32)
    household = np.repeat(np.arange(households, dtype=np.int32), size)
    role = np.arange(len(household)) - first[household]
    home = np.sort(places.draw(households, rng))[household]
    age = _ages(role, rng)
    tech = (1 / (1 + np.exp(-(1.6 - (age - 40) / 14 + rng.normal(0, 0.9, len(age)))))).astype(
        np.float32
    )
    return People(
        household=household,
        head=first[household],
        helper=_most_able(household, tech),
        family_helper=_most_able(household // FAMILY, tech),
        minors=np.where(role == 0, rng.poisson(society.minors_per_household, len(role)), 0).astype(
            np.int8
        ),
        birth=(20_454 - age * 365.25 - rng.integers(0, 365, len(age))).astype(np.int32),
        female=_sexes(role, rng),
        home=home,
        elsewhere=_second_places(home, society.migrants, places, rng=rng),
        tech=tech,
        camera=(rng.normal(0, 0.5, len(age)) - np.maximum(age - 55, 0) / 25).astype(np.float32),
        carrier_luck=_luck(household, rng),
        tier=_offices(age, household, society.officials, rng=rng),
        dead=rng.random(len(age)) < society.dead * np.where(age > 60, 3, 0.5),
        home_ip=_home_addresses(household, rng),
        registers=rng.random(len(age)) < society.participation,
    )


def _ages(role: NDArray[np.integer], rng: np.random.Generator) -> NDArray[np.float64]:
    couple = 26 + rng.gamma(2.6, 8.5, len(role))
    others = np.where(rng.random(len(role)) < 0.65, rng.uniform(18, 32, len(role)), couple + 24)
    return np.where(role < 2, couple, others).clip(18, 96)


def _sexes(role: NDArray[np.integer], rng: np.random.Generator) -> Bool:
    women = np.array([0.36, 0.72, 0.52])
    female: Bool = rng.random(len(role)) < women[np.minimum(role, 2)]
    return female


def _most_able(group: Int32, tech: Float32) -> Int32:
    """For each person, the member of their group who is best with devices."""
    order = np.lexsort((tech, group))
    last = np.append(np.flatnonzero(np.diff(group[order])), len(order) - 1)
    best: Int32 = order[last].astype(np.int32)[group - group[0]]
    return best


def _second_places(home: Int32, share: float, places: Places, *, rng: np.random.Generator) -> Int32:
    moved = rng.random(len(home)) < share
    return np.where(moved, places.draw(len(home), rng), home).astype(np.int32)


def _luck(household: Int32, rng: np.random.Generator) -> Float32:
    """Households often share a carrier."""
    shared, own = rng.random(household[-1] + 1)[household], rng.random(len(household))
    return np.where(rng.random(len(household)) < 0.55, shared, own).astype(np.float32)


def _offices(
    age: NDArray[np.float64], household: Int32, share: float, *, rng: np.random.Generator
) -> Int8:
    """Officials; they tend to share a household (teachers marry teachers)."""
    prone = rng.gamma(0.7, 1.0, household[-1] + 1)[household] * ((age > 21) & (age < 70))
    chance = np.minimum(prone * share / max(float(prone.mean()), 1e-9), 0.9)
    tier = rng.choice(5, len(age), p=np.asarray(TIER_SHARES))
    return np.where(rng.random(len(age)) < chance, tier, -1).astype(np.int8)


def _home_addresses(household: Int32, rng: np.random.Generator) -> Int64:
    count = int(household[-1]) + 1
    v4 = HOME_NETWORK + np.arange(count, dtype=np.int64) * 3 + rng.integers(0, 3, count)
    v6 = IPV6 + np.arange(count, dtype=np.int64)
    return np.where(rng.random(count) < 0.3, v6, v4)[household]
