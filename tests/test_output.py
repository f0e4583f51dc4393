"""Scores on disk: both formats say the same, and nothing half-written stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from detector.decision import DECISIONS
from detector.errors import BadInput
from detector.output import write_scores
from detector.scoring import SCHEMA


def table(*decisions: str) -> pa.Table:
    """Scores of made-up registrations with these decisions."""
    rows = [
        {
            "registration_id": f"r{i}",
            "carrier_id": "alfa",
            "stage": "activation",
            "score": 0.1 + i / 7,
            "decision": decision,
            "reasons": [] if decision == "allow" else ["RING", "SIM_BATCH"],
            "ring_id": None if decision == "allow" else "ring-3",
            "model_version": "abc",
        }
        for i, decision in enumerate(decisions)
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


TABLES = (table("allow", "hold"), table("step_up", "allow", "allow"))


def test_parquet_holds_what_was_scored(tmp_path: Path) -> None:
    counts = write_scores(TABLES, tmp_path / "scores.parquet")

    read = pa.parquet.read_table(tmp_path / "scores.parquet")
    assert read.equals(pa.concat_tables(TABLES))
    assert counts == {"allow": 3, "allow_notify": 0, "step_up": 1, "hold": 1}
    assert list(counts) == list(DECISIONS)


def test_csv_says_the_same_with_reasons_joined(tmp_path: Path) -> None:
    write_scores(TABLES, tmp_path / "scores.csv")

    read = pd.read_csv(tmp_path / "scores.csv", keep_default_na=False)
    assert list(read.columns) == SCHEMA.names
    assert read["reasons"].tolist() == ["", "RING|SIM_BATCH", "RING|SIM_BATCH", "", ""]
    assert read["ring_id"].tolist() == ["", "ring-3", "ring-3", "", ""]
    assert read["score"].tolist() == pa.concat_tables(TABLES)["score"].to_pylist()


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_no_scores_are_an_empty_table_with_the_contracts_columns(
    ending: str, tmp_path: Path
) -> None:
    write_scores([], tmp_path / f"scores.{ending}")

    read = pd.read_parquet if ending == "parquet" else pd.read_csv
    found = read(tmp_path / f"scores.{ending}")
    assert (len(found), list(found.columns)) == (0, SCHEMA.names)


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_where_scoring_fails_nothing_is_left_and_an_older_file_stays(
    ending: str, tmp_path: Path
) -> None:
    out = tmp_path / f"scores.{ending}"
    out.write_text("older", "utf-8")

    with pytest.raises(ZeroDivisionError):
        write_scores(failing(), out)

    assert [file.name for file in tmp_path.iterdir()] == [out.name]
    assert out.read_text("utf-8") == "older"


def failing() -> Iterator[pa.Table]:
    yield TABLES[0]
    raise ZeroDivisionError


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    write_scores(TABLES, tmp_path / "new" / "scores.csv")

    assert (tmp_path / "new" / "scores.csv").is_file()


@pytest.mark.parametrize("name", ["scores.txt", "scores"])
def test_another_format_is_refused_before_anything_is_written(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"\.parquet or \.csv"):
        write_scores(failing(), tmp_path / name)

    assert list(tmp_path.iterdir()) == []
