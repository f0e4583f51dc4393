"""What a challenger in the shadow said is compared honestly, and written without naming anybody."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from detector.errors import BadInput, TooLittleData
from detector.model import shadowed
from detector.model.shadowed import COLUMNS, Shadowed
from detector.registration import OPERATIONS
from detector.workbench.shadow import days_chart, scores_chart
from tests.model.shadows import N, in_the_shadow

BUDGETS = dict.fromkeys((*OPERATIONS, "default"), (0.01, 0.004, 0.001))


def test_the_same_answers_agree_in_everything() -> None:
    seen = in_the_shadow()
    same = seen.table.assign(decision=seen.table["live_decision"], score=seen.table["live_score"])

    table = shadowed.agreement(replace(seen, table=same))

    assert table["stage"].tolist() == ["activation", "day_1"]
    assert (table["same decision"] == 1).all()
    assert table["rank"].tolist() == pytest.approx([1, 1])


def test_a_harsher_challenger_is_said_to_be_one() -> None:
    assert "It flags clearly more" in shadowed.words(in_the_shadow(harsher=0.8))
    assert "It flags clearly fewer" in shadowed.words(in_the_shadow(harsher=-0.8))
    assert "clearly" not in shadowed.words(in_the_shadow(harsher=-0.03))


def test_answers_without_a_result_are_counted() -> None:
    assert in_the_shadow(answered=2 * N).share == 0.5
    assert "(50.0%) have their shadow result" in shadowed.words(in_the_shadow(answered=2 * N))


def test_a_champion_that_changed_meanwhile_is_said() -> None:
    seen = in_the_shadow()
    both = seen.table.assign(live_model=np.where(np.arange(N) < N // 2, "old", "older"))

    assert "The champion changed meanwhile" in shadowed.words(replace(seen, table=both))


def test_every_answer_is_in_one_cell_of_the_flips() -> None:
    assert int(shadowed.flips(in_the_shadow()).to_numpy().sum()) == N


def test_the_burden_is_told_beside_its_budget_and_small_counts_stay_hidden() -> None:
    seen = in_the_shadow()
    few = replace(seen, table=seen.table.head(1_000))

    table = shadowed.burden(seen, BUDGETS)
    hidden = shadowed.burden(few, BUDGETS)
    counts = hidden["champion"] * hidden["answers"]

    assert set(table["operation"]) == {"new_line", "link_existing"}
    assert (table["challenger"] > table["champion"])[table["champion"].notna()].all()
    assert ((counts.dropna() == 0) | (counts.dropna() > 9.5)).all()
    assert counts.isna().any()


def test_with_verdicts_a_harsher_one_catches_more() -> None:
    row = shadowed.known(in_the_shadow(harsher=0.8)).iloc[0]

    assert row["verdict"] == "misuse"
    assert row["with a verdict"] >= row["challenger"] > row["champion"]


def test_what_is_written_names_nobody_and_is_read_back(tmp_path: Path) -> None:
    seen = in_the_shadow()
    shadowed.write(seen, tmp_path / shadowed.FILE)

    again = shadowed.read(tmp_path)

    assert pq.read_schema(tmp_path / shadowed.FILE).names == list(COLUMNS)
    assert shadowed.summary(again) == shadowed.summary(seen)


def test_reading_what_is_no_shadow_says_what_writes_one(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "other.parquet")

    for path in (tmp_path, tmp_path / "other.parquet"):
        with pytest.raises(BadInput, match="simvigia shadow report"):
            shadowed.read(path)


def test_nothing_seen_is_one_sentence() -> None:
    with pytest.raises(TooLittleData, match="no answer yet"):
        Shadowed("new", 0, in_the_shadow().table.head(0))


def test_figures_are_drawn() -> None:
    for chart in (scores_chart(in_the_shadow()), days_chart(in_the_shadow())):
        assert chart._repr_png_().startswith(b"\x89PNG")
