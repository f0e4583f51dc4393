"""What a booster learns from several countries."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from detector.lifecycle import STAGES
from detector.model.boosting import Rows, learned, margin
from detector.model.standing import Standing
from detector.signals import features
from detector.signals.features import RISES
from tests import tiny

STAGE = STAGES[0]
WIDTH = len(features(STAGE))
RISKY = next(i for i, f in enumerate(features(STAGE)) if f.monotone == RISES)


def country(scale: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A country that sees one feature, in which misuse has more of it than the country's other lines."""
    rng = np.random.default_rng(seed)
    usual = rng.poisson(2 * scale, 4_000)
    fraud = rng.random(len(usual)) < 0.02
    vectors = np.full((len(usual), WIDTH), np.nan, np.float32)
    vectors[:, RISKY] = np.where(fraud, usual + 4 * scale, usual)
    return vectors, fraud


@pytest.mark.parametrize(("asked", "low", "high"), [(True, 0.9, 1.0), (False, 0.4, 0.7)])
def test_a_lesson_is_understood_in_a_country_where_everything_is_more(
    asked: bool, low: float, high: float
) -> None:
    parts = []
    for scale, seed in (
        (8, 1),
        (1, 2),
    ):  # the country itself, in which nobody has said anything yet
        vectors, fraud = country(scale, seed)
        told = fraud if scale == 1 else np.zeros(len(fraud), bool)
        where = Standing.among(vectors) if asked else None
        weight = np.full(len(fraud), 1.0 if scale == 1 else 0.01)
        parts.append(Rows(vectors, told.astype(np.int8), weight, where))
    booster = learned(parts, STAGE, recipe=tiny.recipe(), seed=1)
    later, misuse = country(8, 3)
    assert low <= roc_auc_score(misuse, margin(booster, later)) <= high


def test_a_booster_taught_with_standings_takes_features_alone() -> None:
    vectors, fraud = country(3, 4)
    rows = Rows(vectors, fraud.astype(np.int8), np.ones(len(fraud)), Standing.among(vectors))
    booster = learned([rows, rows], STAGE, recipe=tiny.recipe(), seed=1)
    assert booster.feature_name() == [f.name for f in features(STAGE)]
    again = learned([replace(rows), rows], STAGE, recipe=tiny.recipe(), seed=1)
    assert again.model_to_string() == booster.model_to_string()
