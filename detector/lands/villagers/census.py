"""Puts a country together: how many errands of each kind, then the tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from detector.lands.villagers.after import events
from detector.lands.villagers.arrays import Bools, Ints, Rows, chosen, group_sizes, pick, stacked
from detector.lands.villagers.country import Country, founded
from detector.lands.villagers.doing import done
from detector.lands.villagers.door import registrations
from detector.lands.villagers.errands import HONEST, MISUSE, OWN, Errand
from detector.lands.villagers.exposure import breach_tables, exposed, leaks, officials, segments
from detector.lands.villagers.holders import World, gathered
from detector.lands.villagers.later import LOST, MOVED, TAKEN, afterlife
from detector.lands.villagers.people import settled
from detector.lands.villagers.verdicts import verdicts

SHRINK = {"plain": 1.0, "hard": 0.75, "sparse": 0.75}


def tables(kind: str, *, size: int, seed: int) -> dict[str, pd.DataFrame]:
    """A simulated country of so many registrations."""
    country = founded(kind, size, seed)
    people = settled(country)
    breaches = leaks(country, people)
    pools = gathered(country, people, exposed(breaches))
    rows = _shuffled(country, _lived(World(country, people, pools)))
    misuse = rows["pattern"] != ""
    table = registrations(country, people, rows)
    heads, members = breach_tables(country, people, breaches)
    rural = country.rng.random(size) < country.towns.rural[people.town[rows["who"]]]
    return {
        "registrations": table,
        "line_events": events(country, table, rows, misuse),
        "labels": verdicts(country, table, rows, misuse),
        "breaches": heads,
        "breach_members": members,
        "officials": officials(country, people),
        "truth": _truth(table, rows, misuse, segments(people, breaches, rows, rural)),
    }


def _lived(world: World) -> Rows:
    """All rows: honest errands, misuse, and the later lives of lines."""
    country = world.country
    false = max(8, round(country.size * country.habits["fraud"]))
    later = round(country.size * country.habits["later"])
    honest = _honest(world, country.size - false - later)
    plan = _threats(country, false)
    found = [honest]
    for errand, sizes in plan:
        if errand is TAKEN:
            rows = afterlife(world, honest, errand, sizes)
        else:
            rows = done(world, errand, sizes, misuse=True)
        found.append(_called(rows, errand, misuse=True))
    for errand, count in ((LOST, later // 2), (MOVED, later - later // 2)):
        sizes = np.ones(count, dtype=np.int64)
        rows = afterlife(world, honest, errand, sizes)
        found.append(_called(rows, errand, misuse=False))
    return stacked(found)


def _honest(world: World, total: int) -> Rows:
    """People who go for themselves, and those who go with or for others."""
    rng, habits = world.country.rng, world.country.habits
    weight = np.array([each.share for each in HONEST]) * np.exp(rng.normal(0, 0.5, len(HONEST)))
    helped = (weight / weight.sum() * total * habits["look_alike"]).astype(np.int64)
    alone = total - int(helped.sum())
    counter = int(alone * habits["counter"])
    found = []
    for errand, count in zip((*OWN, *HONEST), (alone - counter, counter, *helped), strict=True):
        if count:
            sizes = group_sizes(rng, *errand.size, int(count))
            rows = done(world, errand, sizes, misuse=False)
            found.append(_called(rows, errand, misuse=False))
    return stacked(found)


def _threats(country: Country, total: int) -> list[tuple[Errand, Ints]]:
    """Rings by pattern: one of each where there is room, then as the country's mix has it."""
    rng, patterns = country.rng, (*MISUSE, TAKEN)
    weight = np.array([each.share for each in patterns]) * rng.gamma(1.5, 1, len(patterns))
    order = np.r_[rng.permutation(len(patterns)), pick(rng, weight, total)]
    most = max(3, total // 14)
    sizes, left = np.zeros(len(order), dtype=np.int64), total
    for at, pattern in enumerate(order):
        least, high = patterns[pattern].size
        high = max(least, int(high * SHRINK[country.kind]))
        size = int(np.exp(rng.uniform(np.log(least), np.log(high + 1))))
        sizes[at] = min(size, most, left)
        left -= int(sizes[at])
    found = [(each, sizes[(order == at) & (sizes > 0)]) for at, each in enumerate(patterns)]
    return [(each, some) for each, some in found if len(some)]


def _called(rows: Rows, errand: Errand, misuse: bool) -> Rows:
    """Rows with the name of their story: a pattern of misuse, or an honest tie."""
    blank = np.full(len(rows["who"]), "", dtype=object)
    name = np.full(len(blank), errand.name, dtype=object)
    return rows | {"pattern": name if misuse else blank, "tie": blank if misuse else name}


def _shuffled(country: Country, rows: Rows) -> Rows:
    return chosen(rows, country.rng.permutation(len(rows["who"])))


def _truth(table: pd.DataFrame, rows: Rows, misuse: Bools, words: list[str]) -> pd.DataFrame:
    rings = pd.factorize(np.where(misuse, rows["group"], -1))[0]
    names = np.array([f"ring{at:05d}" for at in range(rings.max() + 1)], dtype=object)[rings]
    return pd.DataFrame(
        {
            "registration_id": table["registration_id"],
            "carrier_id": table["carrier_id"],
            "fraud": misuse.astype(bool),
            "pattern": pd.Series(rows["pattern"], dtype="str").where(misuse),
            "ring": pd.Series(names, dtype="str").where(misuse),
            "segments": words,
        }
    )
