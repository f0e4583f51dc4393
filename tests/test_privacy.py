"""Nothing that leaves the door holds a raw identifier: model, scores, report, MLflow, what was printed."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from detector.cli import main
from tests import tiny

KEYS = ("identity_value", "msisdn", "iccid", "imei", "device_id", "ip", "contact")
WORD = re.compile(r"[A-Z0-9][A-Z0-9.@:+_-]{6,}")
PART = re.compile(r"[A-Z0-9]{7,}")


def raw_values() -> set[str]:
    """Every personal value of the country, in the one form in which it is looked for."""
    found: set[str] = set()
    for name in ("registrations", "line_events", "breach_members", "officials"):
        table = tiny.tables()[name]
        for column in set(KEYS) & set(table.column_names):
            found |= {_form(str(v)) for v in table[column].unique().to_pylist() if v}
    return found


def _form(value: str) -> str:
    return re.sub(r"\s", "", value).upper().removeprefix("+")


def found_in(text: str, raw: set[str]) -> set[str]:
    """Raw values that stand in a text as words or as their parts."""
    words = WORD.findall(text.upper())
    return raw & {word.rstrip(".:-_") for word in words} | raw & set(PART.findall(text.upper()))


def text_of(file: Path) -> str:
    """What a file says; Parquet unpacked, for its pages are compressed."""
    if file.suffix == ".parquet":
        return pd.read_parquet(file).to_csv()
    return file.read_bytes().decode("latin-1")


def test_no_raw_identifier_leaves_the_door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    tiny.on_disk(tmp_path / "data")
    recipe = (tiny.MODELS / "recipe.toml").read_text("utf-8")
    few = re.sub(r"num_iterations = \d+", "num_iterations = 20", recipe)
    (tmp_path / "few.toml").write_text(few, "utf-8")

    printed = [
        run("train", "--data", "data", "--out", "model", "--no-practice", "--recipe", "few.toml"),
        run("score", "--data", "data", "--model", "model", "--out", "scores.parquet"),
        run("score", "--data", "data", "--model", "model", "--out", "scores.csv"),
        run("evaluate", "--scores", "scores.parquet", "--data", "data", "--out", "report.html"),
    ]

    raw = raw_values()
    files = [f for f in tmp_path.rglob("*") if f.is_file() and (tmp_path / "data") not in f.parents]
    names = {file.relative_to(tmp_path).parts[0] for file in files}
    assert {"model", "scores.parquet", "scores.csv", "report.html", "mlflow.db", "mlruns"} <= names
    leaks = {f.name: found for f in files if (found := found_in(text_of(f), raw))}
    assert leaks == {}
    assert found_in("\n".join([*printed, *map(str, files)]), raw) == set()


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_search_would_find_one(tmp_path: Path) -> None:
    """In every column and table of the data folder itself."""
    raw = raw_values()
    data = tiny.on_disk(tmp_path / "data")

    for name in ("registrations", "line_events", "breach_members", "officials"):
        frame = pd.read_parquet(data / f"{name}.parquet")
        for column in set(KEYS) & set(frame.columns):
            assert len(found_in(frame[[column]].dropna().head(50).to_csv(), raw)) > 5, column


@pytest.mark.parametrize("said", ["id={}", "'{}'", '{{"a":"{}"}}', "<td>{}</td>", "x,{},y", "{}."])
def test_the_search_sees_a_value_inside_other_words(said: str) -> None:
    raw = raw_values()
    values = sorted(raw)[:: len(raw) // 40]

    assert [v for v in values if v not in found_in(said.format(v), raw)] == []
