"""A booster that learned from all, brought to the scale on which thresholds were set.

Probabilities and thresholds are set on later rows, which the first booster has not seen. The one that is used
learned from these too. It ranks better, and with more misuse to learn from it may speak louder of everybody,
honest or not: then the same thresholds bother several times as many as they allow. How much louder cannot be
read from rows that it learned from. So a booster is made that learned from all but half of the later people and
points of sale, and is heard about that half beside the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.model.boosting import learned
from detector.model.held_out import Judged, said
from detector.model.hindsight import Hindsight
from detector.model.material import LEAST_ROWS, Material
from detector.model.memory import halves
from detector.model.novelty import Novelty
from detector.model.recipe import Recipe
from detector.registration import Registrations

Array = NDArray[Any]
TOP = 0.01  # of the rows, those that stand highest: among these decisions are made


@dataclass(frozen=True, slots=True)
class Refit:
    """What the last boosters learn from: all of the data's rows, as hindsight saw them."""

    material: Material
    own: Registrations
    recipe: Recipe
    seen: Hindsight
    seed: int

    def rise(self, judged: Judged, usual: Novelty) -> float:
        """By how many log-odds a stage's last booster stands above the first, which `judged` later rows.

        0 where too few of them are not known to be misuse.
        """
        table = judged.table
        rng = np.random.default_rng(self.seed)
        apart = halves(self.own.pos[table.row], self.own.identity[table.row], rng)
        heard = apart & ~judged.fraud
        if heard.sum() < LEAST_ROWS:
            return 0.0
        rest = self.material.without(table.row[apart])
        parts = rest.parts(table.stage, self.recipe, self.seen)
        booster = learned(parts, table.stage, recipe=self.recipe, seed=self.seed)
        again = said(booster, usual, table.vectors[heard], self.recipe)
        return higher(again, judged.raw[heard])


def higher(these: Array, those: Array) -> float:
    """By how much the top of some scores stands above the top of others."""
    return float(_top(these) - _top(those))


def _top(scores: Array) -> float:
    count = max(int(TOP * len(scores)), 1)
    return float(np.sort(scores)[-count:].mean())
