"""Calibration: a probability that keeps the ranks and means what it says, though few frauds are reported."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from detector.model.calibrate import Calibration, calibration, shifted


def country(
    seed: int, *, reported: float, apart: float = 9, n: int = 60_000
) -> tuple[np.ndarray, ...]:
    """Raw scores, what is fraud, and of which fraud there is a verdict.

    The greater `apart`, the better the scores tell a fiftieth of the rows, mostly frauds, from the rest.
    """
    rng = np.random.default_rng(seed)
    raw = rng.normal(-6, 2, n)
    raw[: n // 50] += apart
    fraud = rng.random(n) < expit(1.5 * raw)
    return raw, fraud, fraud & (rng.random(n) < reported)


@given(
    slope=st.floats(0.05, 5),
    intercept=st.floats(-10, 10),
    raw=st.lists(st.floats(-20, 20), min_size=2),
)
def test_a_higher_raw_score_is_never_less_probable(
    slope: float, intercept: float, raw: list[float]
) -> None:
    found = Calibration(slope, intercept, 1.0).probability(np.sort(raw))

    assert (np.diff(found) >= 0).all()
    assert ((found >= 0) & (found <= 1)).all()


def test_a_ranking_upside_down_is_not_turned_round() -> None:
    raw, fraud, _ = country(1, reported=1.0)

    found = calibration(-raw, fraud.astype(int))

    assert found is not None
    assert found.slope > 0


@pytest.mark.parametrize("reported", [0.35, 0.6, 0.9])
def test_the_share_that_is_reported_is_recovered_where_scores_tell_well(reported: float) -> None:
    raw, _, known = country(2, reported=reported, apart=14)

    found = calibration(raw, known.astype(int))

    assert found is not None
    assert found.reported == pytest.approx(reported, rel=0.35)


@pytest.mark.parametrize("reported", [0.35, 0.6, 0.9])
def test_the_share_that_is_reported_is_never_overstated(reported: float) -> None:
    raw, _, known = country(2, reported=reported, apart=7)

    found = calibration(raw, known.astype(int))

    assert found is not None
    assert reported / 2 < found.reported < reported + 0.05


@pytest.mark.parametrize("reported", [0.4, 0.7, 1.0])
def test_probabilities_mean_what_they_say_though_little_is_reported(reported: float) -> None:
    raw, fraud, known = country(3, reported=reported)

    found = calibration(raw, known.astype(int))

    assert found is not None
    expected = found.probability(raw).sum()
    assert expected == pytest.approx(fraud.sum(), rel=0.35)


@pytest.mark.parametrize("verdicts", [0, 7])
def test_too_few_verdicts_calibrate_nothing(verdicts: int) -> None:
    fraud = np.zeros(1_000, int)
    fraud[:verdicts] = 1

    assert calibration(np.arange(1_000.0), fraud) is None


@given(share=st.floats(0.001, 0.2), seed=st.integers(0, 1_000))
def test_a_calibration_moved_elsewhere_has_the_wanted_mean(share: float, seed: int) -> None:
    raw = np.random.default_rng(seed).normal(-3, 3, 500)

    moved = shifted(Calibration(0.8, 2.0, 0.5), raw, share)

    assert moved.probability(raw).mean() == pytest.approx(share, rel=1e-3)
    assert (moved.slope, moved.reported) == (0.8, 0.5)


def test_moved_to_where_nothing_was_scored_it_says_the_usual_share() -> None:
    moved = shifted(Calibration(1.0, 2.0, 1.0), np.empty(0), 0.005)

    assert moved.probability(np.zeros(1))[0] == pytest.approx(0.005)
