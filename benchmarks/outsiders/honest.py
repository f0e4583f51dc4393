"""How honest people register: alone, for each other, with helpers, at work, and when it goes wrong.

Every function returns about n rows. Their sizes and shares differ by country. Most were written from
complaints of people whom a rule had mistaken for a ring.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from benchmarks.outsiders.country import DAY, DAYS, Country
from benchmarks.outsiders.identity import Bools, Floats, Ints
from benchmarks.outsiders.ordinary import (
    APP,
    BULK,
    FIRST_KIOSK,
    NEW,
    PORT,
    at_counter,
    groups,
    ordinary,
    put,
    seat,
    shared,
)

Crowd = Callable[[Country, int], pd.DataFrame]


def neighbours(country: Country, group: Ints) -> Ints:
    """For each group, people who live near each other: residents are numbered by household."""
    _, inverse, count = np.unique(group, return_inverse=True, return_counts=True)
    first = country.rng.integers(0, country.people.residents - count.max() - 1, len(count))
    step = np.arange(len(group)) - (count.cumsum() - count)[inverse]
    found: Ints = first[inverse] + step
    return found


def townsfolk(country: Country, group: Ints) -> Ints:
    """For each group, unrelated people of one place."""
    home = country.people.home[: country.people.residents]
    order = np.argsort(home, kind="stable")
    first = np.searchsorted(home[order], np.arange(len(country.weight)))
    count = np.bincount(home, minlength=len(country.weight)).clip(1)
    _, inverse = np.unique(group, return_inverse=True)
    place = country.rng.choice(len(country.weight), int(inverse.max()) + 1, p=country.weight)[
        inverse
    ]
    found: Ints = order[
        first[place] + (country.rng.random(len(group)) * count[place]).astype(np.int64)
    ]
    return found


def gathered(country: Country, group: Ints, minutes: float, span: float = 0.0) -> Floats:
    """Times of groups: one after another on a day, or over a span of days."""
    rng = country.rng
    _, inverse, count = np.unique(group, return_inverse=True, return_counts=True)
    start = country.moments(len(count))
    step = np.arange(len(group)) - (count.cumsum() - count)[inverse]
    pause = rng.exponential(minutes * 60, len(group)) + step * minutes * 60 * 0.5
    if span:
        pause = np.floor(rng.exponential(span, len(group))) * DAY + rng.normal(
            0, 3 * 3600, len(group)
        )
    found: Floats = np.clip(start[inverse] + pause, 60, DAYS * DAY - 60)
    return found


def alone(country: Country, n: int) -> pd.DataFrame:
    """A person and a line."""
    person = country.rng.integers(0, country.people.residents, n)
    frame = ordinary(country, person, country.moments(n))
    sim_only = country.rng.random(n) < country.habits.borrowed
    put(frame, sim_only & (frame["shop"].to_numpy() < 0), device=frame["person"].to_numpy() ^ 1)
    return frame


def head_of_family(country: Country, n: int) -> pd.DataFrame:
    """One parent, the lines of the children: minors must be on a parent's identity."""
    group = groups(country.rng, n, 2.6)
    person = neighbours(country, group)
    _, first, inverse = np.unique(group, return_inverse=True, return_index=True)
    frame = ordinary(country, person[first][inverse], gathered(country, group, 12))
    lasts = country.rng.random(n) < 0.4
    put(
        frame,
        lasts,
        at=np.clip(frame["at"] + country.rng.exponential(20 * DAY, n), 60, DAYS * DAY - 60),
    )
    frame["use_handset"] = country.fresh(n)
    return frame.assign(segment="head_of_family")


def relatives_helper(country: Country, n: int) -> pd.DataFrame:
    """A daughter or nephew who registers the household and the aunts on her telephone."""
    group = groups(country.rng, n, 3.2)
    frame = ordinary(country, neighbours(country, group), gathered(country, group, 20, 4.0))
    home = frame["shop"].to_numpy() < 0
    put(frame, home, device=shared(country, group), contact=shared(country, group))
    put(frame, home & (country.rng.random(n) < 0.6), address=shared(country, group))
    put(frame, country.rng.random(n) < 0.08, handset=shared(country, group))
    return frame.assign(segment="helped")


def shared_phone(country: Country, n: int) -> pd.DataFrame:
    """One telephone for two or three people, each with a SIM and an identity."""
    group = groups(country.rng, n, 2.2)
    frame = ordinary(country, neighbours(country, group), gathered(country, group, 30, 9.0))
    both = shared(country, group)
    frame["handset"] = both
    put(frame, frame["shop"].to_numpy() < 0, device=both)
    return frame.assign(use_handset=both, segment="shared_phone")


def internet_cafe(country: Country, n: int) -> pd.DataFrame:
    """The cybercafé or stationer's that does paperwork: one computer, its mailbox, anybody's identity."""
    group = groups(country.rng, n, 14)
    frame = ordinary(country, townsfolk(country, group), gathered(country, group, 40, 25.0))
    at_counter(country, frame, np.zeros(n, bool))
    frame["device"], frame["address"] = shared(country, group), shared(country, group)
    put(frame, country.rng.random(n) < 0.25, contact=shared(country, group))
    return frame.assign(segment="helped")


def municipal_tablet(country: Country, n: int) -> pd.DataFrame:
    """One tablet, one clerk and a box of SIMs for a whole rural municipality."""
    group = groups(country.rng, n, 25)
    frame = ordinary(country, townsfolk(country, group), gathered(country, group, 9))
    local = np.flatnonzero(country.rural)
    _, inverse = np.unique(group, return_inverse=True)
    place = country.rng.choice(local, int(inverse.max()) + 1)[inverse]
    carrier = country.rng.choice(len(country.share), int(inverse.max()) + 1, p=country.share)[
        inverse
    ]
    frame["place"], frame["carrier"] = place, carrier
    at_counter(country, frame, np.ones(n, bool))
    frame["device"] = shared(country, group)
    put(frame, country.rng.random(n) < 0.15, contact=shared(country, group))
    put(frame, country.rng.random(n) < 0.08, handset=shared(country, group))
    frame["care"] = -0.08
    return frame.assign(use_place=place, segment="brigade")


def employer_drive(country: Country, n: int) -> pd.DataFrame:
    """A packing plant or maquila that registers its workers in the canteen."""
    group = groups(country.rng, n, 20)
    frame = ordinary(country, townsfolk(country, group), gathered(country, group, 4))
    at_counter(country, frame, country.rng.random(n) < 0.15)
    put(frame, frame["shop"].to_numpy() < 0, address=shared(country, group))
    put(frame, country.rng.random(n) < 0.4, source=FIRST_KIOSK + 2_000_000 + shared(country, group))
    return frame.assign(segment="worker")


def fleet(country: Country, n: int) -> pd.DataFrame:
    """A company's lines: one RFC, a box of SIMs, one mailbox, some over time."""
    group = groups(country.rng, n, 9)
    _, inverse = np.unique(group, return_inverse=True)
    firms = country.people.of(1)
    person = firms[country.rng.integers(0, len(firms), int(inverse.max()) + 1)[inverse]]
    frame = ordinary(country, person, gathered(country, group, 3))
    later = country.rng.random(n) < 0.4
    put(frame, later, at=country.moments(n))
    frame["contact"], frame["device"] = shared(country, group), shared(country, group)
    put(frame, country.rng.random(n) < 0.8, channel=BULK, plan=1)
    put(frame, country.rng.random(n) < 0.7, source=FIRST_KIOSK + 2_000_000 + shared(country, group))
    travels = country.rng.random(n) < 0.3
    put(frame, travels, use_place=country.rng.choice(len(country.weight), n, p=country.weight))
    return frame.assign(use_handset=country.fresh(n), segment="company")


def small_trader(country: Country, n: int) -> pd.DataFrame:
    """Card terminals, taxis, delivery boys: up to ten lines of one person, used by others."""
    group = groups(country.rng, n, 5)
    _, first, inverse = np.unique(group, return_inverse=True, return_index=True)
    person = neighbours(country, group)[first][inverse]
    frame = ordinary(country, person, gathered(country, group, 6))
    put(frame, country.rng.random(n) < 0.7, operation=NEW, age=0)
    put(
        frame,
        country.rng.random(n) < 0.3,
        carrier=country.rng.choice(len(country.share), n, p=country.share),
    )
    at_counter(country, frame, country.rng.random(n) < 0.5)
    frame["wait"] = country.rng.lognormal(2.5, 1.6, n)
    return frame.assign(use_handset=country.fresh(n), segment="trader")


def shelter(country: Country, n: int) -> pd.DataFrame:
    """Migrants at a shelter: one wifi, a volunteer's phone, SIMs that travel north."""
    group = groups(country.rng, n, 8)
    who = np.flatnonzero(country.people.migrant)
    person = country.rng.choice(who, n) if len(who) else neighbours(country, group)
    frame = ordinary(country, person, gathered(country, group, 25, 6.0))
    put(frame, country.rng.random(n) < 0.75, operation=NEW, age=0)
    home = frame["shop"].to_numpy() < 0
    put(frame, home, address=shared(country, group))
    put(frame, home & (country.rng.random(n) < 0.5), device=shared(country, group))
    frame["use_place"] = country.rng.choice(len(country.weight), n, p=country.weight)
    return frame.assign(wait=country.rng.lognormal(2.8, 1.6, n), segment="shelter")


def porting_campaign(country: Country, n: int) -> pd.DataFrame:
    """A promoter with a folding table outside a mall: ports all day, one tablet, one box."""
    group = groups(country.rng, n, 16)
    frame = ordinary(country, townsfolk(country, group), gathered(country, group, 10))
    frame["operation"], frame["age"] = PORT, 0
    shop = country.shop(frame["carrier"].to_numpy(), frame["place"].to_numpy())
    _, first, inverse = np.unique(group, return_inverse=True, return_index=True)
    seat(country, frame, shop[first][inverse])
    frame["carrier"] = country.shops.carrier[frame["shop"].to_numpy()]
    frame["agent"], frame["device"] = frame["shop"] * 8, shared(country, group)
    return frame.assign(channel=3)


def relief(country: Country, n: int) -> pd.DataFrame:
    """After a hurricane: SIMs from one box, one volunteer's phone, first lines of many."""
    group = groups(country.rng, n, 18)
    frame = ordinary(country, townsfolk(country, group), gathered(country, group, 6, 1.0))
    at_counter(country, frame, np.zeros(n, bool))
    frame["operation"], frame["channel"], frame["age"] = NEW, APP, 0
    frame["device"] = shared(country, group)
    frame["source"] = FIRST_KIOSK + 2_000_000 + shared(country, group)
    put(frame, country.rng.random(n) < 0.1, handset=shared(country, group))
    return frame.assign(segment="relief")


def aide(country: Country, n: int) -> pd.DataFrame:
    """An aide who registers the lines of an official and of the family, from the office."""
    group = groups(country.rng, n, 3.5)
    known = np.flatnonzero(country.people.official)
    _, inverse = np.unique(group, return_inverse=True)
    boss = known[country.rng.integers(0, len(known), int(inverse.max()) + 1)][inverse]
    kin = np.minimum(boss + country.rng.integers(0, 3, n), country.people.residents - 1)
    person = np.where(country.rng.random(n) < 0.65, boss, kin)
    frame = ordinary(country, person, gathered(country, group, 15, 12.0))
    home = frame["shop"].to_numpy() < 0
    put(frame, home, device=shared(country, group), address=shared(country, group))
    return frame.assign(
        contact=shared(country, group), use_handset=country.fresh(n), segment="aide"
    )


def second_tries(country: Country, frame: pd.DataFrame) -> pd.DataFrame:
    """Attempts that failed first: another phone, the counter next day, a CURP mistyped."""
    rng = country.rng
    failed = frame[rng.random(len(frame)) < country.habits.fumbles].copy()
    n = len(failed)
    failed["at"] = np.clip(failed["at"] - rng.lognormal(7.5, 2.0, n) - 60, 30, None)
    failed["give_up"], failed["care"] = 0.85, -0.15
    put(failed, rng.random(n) < 0.3, device=country.fresh(n))
    moved = rng.random(n) < 0.4
    put(failed, moved & (failed["shop"].to_numpy() >= 0), agent=-1)
    wrong = country.rng.permutation(country.people.of(5))
    mistyped = np.flatnonzero((failed["segment"] == "") & (rng.random(n) < 0.4))[: len(wrong)]
    right = frame["person"].to_numpy().copy()
    right[failed.index[mistyped]] = country.people.base[wrong[: len(mistyped)]]
    frame["person"] = right
    typed = failed["person"].to_numpy().copy()
    typed[mistyped] = wrong[: len(mistyped)]
    failed["person"] = typed
    return failed.assign(segment="retry")


CROWDS: tuple[tuple[Crowd, float], ...] = (
    (alone, 1.0), (head_of_family, 0.14), (relatives_helper, 0.09), (shared_phone, 0.05),
    (internet_cafe, 0.025), (municipal_tablet, 0.035), (employer_drive, 0.04), (fleet, 0.06),
    (small_trader, 0.02), (shelter, 0.015), (porting_campaign, 0.025), (relief, 0.006), (aide, 0.01),
)  # fmt: skip


def own_carrier_only(country: Country, frame: pd.DataFrame) -> Bools:
    """Rows at a counter of the carrier that registers them."""
    shop = frame["shop"].to_numpy()
    same: Bools = (shop < 0) | (country.shops.carrier[shop.clip(0)] == frame["carrier"].to_numpy())
    return same


def honest_rows(country: Country, n: int) -> pd.DataFrame:
    """All honest registrations, in this country's proportions."""
    weight = np.array(
        [w * (1 if i == 0 else country.rng.lognormal(0, 0.5)) for i, (_, w) in enumerate(CROWDS)]
    )
    counts = (weight / weight.sum() * n / (1 + country.habits.fumbles)).astype(int)
    parts = [
        crowd(country, int(count) + 1) for (crowd, _), count in zip(CROWDS, counts, strict=True)
    ]
    frame = pd.concat(parts, ignore_index=True)
    frame = pd.concat([frame, second_tries(country, frame)], ignore_index=True)
    return frame[own_carrier_only(country, frame)]
