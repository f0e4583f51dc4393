"""A model that remembers its cases gives itself away; one that learned from them does not."""

from __future__ import annotations

import numpy as np
import pytest

from detector.errors import TooLittleData
from detector.intervals import Interval
from detector.model.asof import AsOfTable, table_as_of
from detector.model.estimators import RiskClassifier
from detector.model.memory import Memory, Remembers, checked, compared, memory, refused
from detector.model.splits import RollingGroupSplit
from detector.model.tuning import tuned
from detector.workbench import Country
from tests import tiny


def case(gap: float, n: int = 400) -> Memory:
    rng = np.random.default_rng(1)
    member, week = rng.random(n) < 0.5, rng.integers(0, 5, n)
    return compared(rng.normal(size=n) + week + gap * member, member, week, rng=rng)


def test_scores_that_do_not_know_who_was_seen_tell_nothing() -> None:
    found = case(0.0)

    assert found.interval.low < 0.5 < found.interval.high
    assert "no sign" in found.words


def test_higher_scores_for_cases_that_were_seen_are_memory() -> None:
    found = case(2.0)

    assert found.auc > 0.85
    assert "regularise" in found.words


def test_only_strangers_of_the_same_weeks_are_compared() -> None:
    rng = np.random.default_rng(1)
    member = np.arange(200) < 100

    with pytest.raises(TooLittleData, match="0 and 0 cases"):
        compared(rng.normal(size=200), member, np.where(member, 0, 1), rng=rng)


def test_a_tree_that_learns_by_heart_is_caught_and_the_recipes_is_less_so() -> None:
    rng = np.random.default_rng(2)
    table = noisy_table()
    heart = RiskClassifier(
        num_iterations=200, num_leaves=128, min_sum_hessian_in_leaf=0.0, lambda_l2=0.0
    )

    by_heart, shipped = (
        memory(table, m, rng=rng) for m in (heart, RiskClassifier.of(tiny.recipe()))
    )

    assert by_heart.auc > 0.9
    assert shipped.auc < by_heart.auc


def noisy_table() -> AsOfTable:
    """A real table in which 300 rows are called misuse at random: nothing to learn but the rows."""
    table = table_as_of(tiny.folder(), Country(tiny.folder()).last, rng=np.random.default_rng(1))
    drawn = np.random.default_rng(3).choice(len(table.frame), 300, replace=False)
    table.frame["fraud"] = False
    table.frame.loc[drawn, "fraud"] = True
    return table


def test_tuning_keeps_to_its_limits_and_starts_from_the_recipe() -> None:
    table = table_as_of(tiny.folder(), Country(tiny.folder()).last, rng=np.random.default_rng(1))
    splits = RollingGroupSplit(2, test="28D", gap="7D", favour_test=1.0)

    found = tuned(table, tiny.recipe(), splits=splits, seconds=60, seed=1, most=2)

    assert len(found.trials) == 2
    assert found.trials.loc[0, "num_leaves"] == tiny.recipe().booster["num_leaves"]
    best = found.trials["average_precision"].idxmax()
    assert found.recipe.booster["num_leaves"] == found.trials.loc[best, "num_leaves"]
    assert found.recipe.countries == tiny.recipe().countries
    assert "2 of 2 settings were tried" in found.words


def test_tuning_that_the_clock_ended_says_so() -> None:
    table = table_as_of(tiny.folder(), Country(tiny.folder()).last, rng=np.random.default_rng(1))
    splits = RollingGroupSplit(1, test="28D", gap="7D", favour_test=1.0)

    found = tuned(table, tiny.recipe(), splits=splits, seconds=0.001, seed=1)

    assert "1 of 40 settings" in found.words
    assert "The clock ended it" in found.words


@pytest.mark.parametrize(("low", "passes"), [(0.47, True), (0.56, True), (0.561, False)])
def test_a_model_whose_interval_lies_above_the_limit_is_refused(low: float, passes: bool) -> None:
    found = Memory(0.7, Interval(low, 0.8), 40, 40)

    if passes:
        assert refused(found) is found
    else:
        with pytest.raises(Remembers, match="no model is written"):
            refused(found)


def test_training_measures_its_own_data_and_the_card_has_words_for_it() -> None:
    told = checked(tiny.folder(), tiny.recipe(), until=tiny.border(), seed=1)

    assert told.startswith(("0.", "cannot be told"))
