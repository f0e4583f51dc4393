"""Boosters, and what they learn from: of several countries the hard rows all, of the easy ones a sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from detector.model.recipe import Recipe
from detector.model.standing import Standing, settled
from detector.signals import features
from detector.signals.features import Feature

Array = NDArray[Any]
QUICK = 0.3  # of the rounds, for the booster that says which rows are hard


@dataclass(frozen=True, slots=True)
class Rows:
    """What a booster learns from, all of one country."""

    vectors: NDArray[np.float32]
    fraud: NDArray[np.int8]
    weight: NDArray[np.float64]
    country: Standing | None  # none where standings are not learned from

    def seen(self) -> NDArray[np.float32]:
        """As the booster sees them: features, and beside them where each value stands."""
        if self.country is None:
            return self.vectors
        return np.hstack((self.vectors, self.country.of(self.vectors)))

    def margin(self, booster: lgb.Booster) -> Array:
        """What a booster that learned from rows like these says of them, in log-odds."""
        here = booster if self.country is None else settled(booster, self.country)
        return margin(here, self.vectors)

    def some(self, keep: NDArray[np.bool_], weight: NDArray[np.float64]) -> Rows:
        """Those to keep, with other weights."""
        return replace(self, vectors=self.vectors[keep], fraud=self.fraud[keep], weight=weight)


def learned(
    parts: Sequence[Rows],
    stage: str,
    *,
    recipe: Recipe,
    seed: int,
    of: Sequence[Feature] | None = None,
) -> lgb.Booster:
    """Two fits: a quick one says which rows are hard, the second learns.

    The first of the parts is the data's own, and the booster speaks of its country. Columns are the features
    of the stage unless they are `of` others.
    """
    columns = features(stage) if of is None else of
    rng = np.random.default_rng(seed)
    thinned = [_thinned(part, 1 - recipe.easy_share, rng) for part in parts]
    quick = _fit(thinned, columns, recipe=recipe, seed=seed, share=QUICK)
    hard = [_with_hard_rows(part, quick, recipe, rng) for part in parts]
    booster, home = _fit(hard, columns, recipe=recipe, seed=seed), parts[0].country
    return booster if home is None else settled(booster, home)


def _thinned(rows: Rows, share: Array | float, rng: np.random.Generator) -> Rows:
    """Legitimate rows dropped with probability `share`, the rest weighing as much as all did."""
    odds = np.where(rows.fraud == 1, 0.0, share)
    keep = rng.random(len(odds)) >= odds
    return rows.some(keep, (rows.weight / (1 - odds))[keep])


def _with_hard_rows(
    rows: Rows, quick: lgb.Booster, recipe: Recipe, rng: np.random.Generator
) -> Rows:
    """All rows that the quick model finds hard, and a weighted sample of the easy ones.

    False alarms at one in a thousand are decided among the hard rows; the rest only says where zero is.
    """
    if not len(rows.weight):
        return rows
    raw = rows.margin(quick)
    easy = raw < np.quantile(raw, 1 - recipe.hard_share)
    return _thinned(rows, np.where(easy, 1 - recipe.easy_share, 0.0), rng)


def _fit(
    parts: Sequence[Rows],
    columns: Sequence[Feature],
    *,
    recipe: Recipe,
    seed: int,
    share: float = 1.0,
) -> lgb.Booster:
    """One booster, deterministic for a seed, data, CPU type and thread count.

    Where parts know where values stand, it is one of features and of their standings.
    """
    names, directions = zip(*((f.name, f.monotone) for f in columns), strict=True)
    if parts[0].country is not None:
        names, directions = (*names, *(f"{name}_standing" for name in names)), 2 * directions
    settings: dict[str, Any] = dict(recipe.booster)
    rounds = max(int(settings.pop("num_iterations") * share), 1)
    settings |= {
        "objective": "binary",
        "monotone_constraints": directions,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 2,
        "verbosity": -1,
    }
    data = lgb.Dataset(
        np.concatenate([part.seen() for part in parts]),
        np.concatenate([part.fraud for part in parts]),
        weight=np.concatenate([part.weight for part in parts]),
        feature_name=list(names),
        free_raw_data=True,
    )
    return lgb.train(settings, data, num_boost_round=rounds)


def margin(booster: lgb.Booster, vectors: Array) -> Array:
    """What a booster says of vectors, in log-odds."""
    return np.asarray(booster.predict(vectors, raw_score=True, num_threads=2))
