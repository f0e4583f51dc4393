"""The command line: help for everything, and each bad input one clear line, exit 2, nothing half-written."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from detector.cli import main
from detector.console import Moment
from detector.model.artefact import MANIFEST, save
from tests import tiny

Spoil = Callable[[Path], object]
SUBCOMMANDS = sorted(main.commands)
SLOW = ("numpy", "numba", "pandas", "pyarrow", "lightgbm", "mlflow", "fastapi", "uvicorn", "httpx")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments], prog_name="simvigia")


def assert_one_clear_line(result: Result, *words: str) -> None:
    """Exit 2, one line on stderr, nothing on stdout, no traceback."""
    assert result.exit_code == 2, result.exception
    assert isinstance(result.exception, SystemExit)
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("simvigia: ")
    for word in words:
        assert word in result.stderr


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The tiny country's folder, free to be spoiled."""
    return tiny.on_disk(tmp_path / "in" / "data")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """The tiny model's folder, free to be spoiled."""
    save(tiny.trained().model, tmp_path / "in" / "model", card="")
    return tmp_path / "in" / "model"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder that nothing but results may enter."""
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


@pytest.mark.parametrize("command", SUBCOMMANDS)
def test_every_command_has_help_for_itself_and_its_options(command: str) -> None:
    result = run(command, "--help")

    assert result.exit_code == 0
    for option in main.commands[command].params:
        assert isinstance(option, click.Option)
        assert option.opts[0] in result.stdout
        assert option.help


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_the_list_of_commands_is_shown(arguments: list[str]) -> None:
    shown = run(*arguments).output

    assert [name for name in SUBCOMMANDS if f"  {name} " not in shown] == []


def test_the_list_of_commands_loads_no_library_that_makes_one_wait() -> None:
    listed = "from detector.cli import main; main(['--help'], standalone_mode=False)"
    code = f"import sys; {listed}; print('loaded', *[m for m in {SLOW!r} if m in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "loaded"


def table(data: Path, name: str, **columns: pa.Array | None) -> None:
    """Rewrites a table with columns replaced, or left out."""
    path = data / f"{name}.parquet"
    held = pq.read_table(path)
    for column, values in columns.items():
        at = held.column_names.index(column)
        held = held.remove_column(at) if values is None else held.set_column(at, column, values)
    pq.write_table(held, path)


BAD_DATA: dict[str, tuple[Spoil, tuple[str, ...]]] = {
    "a missing column": (
        lambda data: table(data, "registrations", msisdn=None),
        ("registrations.parquet", "msisdn"),
    ),
    "a wrong type": (
        lambda data: table(
            data, "registrations", registered_at=pa.array([1.5] * tiny.REGISTRATIONS)
        ),
        ("registrations.parquet", "registered_at"),
    ),
    "a wrong type elsewhere": (
        lambda data: table(
            data, "labels", decided_at=pa.array([True] * tiny.tables()["labels"].num_rows)
        ),
        ("labels.parquet", "decided_at"),
    ),
    "an empty file": (
        lambda data: (data / "registrations.parquet").write_bytes(b""),
        ("registrations.parquet", "empty"),
    ),
    "no rows": (
        lambda data: pq.write_table(
            tiny.tables()["registrations"].slice(0, 0), data / "registrations.parquet"
        ),
        ("registrations.parquet", "no rows"),
    ),
    "a file that is not Parquet": (
        lambda data: (data / "registrations.parquet").write_text("a,b\n1,2\n"),
        ("registrations.parquet", "not a Parquet file"),
    ),
    "a damaged table beside": (
        lambda data: (data / "line_events.parquet").write_bytes(b"PAR1 no more"),
        ("line_events.parquet", "not a Parquet file"),
    ),
    "no registrations": (
        lambda data: (data / "registrations.parquet").unlink(),
        ("no registrations.parquet",),
    ),
    "a folder that is not there": (lambda data: data.rename(data.with_name("moved")), ("data",)),
}


@pytest.mark.parametrize("fault", BAD_DATA)
@pytest.mark.parametrize("command", ["score", "train"])
def test_bad_data_is_one_clear_line_and_nothing_is_written(
    command: str, fault: str, data: Path, model: Path, out: Path
) -> None:
    spoil, words = BAD_DATA[fault]
    spoil(data)
    if command == "score":
        result = run("score", "--model", model, "--data", data, "--out", out / "scores.parquet")
    else:
        result = run("train", "--data", data, "--out", out / "model", "--no-practice")

    assert_one_clear_line(result, *words)
    assert list(out.iterdir()) == []


def other_feature_set(model: Path) -> None:
    path = model / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | {"features": "0" * 16}))


BAD_MODEL: dict[str, tuple[Spoil, str]] = {
    "another feature set": (other_feature_set, "train again"),
    "a damaged file": (lambda m: (m / "day_1.txt").write_text("tree"), "day_1.txt is damaged"),
    "no manifest": (lambda m: (m / MANIFEST).unlink(), "no readable model manifest"),
    "not there": (lambda m: m.rename(m.with_name("moved")), "there is no model folder"),
}


@pytest.mark.parametrize("fault", BAD_MODEL)
def test_a_bad_model_is_one_clear_line_and_nothing_is_written(
    fault: str, data: Path, model: Path, out: Path
) -> None:
    spoil, words = BAD_MODEL[fault]
    spoil(model)

    result = run("score", "--model", model, "--data", data, "--out", out / "scores.parquet")

    assert_one_clear_line(result, words)
    assert list(out.iterdir()) == []


def test_scores_in_an_unknown_format_are_refused_before_any_work(
    data: Path, model: Path, out: Path
) -> None:
    lines = ["no number", *tiny.tables()["registrations"]["msisdn"].to_pylist()[1:]]
    table(data, "registrations", msisdn=pa.array(lines))

    result = run("score", "--model", model, "--data", data, "--out", out / "scores.txt")

    assert_one_clear_line(result, ".parquet or .csv")
    assert list(out.iterdir()) == []


PLACES = {
    "simulate": ("simulate", "--registrations", "2000"),
    "train": ("train", "--no-practice", "--data"),
    "score": ("score", "--data"),
    "evaluate": ("evaluate", "--scores", "scores.csv", "--data"),
    "catalogue": ("catalogue",),
    "demo": ("demo",),
}


@pytest.mark.parametrize("command", PLACES)
def test_a_place_where_nothing_can_be_written_is_refused_before_any_work(
    command: str, data: Path, out: Path
) -> None:
    (out / "letter").write_text("dear")
    name, *options = PLACES[command]
    options += [str(data)] if options[-1:] == ["--data"] else []

    result = run(name, *options, "--out", out / "letter" / "scores.csv")

    assert_one_clear_line(result, "cannot write", "letter is not a folder")
    assert (out / "letter").read_text() == "dear"


def test_where_no_registration_could_be_taken_there_are_no_scores_but_reasons(
    data: Path, model: Path, out: Path
) -> None:
    table(data, "registrations", plan=pa.array(["gold"] * tiny.REGISTRATIONS))

    result = run("score", "--model", model, "--data", data, "--out", out / "scores.csv")

    assert_one_clear_line(result, "no registration", "registrations.rejected.parquet says why")
    rejected = pq.read_table(out / "registrations.rejected.parquet")
    assert rejected.num_rows == tiny.REGISTRATIONS
    assert not (out / "scores.csv").exists()


@pytest.mark.parametrize("name", ["recipe", "policy"])
def test_a_bad_setting_is_one_clear_line(name: str, data: Path, out: Path) -> None:
    (data / "bad.toml").write_text("[")

    result = run(
        "train", "--data", data, "--out", out / "m", "--no-practice", f"--{name}", data / "bad.toml"
    )

    assert_one_clear_line(result, "bad.toml cannot be used")
    assert list(out.iterdir()) == []


def test_a_model_is_never_written_over_something_else(data: Path, out: Path) -> None:
    (out / "letter.txt").write_text("dear")

    result = run("train", "--data", data, "--out", out, "--no-practice")

    assert_one_clear_line(result, "holds something else")
    assert [file.name for file in out.iterdir()] == ["letter.txt"]


def test_too_little_to_learn_from_is_one_clear_line(data: Path, out: Path) -> None:
    result = run(
        "train", "--data", data, "--out", out / "m", "--no-practice", "--until", "2000-01-01"
    )

    assert_one_clear_line(result, "at least")
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("key", ["short", "nowhere"])
def test_a_bad_key_file_is_one_clear_line(key: str, data: Path, model: Path, out: Path) -> None:
    (data.parent / "short").write_text("AAAA")

    result = run(
        "score", "--model", model, "--data", data, "--out", out / "s.csv",
        "--key-file", data.parent / key,
    )  # fmt: skip

    assert_one_clear_line(result, "key")
    assert list(out.iterdir()) == []


def test_a_country_is_simulated_into_an_empty_folder_only(out: Path) -> None:
    made = run("simulate", "--out", out / "country", "--registrations", 2_000)
    again = run("simulate", "--out", out / "country", "--registrations", 2_000)

    assert (made.exit_code, made.stderr) == (0, "")
    assert "2,000 registrations" in made.stdout
    assert_one_clear_line(again, "not empty")


@pytest.mark.parametrize(
    "arguments", [["--without", "kindness"], ["--registrations", "10"], ["--registrations", "1500"]]
)
def test_a_country_that_cannot_be_simulated_leaves_nothing(arguments: list[str], out: Path) -> None:
    result = run("simulate", "--out", out / "country", *arguments)

    assert_one_clear_line(result)
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("moment", ["yesterday-ish", "2026-13-01", "", "NaT"])
def test_a_moment_that_is_none_is_refused(moment: str, data: Path, model: Path, out: Path) -> None:
    result = run(
        "score", "--model", model, "--data", data, "--out", out / "s.csv", "--from", moment
    )

    assert_one_clear_line(result, "--from", "2026-06-01")
    assert list(out.iterdir()) == []


def test_a_moment_without_an_offset_is_utc() -> None:
    moments = ["2026-06-01", "2026-06-01T00:00:00Z", "2026-05-31T18:00:00-06:00"]

    assert {Moment().convert(m, None, None) for m in moments} == {1_780_272_000_000_000}


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_scores_are_written_and_counted(ending: str, data: Path, model: Path, out: Path) -> None:
    result = run("score", "--model", model, "--data", data, "--out", out / f"scores.{ending}")

    assert (result.exit_code, result.stderr) == (0, "")
    assert f"{len(tiny.all_scores()):,} scores in" in result.stdout
    assert [file.name for file in out.iterdir()] == [f"scores.{ending}"]


def test_rejected_rows_lie_beside_the_output_and_are_told(
    data: Path, model: Path, out: Path
) -> None:
    lines = tiny.tables()["registrations"]["msisdn"].to_pylist()
    lines[7] = "no number"
    table(data, "registrations", msisdn=pa.array(lines))
    (data / "line_events.parquet").unlink()
    (data / "labels.parquet").unlink()

    result = run("score", "--model", model, "--data", data, "--out", out / "scores.csv")

    assert result.exit_code == 0
    assert result.stderr.count("\n") == 1
    assert "rejected: 1, see" in result.stderr
    assert "no number" not in result.output
    rejected = pq.read_table(out / "registrations.rejected.parquet").to_pylist()
    assert [(row["row"], row["field"]) for row in rejected] == [(8, "msisdn")]


def test_the_catalogue_is_written_where_one_wants_it(out: Path) -> None:
    shown, written = run("catalogue"), run("catalogue", "--out", out / "signals.md")

    assert (shown.exit_code, written.exit_code) == (0, 0)
    assert (out / "signals.md").read_text("utf-8").strip() == shown.stdout.strip()


def test_a_bad_input_exits_with_2_and_one_line_in_a_real_process(tmp_path: Path) -> None:
    done = process(
        "score", "--data", "nowhere", "--model", "nowhere", "--out", "s.csv", at=tmp_path
    )

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments", [["score", "--nonsense"], ["score"], ["nothing"], ["train", "--seed", "one"]]
)
def test_bad_usage_is_one_clear_line(arguments: list[str]) -> None:
    assert_one_clear_line(run(*arguments), "--help")


def process(*arguments: str, at: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("simvigia"), *arguments],
        cwd=at,
        capture_output=True,
        text=True,
        check=False,
    )
