"""Where a value stands among a country's own, and boosters that were taught to ask for it."""

from __future__ import annotations

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from detector.model.standing import Standing, settled

NAN = np.nan
COUNTS = st.sampled_from([0, 1, 2, 3, 5, 8, 13, 40, NAN])
COLUMNS = arrays(np.float32, st.tuples(st.integers(1, 30), st.just(1)), elements=COUNTS)


def column(*values: float) -> np.ndarray:
    """Vectors of one feature."""
    return np.array(values, np.float32)[:, None]


def test_half_lie_below_the_middle() -> None:
    standing = Standing.among(column(1, 2, 3, 4, 5)).of(column(3))
    assert standing.item() == pytest.approx(0.0)


def test_the_same_count_stands_lower_where_it_is_common() -> None:
    city, village = column(0, 0, 5, 6, 7, 9), column(0, 0, 0, 0, 1, 5)
    five = column(5)
    assert Standing.among(city).of(five) < Standing.among(village).of(five)


def test_what_is_unknown_stands_nowhere() -> None:
    assert np.isnan(Standing.among(column(1, NAN, 2)).of(column(NAN))).all()


def test_a_country_that_never_sends_a_field_tells_nothing_apart() -> None:
    found = Standing.among(column(NAN, NAN)).of(column(1, 2))
    assert found[0] == found[1]


@given(COLUMNS, st.lists(st.floats(-50, 50, width=32), min_size=2, max_size=2))
def test_standings_keep_the_order_of_values(known: np.ndarray, pair: list[float]) -> None:
    low, high = Standing.among(known).of(column(*sorted(pair)))[:, 0]
    assert low <= high


@given(COLUMNS, st.floats(-50, 50, width=32), st.floats(-8, 8))
def test_a_border_among_standings_is_one_among_values(
    known: np.ndarray, value: float, border: float
) -> None:
    country = Standing.among(known)
    stands_low = bool(country.of(column(value)).item() <= border)
    assert (value <= country.value(0, border)) == stands_low


@pytest.fixture(scope="module")
def taught() -> tuple[lgb.Booster, Standing]:
    """A booster of two features and their standings, learned in two countries of other scale."""
    rng = np.random.default_rng(3)
    parts, fraud = [], []
    for scale in (1, 7):
        vectors = rng.poisson(scale * np.array([2.0, 5.0]), (2_000, 2)).astype(np.float32)
        vectors[rng.random(vectors.shape) < 0.1] = NAN
        standings = Standing.among(vectors).of(vectors)
        parts.append(np.hstack((vectors, standings)))
        odd = np.nan_to_num(standings[:, 0]) + 0.1 * np.nan_to_num(vectors[:, 1])
        fraud.append(odd + rng.normal(0, 0.3, len(odd)) > 2)
    data = lgb.Dataset(
        np.concatenate(parts), np.concatenate(fraud), feature_name=["a", "b", "a_s", "b_s"]
    )
    settings = {"objective": "binary", "monotone_constraints": [1, 0, 1, 0], "verbosity": -1}
    home = Standing.among(rng.poisson([9.0, 3.0], (500, 2)).astype(np.float32))
    return lgb.train(settings, data, 30), home


def test_a_settled_booster_says_the_same_of_values_alone(
    taught: tuple[lgb.Booster, Standing],
) -> None:
    booster, home = taught
    rng = np.random.default_rng(5)
    vectors = rng.integers(-1, 60, (4_000, 2)).astype(np.float32) / 2
    vectors[rng.random(vectors.shape) < 0.1] = NAN
    wide = np.hstack((vectors, home.of(vectors)))
    expected = booster.predict(wide, raw_score=True)
    assert (booster.feature_importance()[2:] > 0).all(), (
        "it asks for standings, or this shows nothing"
    )
    np.testing.assert_array_equal(settled(booster, home).predict(vectors, raw_score=True), expected)


def test_a_settled_booster_is_one_of_the_features(taught: tuple[lgb.Booster, Standing]) -> None:
    booster, home = taught
    found = settled(booster, home)
    assert found.feature_name() == ["a", "b"]
    assert found.num_trees() == booster.num_trees()
    gain = booster.feature_importance("gain")
    np.testing.assert_allclose(found.feature_importance("gain"), gain[:2] + gain[2:], rtol=1e-4)


def test_written_and_read_it_is_the_same(taught: tuple[lgb.Booster, Standing]) -> None:
    text = settled(*taught).model_to_string()
    assert lgb.Booster(model_str=text).model_to_string() == text
