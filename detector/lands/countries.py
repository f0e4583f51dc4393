"""Countries to practise on, by several hands.

What holds in a country that one author imagined may be a habit of that author. Each land was written by
somebody who knew the data contract and public facts and neither the engine nor the other lands, so that
what a model learns from all of them is what holds everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from detector.lands import HOME, KINDS, neighbours, strangers, travellers, villagers
from detector.simulate import Country, simulate

MAKERS: Mapping[str, Callable[..., Mapping[str, Any]]] = {
    "strangers": strangers.tables,
    "neighbours": neighbours.tables,
    "travellers": travellers.tables,
    "villagers": villagers.tables,
}


def tables(
    land: str,
    *,
    registrations: int,
    seed: int,
    kind: str | None = None,
    without: Collection[str] = (),
) -> dict[str, pa.Table]:
    """A country of one of `detector.lands.LANDS`, with its `truth`; without a kind the seed draws one.

    Home has no kinds and draws every country; only home can leave attack patterns out (`without`).
    Raises KeyError for a land that is none.
    """
    if land == HOME:
        return simulate(Country.draw(seed), registrations=registrations, seed=seed, without=without)
    chosen = kind or str(np.random.default_rng([seed, 97]).choice(KINDS))
    made = MAKERS[land](chosen, size=registrations, seed=seed)
    return {name: pa.Table.from_pandas(frame, preserve_index=False) for name, frame in made.items()}
