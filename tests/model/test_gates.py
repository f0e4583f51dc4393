"""The simulated country is not a toy: two questions about a registration do not find its frauds.

Impressions are asked by neither: they are what another booster has worked out, not what the country tells.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import lightgbm as lgb
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve
from sklearn.tree import DecisionTreeClassifier

from detector.lifecycle import STAGES
from detector.model.dataset import LEGITIMATE, training_tables
from detector.model.impressions import prepared
from detector.model.recipe import Recipe
from detector.practice import truth_of
from detector.signals import features, impressions
from detector.simulate import Country, simulate
from tests import tiny

REGISTRATIONS, SEED = 40_000, 1
RATE = 0.001
LEARNED = 0.6
HONEST_AUC = 0.90
COMPANY = impressions.SIGNAL.features


@cache
def known() -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Vectors and truth of the default country, by stage."""
    tables = simulate(Country(), registrations=REGISTRATIONS, seed=SEED)
    folder = tiny.behind_the_door(tables)
    fraud = truth_of(folder, tables["truth"].to_pandas()).astype(np.int8)
    made = training_tables(
        prepared(folder), fraud, stages=STAGES, most=0, rng=np.random.default_rng(1)
    )
    return {s: t.vectors for s, t in made.items()}, {
        s: t.verdict > LEGITIMATE for s, t in made.items()
    }


def recall(score: np.ndarray, fraud: np.ndarray) -> float:
    """Share of frauds found at RATE false alarms; ties are broken by a fair coin."""
    false_alarms, found, _ = roc_curve(fraud, score, drop_intermediate=False)
    return float(np.interp(RATE, false_alarms, found))


def full_model(stage: str, vectors: np.ndarray, fraud: np.ndarray) -> lgb.Booster:
    """The shipped booster, with the truth for labels."""
    settings = dict(Recipe.load(tiny.MODELS / "recipe.toml").booster)
    rounds = int(settings.pop("num_iterations"))
    directions = [f.monotone for f in features(stage)]
    fixed = {"objective": "binary", "verbosity": -1, "seed": 1, "num_threads": 2}
    data = lgb.Dataset(vectors, fraud)
    return lgb.train(settings | fixed | {"monotone_constraints": directions}, data, rounds)


@pytest.mark.parametrize("stage", ["activation", "day_7"])
def test_a_tree_of_depth_two_finds_less_than_half_of_what_the_model_finds(
    stage: str, figure: Callable[[str], None]
) -> None:
    vectors, fraud = (part[stage] for part in known())
    border = int(len(fraud) * LEARNED)
    learn, later = slice(0, border), slice(border, None)
    trees = [
        DecisionTreeClassifier(max_depth=2, class_weight=weight, criterion=by, random_state=1)
        for weight in (None, {0: 1, 1: 10}, "balanced")
        for by in ("gini", "entropy")
    ]
    model = full_model(stage, vectors[learn], fraud[learn])
    facts = vectors[:, [i for i, f in enumerate(features(stage)) if f not in COMPANY]]

    of_tree = max(
        recall(t.fit(facts[learn], fraud[learn]).predict_proba(facts[later])[:, 1], fraud[later])
        for t in trees
    )
    of_model = recall(np.asarray(model.predict(vectors[later])), fraud[later])

    figure(f"{stage}: recall at 0.1 %, best depth-2 tree {of_tree:.3f}, full model {of_model:.3f}")
    assert of_tree < of_model / 2


def test_no_single_feature_tells_fraud_from_life(figure: Callable[[str], None]) -> None:
    vectors, fraud = (part["activation"] for part in known())
    aucs = {}
    for i, f in enumerate(features("activation")):
        column = np.nan_to_num(vectors[:, i], nan=-1.0)
        area = roc_auc_score(fraud, column)
        aucs[f.name] = max(area, 1 - area)

    best = max(aucs, key=lambda name: aucs[name])
    figure(f"best single feature: {best}, AUC {aucs[best]:.3f}")
    assert {name: auc for name, auc in aucs.items() if auc > HONEST_AUC} == {}
