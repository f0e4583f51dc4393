"""The one way in: what a registration looks like before somebody's intent changes it.

Honest people and rings both start from `ordinary`; a ring then replaces only the tools it reuses, and a
family or a municipal tablet does the same. Nothing else tells them apart.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.outsiders.country import DAY, Country
from benchmarks.outsiders.identity import Bools, Floats, Ints

OPERATIONS = np.array(["new_line", "link_existing", "port_in", "relink", "sim_replacement"])
NEW, EXISTING, PORT, RELINK, REPLACE = range(5)
WEB, APP, CENTER, DEALER, BULK = range(5)
CHANNELS = np.array(["web", "app", "service_center", "dealer", "bulk"])
FIRST_KIOSK = 5_000_000  # where SIMs for people at home come from: the kiosks of a place


def apart(country: Country, person: Ints) -> Ints:
    """Where people are when they register: mostly home."""
    away = country.rng.random(len(person)) < country.habits.moved
    other = country.rng.choice(len(country.weight), len(person), p=country.weight)
    return np.where(away, other, country.people.home[person])


def gear(country: Country, person: Ints, own: bool) -> dict[str, Ints]:
    """Device, handset, address and mailbox: one's own, or ones that nobody had before."""
    rng, n = country.rng, len(person)
    numbers = {name: country.fresh(n) for name in ("device", "handset", "address", "contact")}
    if own:
        household = country.people.household[person]
        keep = {"device": 0.8, "handset": 0.75, "address": 0.7, "contact": 0.85}
        mine = {"device": person, "handset": person, "address": household * 7, "contact": person}
        numbers = {k: np.where(rng.random(n) < keep[k], mine[k], v) for k, v in numbers.items()}
    used = rng.random(n) < country.habits.second_hand
    numbers["handset"][used] = rng.integers(0, country.people.residents, int(used.sum()))
    lent = rng.random(n) < country.habits.borrowed * 0.4
    numbers["device"][lent] = rng.integers(0, country.people.residents, int(lent.sum()))
    return numbers


def shared_pool(country: Country, carrier: Ints, place: Ints) -> Ints:
    """The address a carrier gives to everybody on mobile data in a region."""
    width = max(12, country.size // 1_500)
    drawn: Ints = 900_000_000 + (carrier * 64 + country.states[place]) * 1_000
    return drawn + country.rng.integers(0, width, len(carrier)) * 1


def ordinary(country: Country, person: Ints, at: Floats, *, own: bool = True) -> pd.DataFrame:
    """Registrations as these identities would make them on a day like any other."""
    rng, habits, n = country.rng, country.habits, len(person)
    carrier = country.people.carrier[person]
    carrier = np.where(
        rng.random(n) < habits.loyalty, carrier, rng.choice(len(country.share), n, p=country.share)
    )
    place = apart(country, person)
    old = rng.random(n) < habits.existing
    fresh_kind = rng.choice([NEW, PORT, REPLACE, RELINK], n, p=[0.74, 0.12, 0.09, 0.05])
    operation = np.where(old, EXISTING, fresh_kind)
    frame = pd.DataFrame({
        "person": person, "at": at, "carrier": carrier, "place": place, "operation": operation,
        "plan": (rng.random(n) < np.where(operation == PORT, 0.3, 0.15)).astype(np.int64),
        **gear(country, person, own), "line": country.fresh(n),
        "source": FIRST_KIOSK + place * 4 + rng.integers(0, 4, n),
        "care": np.zeros(n), "pattern": "", "ring": -1, "segment": "", "give_up": 0.015,
        "disown": 0.002, "complain": 0.0015, "cycle": -1, "cycle_size": 1,
    })  # fmt: skip
    pooled = rng.random(n) < habits.pool
    frame["address"] = np.where(pooled, shared_pool(country, carrier, place), frame["address"])
    at_counter(country, frame, rng.random(n) >= habits.remote + 0.15 * (operation == EXISTING))
    usual_life(country, frame, own)
    return frame


def at_counter(country: Country, frame: pd.DataFrame, rows: Bools) -> None:
    """Send these rows to a counter and the others home."""
    rng, shops, n = country.rng, country.shops, len(frame)
    shop = country.shop(frame["carrier"].to_numpy(), frame["place"].to_numpy())
    seat(country, frame, np.where(rows, shop, -1))
    frame["channel"] = np.where(
        rows, np.where(shops.dealer[shop], DEALER, CENTER), (rng.random(n) < 0.45).astype(np.int64)
    )


def seat(country: Country, frame: pd.DataFrame, shop: Ints) -> None:
    """What a counter adds: its tablet, its clerk, its SIMs, now and then its handset and mailbox."""
    rng, shops, habits, n = country.rng, country.shops, country.habits, len(frame)
    there = shop >= 0
    known = shop.clip(0)
    frame["shop"] = shop
    frame["agent"] = np.where(
        there, known * 8 + (rng.random(n) * shops.agents[known]).astype(np.int64), -1
    )
    tablet = 800_000_000 + known * 8 + (rng.random(n) * shops.tablets[known]).astype(np.int64)
    frame["device"] = np.where(there, tablet, frame["device"])
    frame["source"] = np.where(there, known, frame["source"])
    frame["address"] = np.where(there, -1, frame["address"])
    tried = there & (rng.random(n) < habits.tester * 0.5)
    frame["handset"] = np.where(tried, 810_000_000 + known, frame["handset"])
    filled = there & (rng.random(n) < habits.filler_contact)
    frame["contact"] = np.where(filled, 820_000_000 + known, frame["contact"])


def usual_life(country: Country, frame: pd.DataFrame, own: bool) -> None:
    """Where, when and in which handset an honest line comes alive."""
    rng, n = country.rng, len(frame)
    operation = frame["operation"].to_numpy()
    new = (operation == NEW) | (operation == PORT)
    frame["age"] = np.where(new, 0, 1 + rng.gamma(0.9, 700, n)).astype(np.int64)
    drawer = new & (rng.random(n) < country.habits.dormant)
    hours = np.where(new, rng.lognormal(0.6, 1.9, n), rng.lognormal(-0.5, 1.6, n))
    frame["wait"] = np.where(drawer, rng.lognormal(4.6, 1.1, n), hours)
    own_phone = frame["handset"].to_numpy() < 800_000_000
    other = ~own_phone | (rng.random(n) < np.where(new, 0.3, 0.06))
    frame["use_handset"] = np.where(other, country.fresh(n), frame["handset"])
    home = country.people.home[frame["person"].to_numpy()] if own else frame["place"].to_numpy()
    travel = rng.random(n) < 0.08
    frame["use_place"] = np.where(
        travel, rng.choice(len(country.weight), n, p=country.weight), home
    )


def groups(rng: np.random.Generator, n: int, mean: float) -> Ints:
    """Numbers of groups of unequal sizes, for n rows in order."""
    cut = rng.random(n) < 1 / max(mean, 1.0)
    found: Ints = cut.cumsum()
    return found


def shared(country: Country, group: Ints) -> Ints:
    """One number that nobody had for each group."""
    _, inverse = np.unique(group, return_inverse=True)
    return country.fresh(int(inverse.max()) + 1)[inverse] if len(group) else group


def put(frame: pd.DataFrame, rows: Bools, **values: object) -> None:
    """Replace columns on some rows."""
    for name, value in values.items():
        frame[name] = np.where(rows, np.asarray(value), frame[name].to_numpy())


def spread(rng: np.random.Generator, group: Ints, start: Floats, days: float) -> Floats:
    """Times for the rows of each group, from its start on."""
    _, inverse = np.unique(group, return_inverse=True)
    late = rng.exponential(days * DAY, len(group))
    found: Floats = start[inverse] + late
    return found
