"""Verdicts: few, late, and not all of them right."""

from __future__ import annotations

import numpy as np
import pandas as pd

from detector.lands.villagers.arrays import Bools, Ints, Rows, part, pick
from detector.lands.villagers.country import Country
from detector.lands.villagers.errands import OWN
from detector.lands.villagers.exposure import moments

SOURCES = np.array(["holder", "carrier", "reverification", "authority", "analyst"], dtype=object)
ACCUSED = np.array([5, 2, 2.5, 0.7, 0.8])
CLEARED = np.array([1.5, 2, 4, 0.2, 2])


def verdicts(country: Country, table: pd.DataFrame, rows: Rows, misuse: Bools) -> pd.DataFrame:
    """What became known here of some registrations, and when."""
    rng, habits = country.rng, country.habits
    ring_luck = part(rows["group"], country.salt + 13, 1000) / 1000
    noticed = rng.random(len(misuse)) < habits["verdict"] * (0.4 + 1.2 * ring_luck)
    known = np.flatnonzero(misuse & noticed)
    honest = np.flatnonzero(~misuse)
    right = rng.choice(honest, int(habits["cleared"] * len(misuse)), replace=False)
    let_off = np.flatnonzero(misuse & ~noticed & (rng.random(len(misuse)) < 0.02))
    wrong = (len(known) + len(right)) * habits["wrong"] / (1 - habits["wrong"])
    accused = _disowned(country, rows, honest, max(1, round(wrong - len(let_off))))
    who = np.concatenate([known, accused, right, let_off])
    blamed = np.arange(len(who)) < len(known) + len(accused)
    wait = np.exp(rng.normal(np.log(40), 1.0, len(who))) * 86_400 + 7_200
    at = rows["at"][who] + wait.astype(np.int64)
    source = np.where(blamed, pick(rng, ACCUSED, len(who)), pick(rng, CLEARED, len(who)))
    sure = np.where(rng.random(len(who)) < 0.5, rng.beta(6, 2, len(who)).round(2), np.nan)
    found = pd.DataFrame(
        {
            "registration_id": table["registration_id"].to_numpy()[who],
            "carrier_id": table["carrier_id"].to_numpy()[who],
            "label": np.where(blamed, "fraud", "legitimate").astype(object),
            "decided_at": moments(at, rng.random(len(who))),
            "source": SOURCES[source],
            "confidence": sure,
        }
    )
    kept: pd.DataFrame = found[(at < country.horizon) & ~pd.Series(who).duplicated()]
    return kept.sort_values("decided_at", ignore_index=True)


def _disowned(country: Country, rows: Rows, honest: Ints, count: int) -> Ints:
    """Honest lines called false: forgotten ones, a relative's, those of a busy helper."""
    helped = honest[~np.isin(rows["tie"][honest], [each.name for each in OWN])]
    pool = helped if country.rng.random() < 0.6 and len(helped) > count else honest
    return country.rng.choice(pool, min(count, len(pool)), replace=False)
