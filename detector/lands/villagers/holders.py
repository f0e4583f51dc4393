"""Whose papers an errand carries, and who carries them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detector.lands.villagers.arrays import Floats, Ints, part
from detector.lands.villagers.country import Country
from detector.lands.villagers.people import People


@dataclass(frozen=True)
class Pools:
    """People whom some errands look for."""

    everyone: Ints
    heads: Ints
    migrants: Ints
    dead: Ints
    elders: Ints
    officials: Ints
    traders: Ints
    breached: Ints


@dataclass(frozen=True)
class World:
    """A country with its people, and where errands look for them."""

    country: Country
    people: People
    pools: Pools


def gathered(country: Country, people: People, breached: Ints) -> Pools:
    """The pools of a country; a country too small for one lends it everybody."""
    every = people.living()
    alone = np.arange(people.count)
    person = people.identity_type[: people.count]

    def some(found: Ints) -> Ints:
        return found if len(found) else every

    return Pools(
        everyone=country.rng.permutation(every),
        heads=np.intersect1d(people.first, every),
        migrants=some(every[people.migrant[every]]),
        dead=some(alone[people.dead[: people.count]]),
        elders=some(every[people.age[every] > 65]),
        officials=some(every[people.official[every]]),
        traders=some(every[person[every] == "rfc"]),
        breached=some(breached),
    )


def carriers_of_papers(world: World, source: str, groups: int) -> Ints:
    """The person behind each group: head, migrant child, neighbour, stranger, firm."""
    rng, people, pools = world.country.rng, world.people, world.pools
    if source == "each":
        start = int(rng.integers(0, len(pools.everyone)))
        return pools.everyone[(start + np.arange(groups)) % len(pools.everyone)]
    if source == "in_order":
        return np.resize(pools.everyone, groups)
    if source == "company":
        return rng.integers(people.count, len(people.town), groups)
    who = {"household": pools.heads, "head": pools.heads, "kin": pools.migrants}
    found = who.get(source, pools.everyone)
    return found[rng.integers(0, len(found), groups)]


def papers_of(world: World, source: str, doer: Ints, slot: Ints, group: Ints) -> Ints:
    """The holder of each row: `slot` counts the holders of a group."""
    if source in {"each", "in_order", "self", "company", "head"}:
        return doer
    if source in {"household", "widow", "kin"}:
        return _family(world.people, source, doer, slot)
    if source in {"town", "cluster", "corridor"}:
        return _around(world, source, doer, slot, group)
    return _listed(world, source, doer, slot, group)


def _family(people: People, source: str, doer: Ints, slot: Ints) -> Ints:
    home = people.home[doer]
    home = people.kin[home] if source == "kin" else home
    start = 1 if source == "widow" else 0
    return np.asarray(people.first[home] + (slot + start) % people.members[home])


def _around(world: World, source: str, doer: Ints, slot: Ints, group: Ints) -> Ints:
    """Neighbours along the lane, anybody of the town, or half of them from a town it is tied to."""
    country, people = world.country, world.people
    town = people.town[doer]
    if source == "corridor":
        other = _chance(country, group, slot, 2) < 0.5
        town = np.where(other, country.towns.corridor[town], town)
    many = np.maximum(people.town_people[town], 1)
    anywhere = (_chance(country, group, slot, 1) * many).astype(np.int64)
    if source == "cluster":
        stride = 1 + group % 3
        anywhere = (doer - people.town_first[town] + slot * stride) % many
    return np.asarray(people.town_first[town] + anywhere)


def _listed(world: World, source: str, doer: Ints, slot: Ints, group: Ints) -> Ints:
    """People from a list: of a breach, of the dead, of elders, of officials, or of no list."""
    people, pools = world.people, world.pools
    lists = {
        "breach": pools.breached, "dead": pools.dead, "dead_here": pools.dead,
        "elders": pools.elders, "official": pools.officials, "trader": pools.traders,
    }  # fmt: skip
    found = lists.get(source, pools.everyone)
    at = (_chance(world.country, group, slot, 3) * len(found)).astype(np.int64)
    if source in {"dead_here", "elders"}:  # those nearest to the one who keeps the file
        found = np.sort(found)
        at = (np.searchsorted(found, people.town_first[people.town[doer]]) + slot) % len(found)
    return np.asarray(found[at])


def _chance(country: Country, group: Ints, slot: Ints, salt: int) -> Floats:
    """The same number for the same holder of a group, between 0 and 1."""
    return part(group * 4096 + slot, country.salt + salt, 10**9) / 10**9
