"""The misuse in the country: which patterns there are, and how much of each, differs with the seed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from detector.lands.strangers.attacks import counters, lists, victims_lines
from detector.lands.strangers.world import World

DEEDS = (
    lists.one_name,
    lists.slow_drip,
    lists.fresh_devices,
    lists.clean_phones,
    lists.esim_only,
    lists.handset_farm,
    lists.across_carriers,
    lists.the_dead,
    lists.made_up,
    lists.paper_firms,
    lists.old_numbers,
    counters.ghost_a_day,
    counters.one_more,
    counters.back_office,
    counters.demo_phone,
    counters.bad_kiosk,
    counters.relief,
    counters.skimming_helper,
    victims_lines.swap_then_relink,
    victims_lines.port_away,
    victims_lines.mockery,
    victims_lines.prison,
    victims_lines.sold_by_courier,
)
PATTERNS = tuple(deed.__name__ for deed in DEEDS)
AT_ONCE = 18  # patterns in one country
LEAST = 4


def misuse(world: World, size: int, base: pd.DataFrame) -> pd.DataFrame:
    """So many registrations of misuse, and honest ones that hide some of them; marks lines in `base`."""
    rng = world.rng
    kinds = max(1, min(AT_ONCE, size // (2 * LEAST)))
    chosen = np.sort(rng.choice(len(DEEDS), kinds, replace=False))
    share = rng.dirichlet(np.full(kinds, 4.0))
    counts = np.maximum(LEAST, np.round(share * size)).astype(int)
    counts[np.argmax(counts)] += size - counts.sum()
    parts = []
    for number, count in zip(chosen, counts, strict=True):
        part = DEEDS[number](world, int(count), base)
        parts.append(part.assign(pattern=np.where(part["fraud"] == 1, number, -1)))
    return pd.concat(parts, ignore_index=True)
