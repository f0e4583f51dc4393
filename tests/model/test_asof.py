"""The table of a date holds what was known at that date, names nobody, and can be made again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.errors import BadInput, TooLittleData
from detector.intake import read_folder
from detector.model.asof import GROUPS, AsOfTable, read_table, table_as_of, write_table
from detector.pseudonym import Key, Pseudonymiser
from detector.registration import DataFolder
from tests import builders
from tests.streams import random_folder

seeds = st.integers(0, 2**32 - 1)
END = pd.Timestamp("2030-01-01", tz="UTC")


def made(folder: DataFolder, until: pd.Timestamp = END, *, seed: int = 1) -> AsOfTable:
    return table_as_of(folder, until, rng=np.random.default_rng(seed))


def read(path: Path, key: int = 0) -> DataFolder:
    return read_folder(path, Pseudonymiser(Key(bytes(range(key, key + 32)))))


def told_at_nine(path: Path) -> DataFolder:
    row = builders.registration(registered_at="2026-03-01T12:00:00Z")
    verdict = builders.label(row, decided_at="2026-03-09T09:00:00Z", source="carrier")
    return read(builders.folder(path, registrations=[row], labels=[verdict]))


@pytest.mark.parametrize(("clock", "known"), [("08:59", False), ("09:00", True), ("09:01", True)])
def test_a_verdict_of_nine_is_known_at_one_past_and_not_at_one_to(
    clock: str, known: bool, tmp_path: Path
) -> None:
    frame = made(told_at_nine(tmp_path), pd.Timestamp(f"2026-03-09T{clock}Z")).frame

    assert frame["fraud"].notna().tolist() == [known]
    assert (frame["source"] == "carrier").tolist() == [known]
    assert frame["decided_at"].notna().tolist() == [known]


def test_a_verdict_dated_before_anything_was_registered_is_a_verdict(tmp_path: Path) -> None:
    row = builders.registration(registered_at="2026-03-01T12:00:00Z")
    verdict = builders.label(row, decided_at="2026-02-01T00:00:00Z")

    table = made(read(builders.folder(tmp_path, registrations=[row], labels=[verdict])))

    assert table.y().tolist() == [1]


def test_a_correction_reaches_the_next_table(tmp_path: Path) -> None:
    row = builders.registration(registered_at="2026-03-01T12:00:00Z")
    told = [
        builders.label(row, decided_at="2026-03-09T09:00:00Z"),
        builders.label(row, decided_at="2026-03-20T09:00:00Z", label="legitimate"),
    ]
    folder = read(builders.folder(tmp_path, registrations=[row], labels=told))

    before, after = (made(folder, pd.Timestamp(f"2026-03-{day}T00:00Z")) for day in ("19", "21"))

    assert before.y().tolist() == [1]
    assert after.y().tolist() == [0]
    assert before.fingerprint != after.fingerprint


@given(seed=seeds)
def test_nothing_later_than_the_date_moves_the_table(seed: int) -> None:
    folder = random_folder(np.random.default_rng(seed), 150)
    until = pd.Timestamp(int(folder.registrations.at[100]), unit="us", tz="UTC")
    later = folder.labels.at > until.value // 1000
    other = replace(
        folder, labels=replace(folder.labels, fraud=np.where(later, True, folder.labels.fraud))
    )

    assert made(folder, until).fingerprint == made(other, until).fingerprint
    assert (made(folder, until).frame["at"] < until).all()


@given(seed=seeds)
def test_a_silent_row_is_not_legitimate_and_weighs_nothing_until_it_has_matured(seed: int) -> None:
    table = made(random_folder(np.random.default_rng(seed), 150), pd.Timestamp("2026-02-12T00:00Z"))
    frame, weight = table.frame, table.weights()
    silent = frame["fraud"].isna()

    assert silent.any()
    assert (weight[silent & ~frame["matured"]] == 0).all()
    assert (weight[silent & frame["matured"]] < weight[~silent].min()).all()
    assert (frame["matured"] == (frame["at"] <= table.until - table.patience)).all()


def test_groups_have_new_numbers_in_each_export_but_the_same_members() -> None:
    folder = random_folder(np.random.default_rng(2), 200)
    one, two = (made(folder, seed=seed) for seed in (1, 2))

    for name in GROUPS:
        assert not one.frame[name].equals(two.frame[name])
        assert (pd.factorize(one.frame[name])[0] == pd.factorize(two.frame[name])[0]).all()
        assert (one.frame[name].isna() == (getattr(folder.registrations, name) == 0)).all()
    assert one.fingerprint == two.fingerprint


def test_no_token_and_no_folio_is_in_the_table() -> None:
    folder = random_folder(np.random.default_rng(2), 200)
    own = folder.registrations
    secret = {*own.identity.tolist(), *own.pos.tolist(), *own.line.tolist()} - {0}

    frame = made(folder).frame

    assert not any(set(frame[c].dropna().tolist()) & secret for c in GROUPS)
    assert not {"registration_id", "tier", "grade", "official"} & set(frame.columns)


def test_the_fingerprint_is_the_same_under_any_pseudonym_key(tmp_path: Path) -> None:
    rows = [builders.registration(point_of_sale_id=f"p{i % 4}") for i in range(30)]
    path = builders.folder(tmp_path, registrations=rows, labels=[builders.label(rows[0])])

    assert made(read(path)).fingerprint == made(read(path, key=7)).fingerprint


def test_a_written_table_reads_back_the_same(tmp_path: Path) -> None:
    table = made(random_folder(np.random.default_rng(3), 200))

    back = read_table(write_table(table, tmp_path / "t.parquet"))

    assert (back.fingerprint, back.until, back.stage) == (table.fingerprint, END, "activation")
    pd.testing.assert_frame_equal(back.frame, table.frame)


def test_a_table_that_was_changed_is_refused(tmp_path: Path) -> None:
    table = made(random_folder(np.random.default_rng(3), 200))
    table.frame.loc[0, "matured"] = ~table.frame.loc[0, "matured"]

    with pytest.raises(BadInput, match="changed after it was written"):
        read_table(write_table(table, tmp_path / "t.parquet"))


def test_another_file_is_no_table(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "t.parquet")

    with pytest.raises(BadInput, match="not a training table"):
        read_table(tmp_path / "t.parquet")


def test_too_few_known_cases_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(TooLittleData, match="knows 1 cases of misuse"):
        made(told_at_nine(tmp_path)).usable()
