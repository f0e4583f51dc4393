"""A backtest says what a challenger finds more, of what, when, on whom, and how sure that is."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.audit import HIDDEN_BELOW
from detector.decision import STEP_UP
from detector.errors import BadInput, TooLittleData
from detector.model import backtest as found
from detector.model import desk
from detector.model.scorers import Costs
from tests import tiny
from tests.model.backtests import WEEKS, backtest

seeds = st.integers(0, 2**32 - 1)


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def test_a_better_challenger_gains_recall_beyond_chance_and_a_worse_one_loses_it() -> None:
    better = found.recall_table(backtest(), rng=rng()).set_index("budget").loc[0.001]
    worse = found.recall_table(backtest(challenger=1.5), rng=rng()).set_index("budget").loc[0.001]

    assert better["gain"] == pytest.approx(better["challenger"] - better["champion"])
    assert better["gain_low"] > 0
    assert worse["gain_high"] < 0


def test_two_equal_models_gain_nothing() -> None:
    test = backtest()
    same = dataclasses.replace(test, challenger=test.champion)

    table = found.recall_table(same, rng=rng())

    assert (table[["gain", "gain_low", "gain_high"]] == 0).all(axis=None)


@given(seed=seeds)
def test_the_interval_of_a_gain_holds_the_gain(seed: int) -> None:
    draw = np.random.default_rng(seed)
    one, two = draw.random((2, 200)) < 0.5
    cluster = draw.integers(0, 40, 200)

    sure = found.paired_interval(two, one, cluster, rng=draw)

    assert sure.low <= two.mean() - one.mean() + 0.02
    assert sure.high >= two.mean() - one.mean() - 0.02


def test_a_recall_that_no_draw_can_move_is_still_not_certain() -> None:
    sure = found.recall_interval(np.ones(9, bool), np.zeros(9, int), rng=rng())

    assert sure.low < 0.5


def test_patterns_share_one_threshold_and_count_rings() -> None:
    table = found.pattern_table(backtest())

    assert table["pattern"].tolist() == ["star", "spread"]
    assert table["lines"].sum() == 200
    assert (table["rings"] <= 50).all()


def test_without_truth_there_is_one_row_of_reported_misuse() -> None:
    test = backtest()
    told = dataclasses.replace(test, pattern=np.full(len(test.row), -1), patterns=())

    assert found.pattern_table(told)["pattern"].tolist() == ["reported misuse"]


def test_a_group_that_the_challenger_bothers_more_stands_out() -> None:
    table = found.segment_table(backtest(harsh_on=1.0)).set_index("segment")

    assert table.loc["town", "low"] > 1.5
    assert table.loc["town", "challenger"] > table.loc["country", "challenger"]
    assert table.loc["everybody", "worsened"] > 1


def test_small_cells_are_hidden_and_cannot_be_had_by_subtraction() -> None:
    test = backtest()
    few = dataclasses.replace(
        test.segments,
        member=(test.segments.member[0][:300], np.arange(300, len(test.row))),
    )

    table = found.segment_table(dataclasses.replace(test, segments=few)).set_index("segment")

    assert (
        table.loc[["town", "country"], ["champion", "challenger", "worsened"]].isna().all(axis=None)
    )


@pytest.mark.parametrize("way", found.WAYS)
def test_no_rate_is_shown_behind_which_fewer_than_ten_people_stand(way: str) -> None:
    test = backtest()
    shown = found.segment_table(test, way=way).set_index("segment")

    for one in found.bothered_by_segment(test, way=way):
        if min(one.champion, one.challenger) < HIDDEN_BELOW:
            assert np.isnan(shown.loc[one.segment, "champion"])


def test_every_week_has_both_models_with_intervals() -> None:
    table = found.weekly_table(backtest(), rng=rng())

    assert len(table) == 2 * WEEKS
    assert table["registrations"].sum() == 2 * len(backtest().row)
    assert (table["low"] <= table["recall"]).all()
    assert (table["recall"] <= table["high"]).all()


def test_the_fingerprint_tells_replays_apart_and_not_models() -> None:
    test = backtest()

    assert backtest(challenger=9.0).fingerprint == test.fingerprint
    assert backtest(seed=2).fingerprint != test.fingerprint


def test_too_few_known_cases_is_one_clear_sentence() -> None:
    with pytest.raises(TooLittleData, match=r"hold 9 known cases of misuse.*take more weeks"):
        backtest(frauds=9)


def test_the_curve_counts_hours_and_pesos() -> None:
    curve = desk.money_curve(backtest(), costs=Costs(1000, 0, 60, 100))

    mine = curve[curve["model"] == "challenger"]
    assert (mine["hours_a_day"] == mine["cases_a_day"]).all()
    assert mine["recall"].is_monotonic_increasing
    saved = 1000 * mine["recall"] * 200 / 28 - 100 * mine["cases_a_day"]
    np.testing.assert_allclose(mine["pesos_a_day"], saved)


def test_the_pick_saves_most_within_the_hours_there_are() -> None:
    curve = desk.money_curve(backtest())

    free, bound = desk.picked(curve), desk.picked(curve, hours_a_day=0.5)

    assert bound.hours_a_day <= 0.5 < free.hours_a_day
    assert bound.threshold > free.threshold
    assert bound.pesos_a_day <= free.pesos_a_day
    with pytest.raises(BadInput, match="fits the review hours"):
        desk.picked(curve, hours_a_day=0.0)


def test_a_picked_threshold_becomes_the_models_and_keeps_decisions_in_order() -> None:
    pick = desk.Pick("challenger", 0.123, 1.0, 0.5, 0.5, 1.0)

    changed = desk.with_threshold(tiny.model(), pick, stage="activation")

    for (stage, _, _), (notify, step_up, hold) in changed.thresholds.table.items():
        assert notify <= step_up <= hold
        assert (step_up == 0.123) or stage != "activation"
    assert changed.version != tiny.model().version


def test_flips_count_every_registration_once() -> None:
    test = backtest()
    table = desk.flips(test)

    assert table.to_numpy().sum() == len(test.row)
    stayed = (test.champion.decision == test.challenger.decision).sum()
    assert np.trace(table.to_numpy()) == stayed
    by_outcome = desk.flips_by_outcome(test)
    assert by_outcome.loc["misuse", "stricter"] > by_outcome.loc["misuse", "milder"]


def test_flipped_cases_show_the_greatest_change_first_and_nobody_in_office() -> None:
    cases = desk.flipped_cases(backtest(), most=50)

    assert len(cases) == 50
    assert (cases["champion_decision"] != cases["challenger_decision"]).all()
    assert not {"official", "identity", "tier"} & set(cases.columns)


def test_officials_are_counted_and_small_counts_hidden() -> None:
    table = desk.officials_warned(backtest()).set_index("outcome")

    assert table.loc["other", "registrations"].replace(",", "").isdigit()
    few = backtest(frauds=20)
    shown = desk.officials_warned(few).set_index("outcome").loc["misuse"]
    assert set(shown) <= {"0", "fewer than 10"}


def test_workload_counts_review_hours() -> None:
    test = backtest()
    table = desk.workload(test).set_index("model")

    reviewed = (test.champion.decision >= STEP_UP).sum()
    assert table.loc["champion", "review_hours_a_day"] == pytest.approx(reviewed * 0.2 / 28)
    assert isinstance(table, pd.DataFrame)
