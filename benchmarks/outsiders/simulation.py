"""A simulated country as the contract's tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.outsiders import aftermath
from benchmarks.outsiders.attacks import ATTACKS
from benchmarks.outsiders.country import DAY, DAYS, Country, draw_country
from benchmarks.outsiders.door import registrations
from benchmarks.outsiders.honest import honest_rows
from benchmarks.outsiders.ring import Ring

KINDS = ("plain", "hard", "sparse")


def tables(kind: str, *, size: int, seed: int) -> dict[str, pd.DataFrame]:
    """All tables of the country of this kind, size and seed, by the contract's names."""
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}; got {kind!r}")
    country = draw_country(kind, size, seed)
    frame = everybody(country)
    salt = int(country.rng.integers(1, 2**40))
    table = registrations(country, frame, salt)
    breaches, members = aftermath.leaks(country)
    return {
        "registrations": table,
        "line_events": aftermath.line_events(country, frame, table, salt),
        "labels": aftermath.labels(country, frame, table),
        "breaches": breaches,
        "breach_members": members,
        "officials": aftermath.officials(country),
        "truth": aftermath.truth(country, frame, table),
    }


def everybody(country: Country) -> pd.DataFrame:
    """All registrations of the year in order of time, honest and not."""
    bad = int(country.size * country.habits.fraud)
    honest = honest_rows(country, country.size - bad)
    frame = pd.concat([honest, *rings(country, honest, bad)], ignore_index=True)
    frame["at"] = np.floor(frame["at"].clip(1, DAYS * DAY - 1))
    shuffled = frame.sample(frac=1, random_state=country.rng)
    return shuffled.sort_values("at", kind="stable", ignore_index=True)


def rings(country: Country, honest: pd.DataFrame, n: int) -> list[pd.DataFrame]:
    """The rings of the year: which patterns occur, and how much of each, is the country's luck."""
    rng = country.rng
    names = rng.permutation(list(ATTACKS))[: int(rng.integers(13, 19))]
    usual_share = np.array([min(1.0, ATTACKS[str(name)][1] / 18) for name in names])
    budget = rng.dirichlet(2.0 * usual_share) * n
    found: list[pd.DataFrame] = []
    for name, whole in zip(names, budget, strict=True):
        attack, usual = ATTACKS[str(name)]
        left = float(whole)
        while left >= 1:
            size = int(np.clip(rng.lognormal(np.log(usual), 0.5), 1, max(2, left)))
            start = float(country.moments(1)[0]) / DAY
            rows = attack(Ring(country, honest, size, min(start, DAYS - 20.0)))
            found.append(rows.assign(pattern=str(name), ring=len(found), segment=""))
            left -= size
    return found
