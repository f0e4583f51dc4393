"""The risk model's booster is an estimator like any other, and keeps the engine's directions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator

from detector.model.estimators import RiskClassifier
from detector.signals import features
from tests import tiny

ARRAY_API = "check_array_api_input"


def checks() -> list[Any]:
    """Every check that concerns an estimator of numpy arrays; array namespaces are promised nowhere."""
    every = estimator_checks_generator(RiskClassifier(num_iterations=20, learning_rate=0.3))
    named = [(getattr(check, "func", check).__name__, own, check) for own, check in every]
    return [pytest.param(own, c, id=name) for name, own, c in named if name != ARRAY_API]


@pytest.mark.parametrize(("estimator", "check"), checks())
def test_every_check_of_scikit_learn_holds(estimator: Any, check: Any) -> None:
    check(estimator)


def made(n: int = 400, seed: int = 1) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    names = [f.name for f in features("activation")]
    table = pd.DataFrame(rng.exponential(2, (n, len(names))), columns=names)
    return table, (rng.random(n) < 0.3).astype(int)


def test_a_riskier_value_never_lowers_the_odds_even_on_noise() -> None:
    table, y = made()
    model = RiskClassifier(num_iterations=30).fit(table, y)
    sign = np.array([f.monotone for f in features("activation")])

    riskier = model.decision_function(table + sign)

    assert (riskier >= model.decision_function(table) - 1e-9).all()


def test_rows_of_weight_nothing_are_not_learned_from() -> None:
    table, y = made()
    weight = np.arange(len(y)) % 2
    one = RiskClassifier().fit(table, y, sample_weight=weight)
    two = RiskClassifier().fit(table[weight == 1], y[weight == 1])

    np.testing.assert_array_equal(one.decision_function(table), two.decision_function(table))


def test_a_recipe_gives_the_settings() -> None:
    model = RiskClassifier.of(tiny.recipe(), num_leaves=7)

    assert model.num_leaves == 7
    assert model.num_iterations == tiny.ROUNDS


@pytest.mark.parametrize("classes", [1, 3])
def test_other_than_two_classes_are_refused(classes: int) -> None:
    table, _ = made(60)

    with pytest.raises(ValueError, match=r"binary|two classes"):
        RiskClassifier().fit(table, np.arange(60) % classes)
