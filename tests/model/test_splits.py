"""A split lies in time, leaves a gap, and has no person and no shop on both sides at once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import GridSearchCV, cross_validate

from detector.errors import BadInput, TooLittleData
from detector.model.estimators import RiskClassifier
from detector.model.scorers import SCORERS
from detector.model.splits import RollingGroupSplit

DAY = pd.Timedelta("1D")
seeds = st.integers(0, 2**32 - 1)
favours = st.sampled_from([0.0, 0.3, 0.5, 1.0])


def table(seed: int, n: int = 300) -> pd.DataFrame:
    """Rows of 60 days: people with few rows each, shops with many, some cells empty."""
    rng = np.random.default_rng(seed)
    at = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(
        np.sort(rng.integers(0, 60 * 86_400, n)), unit="s"
    )
    people = pd.array(rng.integers(0, n // 2, n), "Int64")
    shops = pd.array(rng.integers(0, 12, n), "Int64")
    shops[rng.random(n) < 0.3] = pd.NA
    return pd.DataFrame({"at": at, "identity": people, "pos": shops})


def folds(groups: pd.DataFrame, **settings: object) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    for learned, tested in RollingGroupSplit(**settings).split(groups, groups=groups):
        yield groups.iloc[learned], groups.iloc[tested]


@given(seed=seeds, favour=favours)
def test_no_identity_and_no_point_of_sale_is_on_both_sides(seed: int, favour: float) -> None:
    for learned, tested in folds(table(seed), favour_test=favour):
        for name in ("identity", "pos"):
            assert not set(learned[name].dropna()) & set(tested[name].dropna())


@given(seed=seeds, gap=st.integers(0, 20))
def test_testing_lies_later_than_learning_by_the_gap(seed: int, gap: int) -> None:
    groups = table(seed)

    for learned, tested in folds(groups, gap=f"{gap}D"):
        assert tested["at"].min() - learned["at"].max() > gap * DAY


@given(seed=seeds)
def test_windows_follow_one_another_and_end_with_the_last_row(seed: int) -> None:
    groups = table(seed)

    tested = [test["at"] for _, test in folds(groups, favour_test=1.0)]

    assert all(a.max() < b.min() for a, b in pairwise(tested))
    assert all(times.max() - times.min() < 7 * DAY for times in tested)
    assert tested[-1].max() == groups["at"].max()


@given(seed=seeds)
def test_the_order_of_rows_means_nothing(seed: int) -> None:
    groups = table(seed)
    mixed = groups.sample(frac=1, random_state=seed % 2**31)

    for one, two in zip(folds(groups), folds(mixed), strict=True):
        assert [set(side.index) for side in one] == [set(side.index) for side in two]


@given(seed=seeds)
def test_what_a_group_is_called_means_nothing(seed: int) -> None:
    groups, rng = table(seed), np.random.default_rng(seed)
    renamed = groups.assign(
        **{
            name: groups[name].map(dict(enumerate(rng.permutation(len(groups)))))
            for name in ("identity", "pos")
        }
    )

    for one, two in zip(folds(groups), folds(renamed), strict=True):
        assert [list(side.index) for side in one] == [list(side.index) for side in two]


@given(seed=seeds)
def test_at_the_extremes_one_side_keeps_every_row(seed: int) -> None:
    groups = table(seed)
    strangers = folds(groups, favour_test=0.0)
    everybody = folds(groups, favour_test=1.0)

    for (learned, few), (less, tested) in zip(strangers, everybody, strict=True):
        start = tested["at"].min()
        assert len(learned) == (groups["at"] < learned["at"].max()).sum() + 1
        assert len(few) <= len(tested)
        assert len(less) <= len(learned)
        assert len(tested) == groups["at"].between(start, tested["at"].max()).sum()


def test_rows_without_a_shop_are_never_left_out_for_it() -> None:
    groups = table(1).assign(pos=pd.NA)
    groups["identity"] = range(len(groups))

    learned, tested = next(folds(groups, n_splits=1))

    edge = groups["at"].max() - 7 * DAY
    assert len(tested) == (groups["at"] > edge).sum()
    assert len(learned) == (groups["at"] <= edge - 14 * DAY).sum()


def test_a_window_bounds_how_far_back_learning_reaches() -> None:
    for learned, tested in folds(table(2), window="10D"):
        assert tested["at"].max() - learned["at"].min() <= 31 * DAY


def test_it_is_a_cross_validator_of_scikit_learn() -> None:
    groups = table(3, 600)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(600, 3)), (rng.random(600) < 0.3).astype(int)

    found = cross_validate(
        RiskClassifier(num_iterations=5),
        x,
        y,
        groups=groups,
        cv=RollingGroupSplit(),
        scoring=SCORERS,
    )
    search = GridSearchCV(
        RiskClassifier(num_iterations=5),
        {"num_leaves": [3, 5]},
        cv=RollingGroupSplit(2),
        scoring=SCORERS["average_precision"],
    ).fit(x, y, groups=groups)

    assert len(found["test_recall_at_1_percent"]) == RollingGroupSplit().get_n_splits()
    assert search.best_params_["num_leaves"] in (3, 5)


@pytest.mark.parametrize("settings", [{"n_splits": 30}, {"gap": "90D"}])
def test_too_much_asked_of_too_few_weeks_is_one_clear_sentence(settings: dict[str, object]) -> None:
    with pytest.raises(TooLittleData, match="leaves no row to learn from; ask for fewer"):
        list(folds(table(1), **settings))


def test_without_groups_it_says_what_it_needs() -> None:
    with pytest.raises(BadInput, match="a column of times"):
        next(RollingGroupSplit().split(np.zeros((5, 1))))
