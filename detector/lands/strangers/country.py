"""The whole country, table by table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from detector.lands.strangers import verdicts
from detector.lands.strangers.attacks import PATTERNS, misuse
from detector.lands.strangers.clerk import settled
from detector.lands.strangers.events import line_events
from detector.lands.strangers.honest import honest
from detector.lands.strangers.ledger import registrations
from detector.lands.strangers.world import World, world


def tables(kind: str, *, size: int, seed: int) -> dict[str, pd.DataFrame]:
    """The contract's tables, `truth` among them, of a country of `kind`."""
    country = world(kind, size=size, seed=seed)
    done = settled(country, _wishes(country))
    table = registrations(country, done)
    found = {
        "registrations": table,
        "line_events": line_events(country, done, table),
        "labels": verdicts.labels(country, done, table),
        "breaches": verdicts.breaches(),
        "breach_members": verdicts.breach_members(country),
        "officials": verdicts.officials(country),
        "truth": verdicts.truth(country, done, table, PATTERNS),
    }
    order = country.rng.permutation(len(table))
    return found | {
        name: found[name].iloc[order].reset_index(drop=True) for name in ("registrations", "truth")
    }


def _wishes(country: World) -> pd.DataFrame:
    """Honest lives, and misuse among them: exactly as many rows as asked for."""
    bad = round(country.size * country.kind.fraud)
    base = honest(country, country.size - bad)
    deeds = misuse(country, bad, base)
    spare = np.flatnonzero((deeds["fraud"] == 0).to_numpy())
    free = base.index[(base["line"] < 0).to_numpy()]
    gone = country.rng.choice(free, len(spare), replace=False)
    return pd.concat([base[~base.index.isin(gone)], deeds], ignore_index=True)
