"""Shops, boxes of SIMs, and addresses: what customers of a town have in common without knowing."""

from __future__ import annotations

import numpy as np

from detector.lands.villagers.arrays import Bools, Floats, Ints, part
from detector.lands.villagers.country import Country

HOUSE, NAT, PLAZA = 200_000_000, 300_000_000, 400_000_000
SHOP, STOCK = 500_000_000, 600_000_000
SHOPS = 64
BORDER_STATES = (2, 5, 8, 19, 26, 28)


def market_towns(country: Country) -> Ints:
    """Where people of each town go to find a shop."""
    towns = country.towns
    found = np.arange(len(towns.code))
    for state in np.unique(towns.state):
        here = np.flatnonzero(towns.state == state)
        best = here[np.argmax(towns.weight[here])]
        found[here] = np.where(towns.weight[here] < 0.35, best, here)
    return found


def border_towns(country: Country) -> Ints:
    """Towns at the northern border; without one, all of them."""
    found = np.flatnonzero(np.isin(country.towns.state, BORDER_STATES))
    return found if len(found) else np.arange(len(country.towns.code))


def shop(country: Country, town: Ints, carrier: Ints, luck: Floats) -> Ints:
    """A shop that serves a carrier in a town, the first ones far more often."""
    towns = country.towns
    spread = np.sqrt(country.size / 20_000) * 2.2
    many = np.clip(1 + towns.weight * spread, 1, SHOPS - 1)[town]
    which = (many * luck**1.6).astype(np.int64)
    return np.asarray(SHOP + (town * 8 + carrier) * SHOPS + which)


def stock(country: Country, at: Ints, carrier: Ints, share: Floats) -> tuple[Ints, Ints]:
    """Box and place in it of a SIM bought from whoever supplies a town or shop at that time."""
    turn = country.habits["boxes"] * share + part(at, country.salt + 31, 1000) / 1000
    box = STOCK + (at % 10_000_000) * 1000 + carrier * 100 + np.floor(turn).astype(np.int64)
    jitter = country.rng.normal(0, 12, len(at))
    return box, np.clip((turn % 1) * 1000 + jitter, 0, 999).astype(np.int64)


def old_sims(country: Country, count: int) -> tuple[Ints, Ints]:
    """SIMs that have been in telephones for years, from boxes long thrown away."""
    rng = country.rng
    box = STOCK - 1 - rng.integers(0, country.size // 3 + 50, count)
    return box, rng.integers(0, 1000, count)


def addresses(country: Country, base: Ints, town: Ints, carrier: Ints, kept: Bools) -> Ints:
    """The network address: of the house, of the plaza, or one of the carrier's shared ones."""
    rng, habits = country.rng, country.habits
    luck = rng.random(len(base))
    pool = max(3, country.size // 2500)
    state = country.towns.state[town]
    shared = NAT + (carrier * 40 + state) * 1000 + rng.integers(0, pool, len(base)) % 1000
    nat = luck < np.where(kept, 0.25, 1.0) * habits["nat"]
    plaza = ~nat & ~kept & (rng.random(len(base)) < habits["plaza"])
    return np.where(nat, shared, np.where(plaza, PLAZA + town, base))
