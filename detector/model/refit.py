"""A booster that learned from all, brought to the scale on which thresholds were set.

Probabilities and thresholds are set on later rows, which the first booster has not seen. The one that is used
learned from these too. It ranks better, and with more misuse to learn from it may speak louder of everybody,
honest or not: then the same thresholds bother up to three times as many as they did. How much louder cannot be
read from rows that it learned from. So a booster is made that learned from all but half of the later people and
points of sale, and is asked about that half beside the first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.model.boosting import learned
from detector.model.held_out import Judged, said
from detector.model.hindsight import Hindsight
from detector.model.material import Material
from detector.model.memory import halves
from detector.model.novelty import Novelty
from detector.model.recipe import Recipe
from detector.registration import Registrations

Array = NDArray[Any]
TOP = 0.01  # of the rows, those that stand highest: among these decisions are made
LEAST_TOP = 20  # of them, below which their mean is chance


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

        Misuse that is known or suspected is left aside: it is what the last one learned to speak louder of.
        0 where the others are too few, and where it stands below: nobody is bothered for that.
        """
        table = judged.table
        rng = np.random.default_rng(self.seed)
        apart = halves(self.own.pos[table.row], self.own.identity[table.row], rng)
        asked = apart & ~judged.fraud & ~np.isin(table.row, self.seen.suspected)
        if TOP * asked.sum() < LEAST_TOP:
            return 0.0
        whole = replace(self.material, own={table.stage: self.material.own[table.stage]})
        parts = whole.without(table.row[apart]).parts(table.stage, self.recipe, self.seen)
        booster = learned(parts, table.stage, recipe=self.recipe, seed=self.seed)
        last = said(booster, usual, table.vectors[asked], self.recipe)
        return max(top(last) - top(judged.raw[asked]), 0.0)


def top(scores: Array) -> float:
    """The mean of the highest hundredth."""
    count = max(int(TOP * len(scores)), 1)
    return float(np.sort(scores)[-count:].mean())
