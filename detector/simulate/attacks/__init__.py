"""Attacks as agents: rings with a budget of lines, tools, habits, and a wish to stay unseen.

Patterns A to J of the domain notes, and six mixed or adaptive ones. How much of each a country has is
`Threat.mix`; a ring's size and care are heavy-tailed, so some are crude and some are hardly visible.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np

from detector.simulate.attacks.crew import Crew
from detector.simulate.attacks.insiders import corrupt_agent, dealer_stock, pretext_harvest
from detector.simulate.attacks.loot import Loot
from detector.simulate.attacks.stolen_names import (
    adaptive,
    aged_lines,
    deceased,
    kiosk_blend,
    mockery,
    official_star,
    sim_farm,
    spread_list,
    synthetic,
)
from detector.simulate.attacks.trades import business_front, mule, prison, takeover
from detector.simulate.calendar import DAY
from detector.simulate.rows import PATTERNS, Rows
from detector.simulate.world import World

ATTACKS: dict[str, Callable[[Crew], Rows]] = {
    attack.__name__: attack
    for attack in (
        official_star, spread_list, corrupt_agent, pretext_harvest, business_front, deceased, sim_farm,
        takeover, prison, mule, aged_lines, synthetic, kiosk_blend, mockery, adaptive, dealer_stock,
    )
}  # fmt: skip
# A ring of this pattern next to the country's typical ring, and how long it works.
_SCALE = {
    "official_star": (0.8, 1.0), "spread_list": (1.4, 1.5), "corrupt_agent": (1.3, 2.5),
    "pretext_harvest": (1.5, 0.3), "business_front": (1.6, 0.6), "sim_farm": (2.2, 1.0),
    "takeover": (0.35, 2.0), "mule": (0.9, 1.2), "mockery": (0.8, 0.4), "adaptive": (2.0, 3.0),
    "dealer_stock": (1.2, 2.0),
}  # fmt: skip


def attack(world: World, loot: Loot, *, budget: int, without: Collection[str]) -> list[Rows]:
    """The rows of all rings, `budget` together; patterns left out are replaced by the others."""
    scale = np.array([_SCALE.get(name, (1.0, 1.0))[0] for name in PATTERNS])
    weights = np.asarray(world.country.threat.mix) / scale
    weights = weights * ~np.isin(PATTERNS, list(without))
    parts: list[Rows] = []
    while budget > 0 and weights.sum() > 0:
        own = np.random.default_rng([world.seed, 97, len(parts)])
        pattern = PATTERNS[int(own.choice(len(PATTERNS), p=weights / weights.sum()))]
        parts.append(
            ATTACKS[pattern](_crew(loot, pattern, ring=len(parts), budget=budget, rng=own))
        )
        budget -= len(parts[-1])
    return parts


def _crew(loot: Loot, pattern: str, *, ring: int, budget: int, rng: np.random.Generator) -> Crew:
    world = loot.world
    threat = world.country.threat
    bigger, longer = _SCALE.get(pattern, (1.0, 1.0))
    size = threat.ring_size * bigger * np.exp(rng.normal(0, 0.8))
    most = max(8.0, world.size * threat.fraud_share / 8)
    days = threat.ring_days * longer * np.exp(rng.normal(0, 0.9))
    days = float(min(days, world.calendar.days * 0.8))
    care = rng.beta(4 * threat.care, 4 * (1 - threat.care))
    habits = np.clip(care + rng.normal(0, 0.18, 5), 0.02, 0.98)
    habits[:4][rng.random(4) < threat.spotless] = 1.0
    return Crew(
        world=world,
        loot=loot,
        rng=rng,
        pattern=pattern,
        ring=ring,
        size=int(min(max(size, 2), most, budget)),
        start=max(int(loot.any_moment(rng) - rng.random() * days * DAY), world.calendar.start),
        days=days,
        remote=_remote_share(rng),
        care_devices=float(habits[0]),
        care_addresses=float(habits[1]),
        care_sims=float(habits[2]),
        care_handsets=float(habits[3]),
        skill=float(habits[4]),
        base=int(world.places.draw(1, rng)[0]),
    )


def _remote_share(rng: np.random.Generator) -> float:
    """Most rings work from afar, some send people to counters, some do both."""
    return float(rng.choice([1.0, rng.random(), 0.0], p=[0.5, 0.3, 0.2]))
