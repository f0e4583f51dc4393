"""Which patterns occur in a country, and how much of each."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.random import Generator

from detector.lands.neighbours import counters, lists
from detector.lands.neighbours.crew import Crew
from detector.lands.neighbours.land import Land
from detector.lands.neighbours.orders import Mint
from detector.lands.neighbours.people import People

DISCREET = {  # patterns few can carry out, or few care to
    "slow_drip", "commission_padding", "cafe_desk", "false_confidant", "mockery", "swap_takeover",
    "port_takeover", "greedy_agent",
}  # fmt: skip

PATTERNS: dict[str, Callable[[Crew], pd.DataFrame]] = {
    attack.__name__: attack
    for attack in (
        lists.star_official, lists.list_spread, counters.greedy_agent, counters.pretext_brigade,
        lists.paper_company, lists.dead_souls, lists.sim_farm, lists.swap_takeover,
        lists.port_takeover, lists.prison_desk, lists.mule_by_consent, lists.mockery,
        lists.invented, counters.slow_drip, lists.rented_phones, lists.strip_seller,
        counters.commission_padding, lists.cafe_desk, lists.warehouse_leak, lists.false_confidant,
        counters.handset_credit, lists.borrowed_name,
    )
}  # fmt: skip


def attacks(
    land: Land, people: People, honest: pd.DataFrame, *, wanted: int, mint: Mint, rng: Generator
) -> pd.DataFrame:
    """`wanted` lines by rings: which patterns occur, and how much of each, is drawn."""
    names = list(PATTERNS)
    present = rng.choice(len(names), int(rng.integers(14, len(names) + 1)), replace=False)
    rare = np.array([names[pattern] in DISCREET for pattern in present])
    weight = rng.gamma(1.5, 1, len(present)) * np.where(rare, 0.4, 1.0)
    parts: list[pd.DataFrame] = []
    done = 0
    while done < wanted:
        pattern = int(rng.choice(present, p=weight / weight.sum()))
        budget = min(int(rng.lognormal(2.8, 0.7)) + 2, 80, max(8, wanted // 12))
        crew = Crew(land, people, honest, mint, rng, budget)
        ring = PATTERNS[names[pattern]](crew)
        ring["fraud"], ring["pattern"], ring["ring"] = 1, pattern, len(parts)
        ring["segment"] = -1
        parts.append(ring)
        done += len(ring)
    return pd.concat(parts, ignore_index=True).head(wanted)
