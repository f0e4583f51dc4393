"""Finding booster settings with Optuna, within a time limit, on splits that flatter nobody."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import optuna
import pandas as pd
from sklearn.model_selection import cross_validate

from detector.model.asof import AsOfTable
from detector.model.estimators import RiskClassifier
from detector.model.recipe import Recipe
from detector.model.scorers import SCORERS
from detector.model.splits import RollingGroupSplit

AIM = "average_precision"


@dataclass(frozen=True, slots=True)
class Tuning:
    """The recipe with the best settings found, and every trial. `most` is how many there were to be."""

    recipe: Recipe
    trials: pd.DataFrame
    best: dict[str, Any]
    most: int

    @property
    def words(self) -> str:
        """How far it came: what the clock ended early may end elsewhere next time."""
        tried = len(self.trials)
        won = "other settings did better" if self.trials[AIM].argmax() else "none did better"
        told = f"{tried} of {self.most} settings were tried, the shipped ones first; {won}."
        if tried < self.most:
            told += " The clock ended it: run again, it may come further and give another model."
        return told


def tuned(
    table: AsOfTable,
    recipe: Recipe,
    *,
    splits: RollingGroupSplit,
    seconds: float,
    seed: int,
    most: int = 40,
    aim: str = AIM,
) -> Tuning:
    """Tries booster settings for about `seconds`, or `most` times; the recipe's own are tried first.

    Each is judged by its mean `aim` (a name of SCORERS) over the splits, so the recipe is only left for
    something that did better on the same weeks. Raises TooLittleData as the table and the splits do.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    usable = table.usable()
    folds = list(splits.split(usable.frame, groups=usable.groups()))
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    study.enqueue_trial(_present(recipe))

    def judged(trial: optuna.Trial) -> float:
        found = judge(usable, RiskClassifier.of(recipe, **_suggested(trial)), folds)
        for name, value in found.items():
            trial.set_user_attr(name, value)
        return found[aim]

    study.optimize(judged, n_trials=most, timeout=seconds)
    better = replace(recipe, booster={**recipe.booster, **study.best_params})
    return Tuning(better, _trials(study), dict(study.best_params), most)


def judge(table: AsOfTable, model: RiskClassifier, folds: Any) -> dict[str, float]:
    """Mean of every metric over the folds."""
    found = cross_validate(
        model,
        table.x(),
        table.y(),
        cv=folds,
        scoring=dict(SCORERS),
        params={"sample_weight": table.weights()},
        error_score="raise",
    )
    return {name: float(np.mean(found[f"test_{name}"])) for name in SCORERS}


def _present(recipe: Recipe) -> dict[str, Any]:
    names = ("learning_rate", "num_leaves", "min_data_in_leaf", "feature_fraction", "lambda_l2")
    return {name: recipe.booster[name] for name in names}


def _suggested(trial: optuna.Trial) -> dict[str, Any]:
    """Settings about as strict as the shipped ones, or stricter: looser ones remember whose the cases were."""
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.08, log=True),
        "num_leaves": trial.suggest_int("num_leaves", 6, 24),
        "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", 60, 400, log=True),
        "feature_fraction": trial.suggest_float("feature_fraction", 0.2, 0.9),
        "lambda_l2": trial.suggest_float("lambda_l2", 20.0, 100.0, log=True),
    }


def _trials(study: optuna.Study) -> pd.DataFrame:
    rows = [
        {"trial": t.number, **t.user_attrs, **t.params, "seconds": _seconds(t)}
        for t in study.trials
        if t.value is not None
    ]
    return pd.DataFrame(rows)


def _seconds(trial: optuna.trial.FrozenTrial) -> float:
    return trial.duration.total_seconds() if trial.duration else 0.0
