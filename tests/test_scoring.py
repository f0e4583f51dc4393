"""The straight line: whatever cannot matter to a score does not, and the table is what the contract says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from detector.decision import DECISIONS
from detector.intake import read_folder, tokenise
from detector.lifecycle import STAGES
from detector.pseudonym import Key, Pseudonymiser
from detector.registration import DataFolder
from detector.scoring import SCHEMA
from detector.signals import REASONS
from detector.simulate import write
from tests import tiny
from tests.builders import pseudonymiser

OTHER_KEY = Pseudonymiser(Key(bytes(range(100, 132))))
ROW = ["carrier_id", "registration_id", "stage"]
PERSONAL = ("registrations", "line_events", "breach_members", "officials")


def read(path: Path, tables: Mapping[str, pa.Table], door: Pseudonymiser) -> DataFolder:
    write(tables, path)
    return read_folder(path, door)


def assert_same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """The same rows with the same scores, whatever their order."""
    one, two = (t.sort_values(ROW, ignore_index=True) for t in (found, expected))
    pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_the_table_has_the_contracts_columns() -> None:
    assert SCHEMA.names == [
        "registration_id",
        "carrier_id",
        "stage",
        "score",
        "decision",
        "reasons",
        "ring_id",
        "model_version",
    ]
    assert list(tiny.all_scores().columns) == SCHEMA.names


def test_every_registration_is_scored_once_at_activation() -> None:
    scores = tiny.all_scores()

    assert not scores.duplicated(ROW).any()
    assert (scores["stage"] == "activation").sum() == len(tiny.folder().registrations)
    assert scores["score"].between(0, 1).all()
    assert set(scores["decision"]) <= set(DECISIONS)
    assert set(scores["model_version"]) == {tiny.model().version}


def test_reasons_are_empty_exactly_for_what_is_let_pass() -> None:
    scores = tiny.all_scores()
    told = scores["reasons"].map(len)

    assert ((told == 0) == (scores["decision"] == "allow")).all()
    assert (told > 0).any()
    assert {code for codes in scores["reasons"] for code in codes} <= set(REASONS)


def test_a_hold_is_only_at_activation_and_never_for_a_line_in_use() -> None:
    registrations = tiny.tables()["registrations"].to_pandas()
    held = tiny.all_scores().merge(registrations, on=["carrier_id", "registration_id"])
    held = held[held["decision"] == "hold"]

    assert set(held["stage"]) <= {"activation"}
    assert "link_existing" not in set(held["operation"])


def test_scoring_from_a_date_is_scoring_everything_and_cutting() -> None:
    own = tiny.folder().registrations
    late = set(own.registration_id.filter(pa.array(own.at >= tiny.border())).to_pylist())
    everything = tiny.all_scores()

    found = tiny.scored(tiny.folder(), start=tiny.border())

    assert 0 < len(found) < len(everything)
    assert_same(found, everything[everything["registration_id"].isin(late)])


def test_scores_are_the_same_under_another_key(tmp_path: Path) -> None:
    data = read(tmp_path / "data", tiny.tables(), OTHER_KEY)
    assert not np.array_equal(data.registrations.identity, tiny.folder().registrations.identity)

    assert_same(tiny.scored(data), tiny.all_scores())


def test_scores_are_the_same_from_tokenised_rows(tmp_path: Path) -> None:
    client = Pseudonymiser(Key(bytes(range(7, 39))))
    tokens = {n: tokenise(t, client) for n, t in tiny.tables().items() if n in PERSONAL}

    data = read(tmp_path / "data", {**tiny.tables(), **tokens}, pseudonymiser())

    assert_same(tiny.scored(data), tiny.all_scores())


def test_the_order_of_rows_in_the_files_means_nothing(tmp_path: Path) -> None:
    rng = np.random.default_rng(9)
    shuffled = {n: t.take(rng.permutation(t.num_rows)) for n, t in tiny.tables().items()}

    assert_same(tiny.scored(read(tmp_path / "data", shuffled, pseudonymiser())), tiny.all_scores())


@pytest.mark.parametrize("change", ["gone", "reversed"])
def test_truth_is_never_looked_at(change: str, tmp_path: Path) -> None:
    tables = dict(tiny.tables())
    truth = tables.pop("truth")
    if change == "reversed":
        fraud = pa.compute.invert(truth["fraud"])
        tables["truth"] = truth.set_column(truth.column_names.index("fraud"), "fraud", fraud)

    assert_same(tiny.scored(read(tmp_path / "data", tables, pseudonymiser())), tiny.all_scores())


def test_a_verdict_that_is_not_known_yet_changes_no_score() -> None:
    data = tiny.folder()
    future = replace(data.labels, at=data.labels.at + 10 * 365 * 86_400 * 1_000_000)
    none = data.labels.take(np.zeros(0, np.int64))

    assert_same(tiny.scored(replace(data, labels=future)), tiny.scored(replace(data, labels=none)))


def test_later_stages_are_scored_where_line_events_reach_that_far() -> None:
    data, scores = tiny.folder(), tiny.all_scores()
    own, end = data.registrations, data.line_events.at.max()
    hours = {"day_1": 24, "day_7": 168}

    for stage, after in hours.items():
        reached = own.at + after * 3_600_000_000 <= end
        found = scores.loc[scores["stage"] == stage, "registration_id"]
        assert set(found) == set(own.registration_id.filter(pa.array(reached)).to_pylist())
    woken = np.unique(data.line_events.row[data.line_events.kind == 0])
    assert (scores["stage"] == "first_attach").sum() == len(woken)


def test_a_country_without_line_events_is_scored_at_activation_only(tmp_path: Path) -> None:
    tables = {n: t for n, t in tiny.tables().items() if n != "line_events"}

    scores = tiny.scored(read(tmp_path / "data", tables, pseudonymiser()))

    assert set(scores["stage"]) == {STAGES[0]}
    assert len(scores) == len(tiny.folder().registrations)


def test_a_ring_has_one_name_and_is_named_for_what_is_tied_to_others() -> None:
    rings = tiny.all_scores()["ring_id"].dropna()

    assert rings.str.fullmatch(r"ring-\d+").all()
    assert rings.duplicated().any()


def test_the_tiny_model_knows_fraud_from_life() -> None:
    """Or the laws above would hold for noise."""
    scores = tiny.all_scores()
    first = scores[scores["stage"] == "activation"].set_index("registration_id")["score"]
    ids = tiny.folder().registrations.registration_id.to_pylist()
    score, fraud = first.loc[ids].to_numpy(), tiny.fraud()

    limit = np.quantile(score[~fraud], 0.9)
    assert (score[fraud] > limit).mean() > 0.2
