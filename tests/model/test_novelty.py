"""Novelty: the further out in a risky direction, the more surprising; what is unknown surprises nobody."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.model.novelty import STRONGEST, Novelty, novelty
from detector.signals import features
from detector.signals.features import FALLS, RISES, Feature

STAGE = "activation"
KNOWN = features(STAGE)
DIRECTED = [i for i, f in enumerate(KNOWN) if f.monotone and f.reason]
RISING = [i for i in DIRECTED if KNOWN[i].monotone == RISES]
FALLING = [i for i in DIRECTED if KNOWN[i].monotone == FALLS]
FREE = [i for i, f in enumerate(KNOWN) if not f.monotone]


def usual_vectors(n: int = 2_000) -> np.ndarray:
    """A country in which every feature is spread between 0 and 1."""
    return np.random.default_rng(2).random((n, len(KNOWN))).astype(np.float32)


LEARNED = novelty(usual_vectors(), KNOWN)


def surprise(**values: float) -> float:
    """Novelty of an unremarkable registration but for these features."""
    vector = np.full((1, len(KNOWN)), np.nan, np.float32)
    for name, value in values.items():
        vector[0, [f.name for f in KNOWN].index(name)] = value
    return float(LEARNED.of(vector)[0])


@pytest.mark.parametrize("column", RISING[:8], ids=lambda i: KNOWN[i].name)
@given(low=st.floats(-1, 3), high=st.floats(-1, 3))
def test_a_greater_risk_is_never_less_novel(column: int, low: float, high: float) -> None:
    low, high = sorted((low, high))
    name = KNOWN[column].name

    assert surprise(**{name: low}) <= surprise(**{name: high})


@pytest.mark.parametrize("column", FALLING, ids=lambda i: KNOWN[i].name)
def test_where_less_is_riskier_less_is_more_novel(column: int) -> None:
    name = KNOWN[column].name

    assert surprise(**{name: -1.0}) > surprise(**{name: 0.01}) > surprise(**{name: 0.9})


def test_what_is_unknown_surprises_nobody() -> None:
    assert surprise() == 0


def test_a_feature_without_a_direction_surprises_nobody() -> None:
    assert surprise(**{KNOWN[i].name: 1e9 for i in FREE}) == 0


def test_an_extreme_beyond_all_seen_is_as_novel_as_the_greatest_seen() -> None:
    name = KNOWN[RISING[0]].name

    assert surprise(**{name: 1e9}) == surprise(**{name: 2.0}) > 2.5


def test_features_of_one_reason_count_once() -> None:
    same = [i for i in RISING if KNOWN[i].reason == KNOWN[RISING[0]].reason]
    assert len(same) > 1

    all_of_them = surprise(**{KNOWN[i].name: 2.0 for i in same})

    assert all_of_them == surprise(**{KNOWN[same[0]].name: 2.0})


def test_only_the_strongest_reasons_count() -> None:
    reasons = {KNOWN[i].reason: (KNOWN[i].name, 2.0) for i in RISING}
    reasons |= {KNOWN[i].reason: (KNOWN[i].name, -1.0) for i in FALLING}
    assert len(reasons) > STRONGEST
    values = [surprise(**dict(list(reasons.values())[:n])) for n in range(len(reasons) + 1)]

    assert values[: STRONGEST + 1] == sorted(set(values))
    assert len(set(values)) == STRONGEST + 1


def test_it_is_the_same_once_written_and_read() -> None:
    again = Novelty.from_json(json.loads(json.dumps(LEARNED.to_json())))

    assert again == LEARNED


@pytest.mark.parametrize("rows", [0, 50])
def test_too_few_registrations_teach_no_surprise(rows: int) -> None:
    learned = novelty(usual_vectors(rows), KNOWN)

    assert not learned.columns
    np.testing.assert_array_equal(learned.of(usual_vectors(5)), np.zeros(5))


def test_a_feature_that_nobody_has_teaches_no_surprise() -> None:
    vectors = usual_vectors(500)
    vectors[:, RISING[0]] = np.nan

    assert RISING[0] not in novelty(vectors, KNOWN).columns


def test_a_rare_value_is_as_novel_as_it_is_rare() -> None:
    vectors = np.zeros((10_000, 1), np.float32)
    vectors[:10] = 1.0
    one = Feature("one", "One.", lambda context: context.tempo, RISES, "ONE", 0.0)

    learned = novelty(vectors, (one,))

    assert learned.of(np.array([[1.0]], np.float32))[0] == pytest.approx(3.0, abs=0.01)
    assert learned.of(np.array([[0.0]], np.float32))[0] == 0
