"""How long a thing serves before another takes its place, for helpers and for rings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detector.lands.villagers.arrays import Bools, Ints
from detector.lands.villagers.country import Country
from detector.lands.villagers.errands import Errand

TOOLS = "dichspab"
ALWAYS = 1_000_000
DEAR = {"d": 0.75, "h": 0.6, "s": 0.6}  # what costs most is kept longest
# Per kind: least and most tools kept, for how many lines, chance to keep one for good, how many
# first things are the doer's own, share of aged lines without history, share blending with custom.
RULES = {
    "plain": (3, 6, 6, 16, 0.75, 1.0, 0.7, 0.1),
    "hard": (2, 2, 6, 14, 0.35, 0.15, 0.4, 0.25),
    "sparse": (2, 4, 4, 12, 0.35, 0.7, 0.55, 0.15),
}


@dataclass(frozen=True)
class Habit:
    """For each group: how many lines each tool serves (0: not kept), if the first is its own."""

    run: dict[str, Ints]
    own: dict[str, Bools]
    misuse: bool


def helpers(country: Country, errand: Errand, groups: int) -> Habit:
    """Honest people keep what they have; sometimes it breaks, or is swapped for another's."""
    rng = country.rng
    run = {}
    for tool in TOOLS:
        long = np.where(rng.random(groups) < 0.85, ALWAYS, rng.integers(3, 15, groups))
        run[tool] = np.where(rng.random(groups) < 0.93, long, 0) * (tool in errand.keeps)
    own = {tool: rng.random(groups) < 0.9 for tool in TOOLS}
    return Habit(run, own, misuse=False)


def rings(country: Country, errand: Errand, groups: int) -> Habit:
    """Rings keep some of the tools of their trade, and wear the others out."""
    rng = country.rng
    least, most, low, high, for_good, own_share, _, _ = RULES[country.kind]
    luck = rng.random((groups, len(TOOLS)))
    trade = np.array([tool in errand.keeps for tool in TOOLS])
    luck -= np.array([DEAR.get(tool, 0.0) for tool in TOOLS])
    luck += np.where(trade, 0, 0.4 if country.kind == "plain" else 1.0)
    many = rng.integers(least, most + 1, (groups, 1))
    kept = (luck.argsort(1).argsort(1) < many) & (luck < 1.2)
    long = rng.random(kept.shape) < for_good
    run = np.where(long, ALWAYS, rng.integers(low, high + 1, kept.shape)) * kept
    own = rng.random(kept.shape) < errand.own * own_share
    return Habit(
        {tool: run[:, at].astype(np.int64) for at, tool in enumerate(TOOLS)},
        {tool: own[:, at] for at, tool in enumerate(TOOLS)},
        misuse=True,
    )
