"""Metrics speak of a review desk: what is found at a price, and what that is worth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.model.scorers import (
    Costs,
    precision_at,
    recall_at_budget,
    savings,
)

seeds = st.integers(0, 2**32 - 1)


def case(seed: int, n: int = 200) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.2).astype(int)
    return y, np.round(rng.normal(size=n) + y, 1)


@given(seed=seeds, budget=st.sampled_from([0.01, 0.05, 0.2]))
def test_recall_stays_within_the_budget(seed: int, budget: float) -> None:
    y, score = case(seed)

    found = recall_at_budget(y, score, budget=budget)

    thresholds = [s for s in np.unique(score) if (score[y == 0] >= s).mean() <= budget]
    best = max(((score[y == 1] >= s).mean() for s in thresholds), default=0.0)
    assert found == pytest.approx(best)


@given(seed=seeds)
def test_a_ranking_means_the_same_on_any_scale(seed: int) -> None:
    y, score = case(seed)

    for metric in (recall_at_budget, precision_at, savings):
        assert metric(y, score) == pytest.approx(metric(y, np.exp(score)))


def test_an_unlabelled_row_counts_as_innocent() -> None:
    score = np.array([3.0, 2.0, 1.0, 0.0])

    assert recall_at_budget(np.array([-1, 1, 0, 0]), score, budget=0.1) == 0.0
    assert recall_at_budget(np.array([1, -1, 0, 0]), score, budget=0.1) == 1.0


def test_precision_at_k_shares_a_tie() -> None:
    y, score = np.array([1, 1, 0, 0]), np.array([2.0, 1.0, 1.0, 1.0])

    assert precision_at(y, score, k=2) == pytest.approx((1 + 1 / 3) / 2)


def test_savings_weigh_misuse_against_walks_and_hours() -> None:
    costs = Costs(misuse=100, bothered=10, review_minutes=60, hour=5)

    assert savings(np.array([1, 0]), np.array([1.0, 0.0]), costs=costs) == (100 - 5) / 2
    assert savings(np.array([0, 0]), np.array([1.0, 0.0]), costs=costs) == 0.0


def test_nothing_to_rank_is_worth_nothing() -> None:
    nothing = np.empty(0)

    assert precision_at(nothing, nothing) == savings(nothing, nothing) == 0.0
