"""Drift is seen without labels, and the estimate says what it assumes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.errors import TooLittleData
from detector.model.drift import ASSUMPTION, drift_table, expected_performance, psi, words

seeds = st.integers(0, 2**32 - 1)


def draw(seed: int, n: int = 2_000, shift: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = np.round(rng.exponential(2, n) + shift * (rng.random(n) < 0.5), 1)
    return np.where(rng.random(n) < 0.2, np.nan, np.where(rng.random(n) < 0.5, 0.0, values))


@given(seed=seeds)
def test_the_same_values_in_any_order_have_not_drifted(seed: int) -> None:
    values = draw(seed)

    assert psi(values, np.random.default_rng(seed).permutation(values)) == pytest.approx(0)


@given(seed=seeds)
def test_another_draw_of_the_same_country_is_stable_and_a_shifted_one_is_not(seed: int) -> None:
    one, two = draw(seed), draw(seed + 1)

    assert psi(one, two) < 0.1
    assert psi(one, draw(seed + 1, shift=5.0)) > psi(one, two)


@given(seed=seeds)
def test_drift_is_never_negative_and_knows_no_scale(seed: int) -> None:
    one, two = draw(seed), draw(seed + 1, shift=1.0)

    assert psi(one, two) >= 0
    assert psi(7 * one - 3, 7 * two - 3) == pytest.approx(psi(one, two))


def test_a_column_that_goes_missing_has_moved() -> None:
    assert psi(draw(1), np.full(2_000, np.nan)) > 0.25
    assert psi(np.full(200, np.nan), np.full(300, np.nan)) == pytest.approx(0)


def test_the_table_names_what_moved_first_and_says_so() -> None:
    old = pd.DataFrame({"calm": draw(1), "wild": draw(2)})
    new = pd.DataFrame({"calm": draw(3), "wild": draw(4) + 9})

    table = drift_table(old, new)

    assert table["feature"].tolist() == ["wild", "calm"]
    assert table["reading"].tolist() == ["moved", "stable"]
    assert "1 of 2 features have moved: wild" in words(table)
    assert words(drift_table(old, old)).startswith("No feature has moved")


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(TooLittleData, match="current weeks hold 3 rows"):
        drift_table(pd.DataFrame({"a": draw(1)}), pd.DataFrame({"a": [1.0, 2, 3]}))


@given(seed=seeds)
def test_calibrated_scores_foresee_what_is_found(seed: int) -> None:
    rng = np.random.default_rng(seed)
    chance = rng.beta(0.3, 3, 20_000)
    fraud = rng.random(20_000) < chance

    found = expected_performance(chance, threshold=0.3).iloc[0]

    flagged = chance >= 0.3
    assert found["precision"] == pytest.approx(fraud[flagged].mean(), abs=0.05)
    assert found["recall"] == pytest.approx(flagged[fraud].mean(), abs=0.05)
    assert found["false_alarm_rate"] == pytest.approx(flagged[~fraud].mean(), abs=0.01)


def test_groups_are_estimated_apart_and_add_up() -> None:
    chance = np.array([0.9, 0.1, 0.2, 0.0])

    by_week = expected_performance(chance, threshold=0.5, groups=["a", "a", "b", "b"])

    assert by_week["flagged"].tolist() == [1, 0]
    assert by_week["expected_misuse"].sum() == pytest.approx(chance.sum())
    assert np.isnan(by_week["precision"].iloc[1])
    assert "look honest" in ASSUMPTION
