"""A whole country, from the ground to the seven tables."""

import numpy as np
import pandas as pd

from detector.lands.neighbours.after import (
    draw_events,
    events_table,
    labels_table,
    truth_table,
)
from detector.lands.neighbours.book import handset_names, registrations
from detector.lands.neighbours.honest import Honest
from detector.lands.neighbours.land import KINDS, draw_land
from detector.lands.neighbours.orders import Mint, settle
from detector.lands.neighbours.people import breach_tables, draw_people, officials_table
from detector.lands.neighbours.rings import PATTERNS, attacks

LIMITS = (2_000, 600_000)


def tables(kind: str, *, size: int, seed: int) -> dict[str, pd.DataFrame]:
    """The country of that kind and seed with `size` registrations, as the contract's tables."""
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}; got {kind!r}")
    if not LIMITS[0] <= size <= LIMITS[1]:
        raise ValueError(f"size must be between {LIMITS[0]:,} and {LIMITS[1]:,}; got {size:,}")
    rng = np.random.default_rng([seed, size, KINDS.index(kind)])
    land = draw_land(kind, size, rng)
    people = draw_people(land, rng)
    mint = Mint()
    wanted = int(size * rng.uniform(0.0045, 0.0095))
    planned = Honest(land, people, mint, rng).orders(int((size - wanted) * 1.08))
    honest = planned.sample(size - wanted, random_state=rng).reset_index(drop=True)
    honest = settle(honest, land, people, mint, rng)
    bad = settle(
        attacks(land, people, honest, wanted=wanted, mint=mint, rng=rng), land, people, mint, rng
    )
    orders = pd.concat([honest, bad]).sample(frac=1, random_state=rng)
    orders = orders.sort_values("at", kind="stable", ignore_index=True)
    events = draw_events(orders, land, mint, rng)
    handsets = handset_names(np.concatenate([orders["handset"], events["handset"]]), rng)
    book = registrations(orders, land, people, handsets, rng)
    breaches, members = breach_tables(people, rng)
    return {
        "registrations": book,
        "line_events": events_table(events, orders, book, land, handsets),
        "labels": labels_table(orders, book, land, rng),
        "breaches": breaches,
        "breach_members": members,
        "officials": officials_table(people, rng),
        "truth": truth_table(orders, book, people, land, list(PATTERNS)),
    }
