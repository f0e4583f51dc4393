"""What notebooks call reads well, names nobody, and shows no small cell."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detector.errors import BadInput, TooLittleData
from detector.model.promotion import evidence
from detector.workbench import Country, cases, compare, fairness, look, models, opened, replay, seen
from tests import tiny
from tests.model.backtests import backtest

AT = datetime(2026, 6, 1, tzinfo=UTC)


@cache
def country() -> Country:
    return Country(tiny.folder())


@cache
def answers() -> pd.DataFrame:
    return cases.answered(country(), tiny.model(), start=country().after(0.6))


@pytest.fixture(scope="module")
def on_disk(tmp_path_factory: pytest.TempPathFactory) -> Country:
    return opened(tiny.on_disk(tmp_path_factory.mktemp("country") / "data"))


def test_a_folder_and_a_live_stores_export_are_looked_at_alike(on_disk: Country) -> None:
    pd.testing.assert_frame_equal(look.volumes(on_disk), look.volumes(country()))
    assert on_disk.known.source == "truth"
    assert country().known.source == "labels"
    np.testing.assert_array_equal(on_disk.known.fraud, tiny.fraud())


def test_every_registration_is_counted_on_its_day() -> None:
    for by in ("operation", "channel", "carrier"):
        assert look.volumes(country(), by=by).to_numpy().sum() == len(country())


def test_as_of_a_date_nothing_later_is_known() -> None:
    border = country().after(0.5)

    then = country().as_of(border)

    assert then.last < border
    assert (pd.to_datetime(then.folder.labels.at, unit="us", utc=True) <= border).all()


def test_a_carriers_own_analyst_sees_its_rows_only() -> None:
    name = country().folder.registrations.carriers[0]

    mine = country().carrier(name)

    assert set(mine.carrier_ids.to_pylist()) == {name}
    own, whole = mine.folder.registrations, country().folder.registrations
    told = own.registration_id.take(mine.folder.labels.row).to_pylist()
    theirs = whole.carrier[country().folder.labels.row] == 0
    rows = country().folder.labels.row[theirs]
    assert told == whole.registration_id.take(rows).to_pylist()
    with pytest.raises(BadInput, match="of a carrier nobody"):
        country().carrier("nobody")


def test_what_everybody_shares_is_counted_and_never_named() -> None:
    table = look.shared_by_everybody(country())

    assert table["identities"].is_monotonic_decreasing
    assert table["key"].str.fullmatch(r"\w+ no\. \d").all()


def test_exposure_hides_counts_that_could_point_at_somebody() -> None:
    shown = look.exposed(country())["how many"].dropna()

    assert ((shown == 0) | (shown >= 10)).all()


@pytest.mark.parametrize("chart", ["volumes_chart", "label_delay_chart", "places"])
def test_a_chart_shows_itself_as_a_picture(chart: str) -> None:
    assert getattr(look, chart)(country())._repr_png_().startswith(b"\x89PNG")


def test_signals_are_seen_on_hits_and_on_near_misses() -> None:
    vectors = seen.vectors(country())

    assert set(seen.near_misses()["rule"]) == set(seen.rule_table(vectors)["rule"])
    others = seen.rule_table(vectors)["others hit"].dropna()
    assert ((others == 0) | (others >= 10)).all()
    assert seen.strength(vectors)["auc alone"].dropna().between(0.5, 1).all()


def test_both_models_answer_the_same_registrations_as_scoring_does(on_disk: Country) -> None:
    start = country().after(0.6)

    model = replace(tiny.model(), about={})  # it learned until some hours after that midnight
    test = replay.replayed(on_disk, model, model, start=start)

    first = answers()[answers()["stage"] == "activation"]
    assert test.registration.to_pylist() == first["registration_id"].tolist()
    np.testing.assert_array_equal(test.champion.score, first["score"])
    words = np.array(["allow", "allow_notify", "step_up", "hold"])[test.challenger.decision]
    assert words.tolist() == first["decision"].tolist()


def test_a_model_says_until_when_it_learned_and_else_three_fifths_are_taken() -> None:
    told, silent = tiny.model(), replace(tiny.model(), about={})

    assert models.learned_until(told, country()).value // 1000 == told.learned_until
    assert models.learned_until(silent, country()) == country().after(0.6)


def test_weeks_that_a_model_learned_from_are_refused(on_disk: Country) -> None:
    shipped = replace(tiny.model(), about={})

    with pytest.raises(BadInput, match="the frozen weeks must begin after that"):
        replay.replayed(on_disk, shipped, tiny.model(), start=country().after(0.6))


def test_weeks_without_registrations_are_one_clear_sentence() -> None:
    with pytest.raises(TooLittleData, match="choose other dates"):
        replay.replayed(country(), tiny.model(), tiny.model(), start="2031-01-01")


def test_the_queue_puts_the_strictest_first() -> None:
    levels = ["hold", "step_up", "allow_notify"]

    queue = cases.queue(answers())

    places = queue["decision"].map(levels.index)
    assert places.is_monotonic_increasing
    assert "allow" not in set(queue["decision"])


def test_a_case_is_tied_to_those_who_share_a_key_and_to_no_hub() -> None:
    case = cases.first(country(), answers())
    own = country().folder.registrations

    for row, ways in zip(case.tied["row"], case.tied["tied by"], strict=True):
        keys = [key for key, words in cases.TIES.items() if words in ways.split(", ")]
        assert all(getattr(own, key)[row] == getattr(own, key)[case.row] != 0 for key in keys)
    assert case.row not in set(case.tied["row"])
    assert len(cases.timeline(case)) >= 1 + len(case.tied)


def test_a_case_file_holds_pictures_and_nobodys_identity(tmp_path: Path) -> None:
    case = cases.first(country(), answers())
    own = country().folder.registrations

    names = cases.export(case, tmp_path / "case")

    assert names == ["case.json", "map.png", "timeline.png"]
    text = (tmp_path / "case" / "case.json").read_text("utf-8")
    assert case.registration_id in text
    assert not any(str(getattr(own, key)[case.row]) in text for key in ("identity", "line"))


def test_an_unknown_folio_is_one_clear_sentence() -> None:
    with pytest.raises(BadInput, match="no registration of that folio"):
        cases.case(country(), answers(), "nothing", "alfa")


def test_fairness_shows_no_small_cell_and_every_group_has_a_verdict(on_disk: Country) -> None:
    table = fairness.rates(on_disk, answers())
    shown = table.dropna(subset=["rate"])

    assert (shown["rate"] * shown["innocents"] >= 9.99).all()
    assert table["verdict"].notna().all()


def test_overturned_flags_are_counted_among_those_with_a_verdict() -> None:
    table = fairness.overturned(country(), answers())

    assert (table["overturned"] <= table["with_verdict"]).dropna().all()
    assert (table["with_verdict"] <= table["registrations"]).dropna().all()
    for shown in (table, fairness.overturned_by_reason(country(), answers())):
        assert (
            not shown.iloc[:, :3]
            .apply(lambda column: column.between(1, 9))
            .fillna(False)
            .any()
            .any()
        )


def test_no_small_count_of_appeals_can_be_had_by_subtraction() -> None:
    counted = pd.DataFrame(
        {
            "flags": [90, 90, 90, 9, 90],
            "with_verdict": [40, 40, 9, 0, 40],
            "overturned": [9, 31, 0, 0, 20],
        }
    )
    shown = fairness.told(counted)

    assert shown["flags"].tolist() == [90, 90, 90, pd.NA, 90]
    assert shown["with_verdict"].tolist() == [40, 40, pd.NA, 0, 40]
    assert shown["overturned"].tolist() == [pd.NA, pd.NA, pd.NA, 0, 20]


def test_a_laxer_threshold_bothers_more_and_finds_more(on_disk: Country) -> None:
    effect = fairness.threshold_effect(on_disk, answers())

    assert (effect.loc["everybody honest"].diff().dropna() >= 0).all()
    assert (effect.loc["misuse found"].diff().dropna() >= 0).all()


def test_nothing_is_promoted_or_rolled_back_without_a_name_and_a_reason() -> None:
    found = evidence(backtest(), rng=np.random.default_rng(1))
    challenger = models.Challenger(tiny.model(), Path(), "", 1, {})

    assert compare.promoted(found, challenger, at=AT).startswith("Nothing was promoted")
    assert compare.rolled_back(by="", why="", at=AT).startswith("Nothing was rolled back")


def test_without_a_challenger_the_notebook_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="run 03_train_a_challenger first"):
        models.latest(tmp_path)


def test_without_a_promotion_the_shipped_champion_is_in_use(tmp_path: Path) -> None:
    assert models.in_use(tmp_path).version == models.shipped().version
    assert not (tmp_path / models.KEY).exists()


@pytest.mark.parametrize("chart", ["recall_chart", "weekly_chart"], ids=["recall", "weeks"])
def test_a_comparison_is_drawn(chart: str) -> None:
    drawn = getattr(compare, chart)(backtest(), rng=np.random.default_rng(1))

    assert drawn._repr_png_().startswith(b"\x89PNG")
