"""A model that remembers its cases gives itself away; one that learned from them does not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.cli import MODELS
from detector.errors import TooLittleData
from detector.intervals import Interval
from detector.model.asof import AsOfTable, table_as_of
from detector.model.estimators import RiskClassifier
from detector.model.memory import (
    CARES,
    Care,
    Memory,
    Remembers,
    bearable,
    compared,
    halves,
    memory,
)
from detector.model.recipe import Recipe
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


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(1, 4)), max_size=30),
    st.permutations(range(1, 6)),
)
def test_the_halves_are_the_same_whatever_numbers_shops_and_people_have(
    rows: list[tuple[int, int]], renamed: list[int]
) -> None:
    shop = np.array([shop for shop, _ in rows], np.int64)
    person = np.array([person for _, person in rows], np.int64)
    names = np.array([0, *renamed], np.int64)

    half = halves(shop, person, np.random.default_rng(7))

    assert np.array_equal(half, halves(names[shop], names[person], np.random.default_rng(7)))


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
def test_an_interval_above_the_limit_is_too_much(low: float, passes: bool) -> None:
    assert Memory(0.7, Interval(low, 0.8), 40, 40).too_much is not passes


def shown(remembered_from: float, n: int = 400) -> tuple[float, str]:
    """What a verdict may weigh where a booster remembers from some share on."""
    rng = np.random.default_rng(4)
    half, week, noise = rng.random(n) < 0.5, rng.integers(0, 5, n), rng.normal(size=n)
    easier = noise + half  # one half is found more easily, whoever was shown it
    care, words = bearable(
        lambda care, shown: easier + 2.0 * shown * (care.share >= remembered_from),
        half,
        week,
        cares=CARES,
        rng=rng,
    )
    return care.share, words


def test_a_verdict_keeps_the_greatest_share_of_its_weight_that_is_not_remembered() -> None:
    assert shown(remembered_from=2.0)[0] == 1.0
    assert shown(remembered_from=0.5)[0] == 0.25


def test_where_cases_are_too_few_to_tell_no_booster_is_trained() -> None:
    def never(*_: object) -> np.ndarray:
        raise AssertionError("a booster was trained for nothing")

    half, week = np.arange(18) < 9, np.zeros(18, np.int64)
    care, words = bearable(never, half, week, cares=CARES, rng=np.random.default_rng(4))

    assert care == CARES[0]
    assert words.startswith("cannot be told: 18 and 18 cases of misuse share weeks")


def chosen(remembers: Callable[[Care], bool]) -> Care:
    """With how much care a booster is made that remembers all it sees with some."""
    rng = np.random.default_rng(4)
    half, week, noise = rng.random(400) < 0.5, rng.integers(0, 5, 400), rng.normal(size=400)
    care, _ = bearable(
        lambda care, shown: noise + 2.0 * shown * remembers(care), half, week, cares=CARES, rng=rng
    )
    return care


def test_half_a_verdict_comes_before_a_coarser_booster_and_that_before_a_lighter_one() -> None:
    assert chosen(lambda care: False) == Care(1.0)
    assert chosen(lambda care: care.share > 0.5) == Care(0.5)
    assert chosen(lambda care: not care.coarse) == Care(1.0, coarse=True)
    assert chosen(lambda care: care.share > 0.25) == Care(0.25, coarse=True)


def test_a_coarser_booster_has_fewer_leaves_and_fuller_ones_where_rows_are_enough() -> None:
    recipe = Recipe.load(MODELS / "recipe.toml")
    plain, coarse = recipe.booster, recipe.coarser(1_000_000).booster
    assert coarse["num_leaves"] < plain["num_leaves"]
    assert coarse["min_data_in_leaf"] == recipe.coarse["min_data_in_leaf"]
    few = recipe.coarser(1_000).booster
    assert few["min_data_in_leaf"] == plain["min_data_in_leaf"], "a leaf has to find its rows"
    assert recipe.coarser(1_000_000).coarser(1_000_000).booster == coarse


def test_a_model_that_remembers_even_the_lightest_verdicts_is_refused() -> None:
    with pytest.raises(Remembers, match="no model is written"):
        shown(remembered_from=0.0)


def test_where_too_few_cases_share_weeks_it_cannot_be_told() -> None:
    share, words = shown(remembered_from=0.0, n=15)

    assert share == 1.0
    assert words.startswith("cannot be told")


def test_training_measures_its_own_data_and_has_words_for_it() -> None:
    assert tiny.trained().memory.startswith(("0.", "cannot be told"))
