"""Who ends up with a line, in which handset, where, and after how long."""

from __future__ import annotations

import numpy as np

from detector.lands.villagers.arrays import Floats, Ints, Rows, part
from detector.lands.villagers.country import Country
from detector.lands.villagers.errands import Errand
from detector.lands.villagers.holders import World
from detector.lands.villagers.people import People
from detector.lands.villagers.places import border_towns
from detector.lands.villagers.work import Work

# Median wait in hours, its spread, and the share that never wakes.
WAKES = {"soon": (5.0, 1.5, 0.03), "days": (60.0, 1.1, 0.06), "weeks": (430.0, 0.9, 0.14)}
STRANGERS = ("sold", "away", "border", "hub")


def used(world: World, work: Work, hub: Ints, blend: float) -> Rows:
    """The user, handset, town and first use of each line; some of a group's blend in elsewhere."""
    country, people, errand = world.country, world.people, work.errand
    who, doer, loose = work.who, work.doer, work.new | work.habit.misuse
    rng, count = country.rng, len(who)
    other = rng.random(count) < blend
    user = np.where(loose & ~other, _user(country, people, errand.use, doer, who), who)
    sold = loose & other & (errand.use in STRANGERS)
    user = np.where(sold, rng.integers(0, people.count, count), user)
    handset = people.phone[user]
    new = rng.random(count) < (0.7 if errand.use in {"fleet", "abroad", "border"} else 0.15)
    handset = np.where(new, country.keys.take(count), handset)
    handset = np.where(loose & ~other & (errand.use == "hub"), hub, handset)
    town = people.where(user, work.share)
    special = _towns(country, errand.use, work.group, town)
    town = np.where(loose & ~other, special, town)
    return {"handset_used": handset, "town_used": town, "wake": _wakes(country, errand, count)}


def _user(country: Country, people: People, use: str, doer: Ints, who: Ints) -> Ints:
    rng, count = country.rng, len(who)
    if use == "doer":
        return doer
    if use in {"kin", "household"}:
        home = people.home[doer]
        home = people.kin[home] if use == "kin" else home
        return np.asarray(people.first[home] + rng.integers(0, 99, count) % people.members[home])
    if use == "crew":
        start, many = people.town_first[people.town[doer]], people.town_people[people.town[doer]]
        near = doer - start + rng.integers(0, 25, count)
        return np.asarray(np.minimum(start + near % np.maximum(many, 1), people.count - 1))
    if use == "sold":
        return rng.integers(0, people.count, count)
    return who


def _towns(country: Country, use: str, group: Ints, town: Ints) -> Ints:
    """Where lines of a group are used together, if they are; -1 is abroad."""
    towns = len(country.towns.code)
    salt = int(country.keys.take(1)[0])
    if use == "abroad":
        return np.full(len(town), -1, dtype=np.int64)
    if use in {"hub", "away"}:
        return part(group, salt, towns)
    if use == "border":
        border = border_towns(country)
        return np.asarray(border[part(group, salt, len(border))])
    return town


def _wakes(country: Country, errand: Errand, count: int) -> Floats:
    """Seconds from registration to first use; without end where there is none."""
    rng = country.rng
    names = np.full(count, list(WAKES).index(errand.wake))
    names = np.where(rng.random(count) < 0.3, rng.integers(0, 3, count) // 2, names)
    table = np.array(list(WAKES.values()))[names]
    wait = 3600 * table[:, 0] * np.exp(rng.normal(0, 1, count) * table[:, 1])
    return np.asarray(np.where(rng.random(count) < table[:, 2], np.inf, wait + 40))
