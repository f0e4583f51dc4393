import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from detector.model import measures as m

RANKINGS = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=2, max_size=120).filter(
    lambda rows: 0 < sum(fraud for _, fraud in rows) < len(rows)
)


def arrays(rows):
    score, fraud = zip(*rows, strict=True)
    return np.array(score, float), np.array(fraud, bool)


@given(RANKINGS, st.sampled_from([0.01, 0.1, 0.25, 0.5, 1.0]))
def test_a_point_takes_the_largest_set_of_whole_tie_groups_within_the_rate(rows, rate):
    score, fraud = arrays(rows)
    found = m.point(m.curve(score, fraud), rate)
    fits = [t for t in np.unique(score) if (score[~fraud] >= t).mean() <= rate]
    threshold = min(fits, default=None)
    assert found.threshold == threshold
    assert found.recall == (0 if threshold is None else (score[fraud] >= threshold).mean())


@given(RANKINGS)
def test_area_and_average_precision_are_those_of_scikit_learn(rows):
    score, fraud = arrays(rows)
    ranking = m.curve(score, fraud)
    assert m.roc_auc(ranking) == pytest.approx(roc_auc_score(fraud, score))
    assert m.average_precision(ranking) == pytest.approx(average_precision_score(fraud, score))


@given(RANKINGS, st.randoms(use_true_random=False))
def test_the_order_of_rows_means_nothing(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    points = [m.point(m.curve(*arrays(r)), 0.1) for r in (rows, shuffled)]
    assert points[0] == points[1]


def test_a_rate_that_is_exactly_met_counts_as_within():
    score = np.append(np.linspace(1, 0, 1000), 0.9995)
    fraud = np.append(np.zeros(1000, bool), True)
    assert m.point(m.curve(score, fraud), 0.001).false_alarms == 1


def test_no_score_raises_an_alert_where_the_top_tie_is_too_large():
    found = m.point(m.curve(np.ones(100), np.arange(100) < 5), 0.01)
    assert (found.threshold, found.recall, found.alerts) == (None, 0.0, 0)


def test_without_misuse_there_is_no_recall():
    ranking = m.curve(np.arange(5.0), np.zeros(5, bool))
    assert m.point(ranking, 0.5).recall is None
    assert m.roc_auc(ranking) is None


def intervals(cluster, *, fraud_score):
    rng = np.random.default_rng(0)
    score = np.append(rng.random(20_000) * 0.5, fraud_score)
    fraud = np.append(np.zeros(20_000, bool), np.ones(len(fraud_score), bool))
    cluster = np.append(-1 - np.arange(20_000), cluster)
    return m.recall_intervals(
        m.curve(score, fraud), fraud, cluster, rates=(0.001,), rng=np.random.default_rng(1)
    )[0]


def test_lines_of_a_few_rings_are_known_less_surely_than_as_many_single_lines():
    caught = np.repeat([0.9, 0.1], 200)
    alone = intervals(np.arange(400), fraud_score=caught)
    ringed = intervals(np.repeat(np.arange(8), 50), fraud_score=caught)
    assert alone.low < 0.5 < alone.high
    assert ringed.high - ringed.low > 3 * (alone.high - alone.low)


def test_finding_all_of_five_rings_does_not_prove_that_all_are_found():
    every = intervals(np.repeat(np.arange(5), 20), fraud_score=np.full(100, 0.9))
    assert every.high == 1
    assert every.low < 0.6


def test_reviewers_see_the_highest_scores_of_each_day():
    day = np.repeat([0, 1], 10)
    score = np.tile(np.linspace(1, 0.1, 10), 2)
    fraud = np.zeros(20, bool)
    fraud[[0, 1, 13]] = True
    assert m.review_precision(day, score, fraud, reviewed=0.2).tolist() == [4, 2, 3]


def test_a_tie_at_the_end_of_the_budget_counts_by_chance():
    looked, found, _ = m.review_precision(
        np.zeros(10, int), np.ones(10), np.arange(10) < 5, reviewed=0.2
    )
    assert (looked, found) == (2, 1)


def test_a_calibrated_score_has_almost_no_expected_error():
    rng = np.random.default_rng(5)
    score = rng.beta(0.3, 3, 200_000)
    fraud = rng.random(200_000) < score
    good, bad = m.calibration(score, fraud), m.calibration(score / 3, fraud)
    assert good.expected_error < 0.003 < bad.expected_error
    assert good.brier == pytest.approx(brier_score_loss(fraud, score))
    assert good.frauds_expected == pytest.approx(fraud.sum(), rel=0.02)


def test_every_registration_is_in_one_calibration_bin():
    score = np.array([0.0, 0.001, 0.5, 1.0])
    bins = m.calibration(score, score > 0.4).bins
    assert sum(b.registrations for b in bins) == 4
    assert all(b.low <= b.mean_score <= b.high for b in bins)


def test_a_drawn_curve_rises_to_the_end():
    rng = np.random.default_rng(2)
    fraud = rng.random(3000) < 0.1
    drawn = m.trace(m.curve(rng.random(3000) + fraud, fraud))
    assert drawn.recall == tuple(sorted(drawn.recall))
    assert (drawn.recall[-1], drawn.false_alarm_rate[-1]) == (1, 1)
