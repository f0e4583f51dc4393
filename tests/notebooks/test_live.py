"""The same notebooks over a live store: one cell changed, nothing else."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest

from detector.console import EPOCH
from detector.simulate import simulate, write
from serve.answers import Assessment, LineEvent, Outcome
from serve.engine import Asked, Question
from serve.parcels import ASSESS, LINE_EVENTS, Parcel, Parcels, read
from serve.schemas import LineEventReport, OutcomeReport, RegistrationQuestion
from tests.notebooks.test_notebooks import COUNTRY, NOTEBOOKS, code
from tests.serve.engine.standing import Standing

REGISTRATIONS, SEED, TOGETHER = 4_000, 11, 500
# The seventh reads what `simvigia shadow report --out` wrote of a store, not the store.
OVER_A_STORE = [path for path in NOTEBOOKS if not path.stem.startswith("07")]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to work in, with a store in it that has lived through a small country."""
    home = tmp_path_factory.mktemp("live")
    country = replace(COUNTRY, verdicts=replace(COUNTRY.verdicts, delay=4.0))
    write(simulate(country, registrations=REGISTRATIONS, seed=SEED), home / "files")
    live_through(read(home / "files"), f"sqlite:///{home / 'store.db'}")
    return home


def live_through(parcels: Parcels, url: str) -> None:
    """Registrations, first signs of life and verdicts, some at a time, by a clock that follows.

    Each time registrations come first: the engine looks together at those that follow each other.
    """
    alive = [parcel for parcel in parcels.line_events if b'"ATTACH"' not in parcel.content]
    everything = (*parcels.registrations, *alive, *parcels.outcomes)
    coming = sorted(everything, key=lambda parcel: parcel.at)
    standing = Standing(url)
    for start in range(0, len(coming), TOGETHER):
        part = coming[start : start + TOGETHER]
        at = EPOCH + timedelta(microseconds=part[-1].at)
        part.sort(key=lambda parcel: parcel.path != ASSESS)
        told = standing.take(*(asked(parcel) for parcel in part), at=at)
        assert all(isinstance(one, Assessment) for one in told)
    standing.close()


def asked(parcel: Parcel) -> Asked:
    if parcel.path == ASSESS:
        return Question(RegistrationQuestion.model_validate_json(parcel.content).event())
    if parcel.path == LINE_EVENTS:
        seen = LineEventReport.model_validate_json(parcel.content)
        moment = datetime.fromisoformat(seen.occurred_at)
        return LineEvent(*parcel.registration, moment, seen.kind.lower(), seen.imei, seen.place)
    said = OutcomeReport.model_validate_json(parcel.content)
    return Outcome(*parcel.registration, said.label.lower(), said.source.lower(), said.confidence)


@pytest.fixture(scope="module")
def at_work(home: Path) -> Iterator[Path]:
    """In that folder, with an MLflow store of its own and figures that nobody sees."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home / 'mlflow.db'}")
        mpl.use("agg")
        yield home


@pytest.mark.parametrize("path", OVER_A_STORE, ids=lambda path: path.stem)
def test_a_notebook_runs_on_a_live_store_with_one_cell_changed(path: Path, at_work: Path) -> None:
    cells = [cell.source for cell in code(path)]
    names: dict[str, Any] = {}

    for number, cell in enumerate(cells):
        text = f'DATA = "sqlite:///{at_work / "store.db"}"' if number == 0 else cell
        exec(compile(ast.parse(text), f"{path.stem}:{number}", "exec"), names)  # a notebook is code

    assert names["country"].known.source == "labels"
    assert len(names["country"]) == REGISTRATIONS
