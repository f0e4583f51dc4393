"""What happens to lines that are registered already: lost telephones, moves, heirs, and theft."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from detector.lands.villagers.arrays import Ints, Rows, pick
from detector.lands.villagers.country import DAYS, START, Country
from detector.lands.villagers.doing import done
from detector.lands.villagers.errands import Errand
from detector.lands.villagers.holders import World

LOST = Errand("lost_phone", 0, "each", (1, 1), "counter", "", "holder", new=1.0)
MOVED = Errand("changed_carrier", 0, "each", (1, 2), "phone", "", "holder", new=1.0, repeat=1)
TAKEN = Errand("line_takeover", 1.2, "each", (1, 8), "phone", "dhb", "hub", "soon", new=1.0,
               repeat=0, sitting=2, pause=6, own=0.2)  # fmt: skip


def afterlife(world: World, earlier: Rows, errand: Errand, sizes: Ints) -> Rows:
    """Operations on lines of earlier rows; with `line_takeover`, by somebody with no part in it."""
    country, rng = world.country, world.country.rng
    at = _lines(country, earlier, errand, int(sizes.sum()))
    known = replace(world, pools=replace(world.pools, everyone=earlier["who"][at]))
    by_row = errand is not TAKEN
    sizes = np.ones(len(at), dtype=np.int64) if by_row else sizes
    named = replace(errand, source="in_order" if by_row else "listed")
    rows = done(known, named, sizes, misuse=not by_row)
    if not by_row:
        rows["who"] = earlier["who"][at]
    then = earlier["share"][at]
    rows["share"] = then + (0.999 - then) * rng.random(len(at))
    second = (rows["at"] - START) % 86_400
    day = country.moment(rows["share"])
    rows["at"] = np.maximum(START + day * 86_400 + second, earlier["at"][at] + 3600)
    rows["operation"] = pick(rng, np.array([0, 0, 0.25, 0.35, 0.4]), len(at))
    passed = (earlier["at"][at] - START) / 86_400
    rows["age"] = earlier["age"][at] + (rows["at"] - START) / 86_400 - passed
    rows["line"], rows["area"] = earlier["line"][at], earlier["area"][at]
    same = rows["operation"] == 3  # the SIM stays where it is
    for part in ("box", "slot"):
        rows[part] = np.where(same, earlier[part][at], rows[part])
    ported = rows["operation"] == 2
    rows["carrier"] = np.where(ported, rows["carrier"], earlier["carrier"][at])
    return rows


def _lines(country: Country, earlier: Rows, errand: Errand, count: int) -> Ints:
    """Earlier rows whose line has a later life."""
    early = np.flatnonzero((earlier["at"] - START) < 86_400 * (DAYS - 8))
    person = early[earlier["channel"][early] < 4] if errand is TAKEN else early
    return country.rng.choice(person, count, replace=len(person) < count)
