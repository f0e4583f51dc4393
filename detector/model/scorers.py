"""What matters at a review desk, as scikit-learn metrics and scorers.

`y` is 1 for misuse and anything else for a registration that is presumed innocent: an unlabelled one
costs a walk like an honest one does. So each figure understates what a model finds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import make_scorer

from detector.model.measures import MAIN_RATE, average_precision, curve, point

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Costs:
    """What things cost an operator, in pesos. Assumptions to be replaced by your own figures.

    `misuse`: a misused line let through. `bothered`: an honest person who has to prove more.
    `review_minutes`: a person's look at one flagged case, at `hour` pesos an hour.
    """

    misuse: float = 1_500.0
    bothered: float = 85.0  # 5.7 % of a miss, as FiFAR has it (Alves et al., 2024)
    review_minutes: float = 12.0
    hour: float = 140.0

    @property
    def review(self) -> float:
        """Pesos that looking at one flagged case costs."""
        return self.review_minutes / 60 * self.hour


def recall_at_budget(y: Array, score: Array, *, budget: float = MAIN_RATE) -> float:
    """Share of misuse found when at most `budget` of the innocent are bothered; 0 where there is none."""
    found = point(curve(np.asarray(score, float), np.asarray(y) == 1), budget).recall
    return found or 0.0


def precision_at(y: Array, score: Array, *, k: int = 100) -> float:
    """Share of misuse among the `k` highest scores; of a tie that only partly fits, the expected part."""
    ranking = curve(np.asarray(score, float), np.asarray(y) == 1)
    size = ranking.caught + ranking.false_alarms
    looked = min(k, int(size[-1]) if len(size) else 0)
    if not looked:
        return 0.0
    return float(np.interp(looked, np.append(0, size), np.append(0, ranking.caught))) / looked


def savings(y: Array, score: Array, *, costs: Costs | None = None) -> float:
    """Pesos saved per registration at the best threshold, against letting everything pass."""
    costs = costs or Costs()
    ranking = curve(np.asarray(score, float), np.asarray(y) == 1)
    saved = costs.misuse * ranking.caught - costs.bothered * ranking.false_alarms
    saved = saved - costs.review * (ranking.caught + ranking.false_alarms)
    return max(float(saved.max(initial=0.0)), 0.0) / max(len(np.asarray(y)), 1)


def ranking_precision(y: Array, score: Array) -> float:
    """Average precision; 0 where there is no misuse."""
    return average_precision(curve(np.asarray(score, float), np.asarray(y) == 1)) or 0.0


def scorer(metric: Callable[..., float], **options: Any) -> Any:
    """A metric of this module as a scikit-learn scorer of an estimator's ranking."""
    return make_scorer(metric, response_method=("decision_function", "predict_proba"), **options)


SCORERS: Mapping[str, Any] = {
    "recall_at_0.1_percent": scorer(recall_at_budget),
    "recall_at_1_percent": scorer(recall_at_budget, budget=0.01),
    "precision_at_100": scorer(precision_at),
    "savings_per_registration": scorer(savings),
    "average_precision": scorer(ranking_precision),
}
