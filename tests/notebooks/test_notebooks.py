"""The notebooks run from top to bottom on a small country, say what they teach, and define nothing."""

from __future__ import annotations

import ast
import copy
import os
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from detector.model import shadowed, tracking
from detector.simulate import Country, simulate, write
from tests.architecture.source import ROOT
from tests.model.shadows import in_the_shadow

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
REGISTRATIONS, SEED = 6_000, 11
PLAIN = Country()
# Much misuse, and most of it reported: enough cases for a comparison in a country this small.
COUNTRY = replace(
    PLAIN,
    threat=replace(PLAIN.threat, fraud_share=0.04),
    verdicts=replace(PLAIN.verdicts, coverage=0.8, delay=8.0),
)
SIGNED = {
    'BY, WHY = "", ""': 'BY, WHY = "Ana", "more cases at the same cost"',
    "compare.promoted(evidence, challenger, by=BY, why=WHY, at=datetime.now(UTC))": (
        "compare.promoted(evidence, challenger, by=BY, why=WHY, at=datetime.now(UTC), "
        'override=promotion.Override(BY, WHY, "Luis"))'
    ),
}
SECONDS = 300  # for one notebook, on a machine that compiles every kernel first


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to work in, with a country in it and an MLflow store of its own."""
    home = tmp_path_factory.mktemp("monday")
    write(simulate(COUNTRY, registrations=REGISTRATIONS, seed=SEED), home / "country")
    shadowed.write(in_the_shadow(), home / "country" / shadowed.FILE)
    return home


@cache
def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def executed(
    path: Path, home: Path, filled_in: Mapping[str, str] | None = None
) -> nbformat.NotebookNode:
    """The notebook after every cell ran in `home`; a failing cell raises with its traceback.

    `filled_in` are lines that the analyst changed, and into what.
    """
    notebook = nbformat.from_dict(copy.deepcopy(read(path)))
    for before, after in (filled_in or {}).items():
        (cell,) = [cell for cell in notebook.cells if before in cell.source]
        cell.source = cell.source.replace(before, after)
    store = f"sqlite:///{home / 'mlflow.db'}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", store)
        patch.setenv("OMP_WAIT_POLICY", os.environ.get("OMP_WAIT_POLICY", "passive"))
        NotebookClient(
            notebook, timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": home}}
        ).execute()
    return notebook


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(path: Path, home: Path) -> None:
    notebook = executed(path, home)

    pictures = [o for o in outputs(notebook) if "image/png" in o.get("data", {})]
    words = [o for o in outputs(notebook) if o.get("name") == "stderr"]
    assert pictures
    assert words == []


def test_running_them_promoted_nothing(home: Path) -> None:
    """Notebook 4 ran with nobody's name in it."""
    assert registry(home).pointed() is None
    assert registry(home).records() == []


def test_run_twice_they_register_one_model_and_promote_it_once(home: Path) -> None:
    """Once more the third; then the fourth twice, with the names of two who want it whatever the rules say."""
    third, fourth = (path for path in NOTEBOOKS if path.stem[:2] in {"03", "04"})
    executed(third, home)
    told = [said(executed(fourth, home, SIGNED)) for _ in range(2)]

    versions = registry(home).client.search_model_versions("name='simvigia'")
    assert [one.version for one in versions] in ([1], ["1"])
    assert [number for number, _ in registry(home).records()] == [1]
    assert registry(home).pointed() == 1
    assert "is the champion." in told[0]
    assert "is the champion already" in told[1]


def test_what_cannot_go_on_says_why_in_one_sentence_and_no_stack(home: Path) -> None:
    cell = nbformat.v4.new_code_cell('from detector.workbench import opened\nopened("nowhere")')
    notebook = nbformat.v4.new_notebook(cells=[cell])
    where = {"metadata": {"path": home}}
    NotebookClient(
        notebook, timeout=SECONDS, kernel_name="python3", allow_errors=True, resources=where
    ).execute()

    (shown,) = outputs(notebook)
    assert shown["traceback"] == ["BadInput: nowhere is not a folder"]


def registry(home: Path) -> tracking.Registry:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home / 'mlflow.db'}")
        return tracking.registry()


def said(notebook: nbformat.NotebookNode) -> str:
    """What the cells of a notebook answered, as text."""
    return "\n".join(o.get("data", {}).get("text/plain", "") for o in outputs(notebook))


def test_there_are_seven() -> None:
    assert [path.stem[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05", "06", "07"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_begins_with_what_the_analyst_will_know(path: Path) -> None:
    first = read(path).cells[0]

    assert first.cell_type == "markdown"
    assert "At the end you " in first.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_one_cell_says_which_data(path: Path) -> None:
    cells = [cell.source for cell in code(path)]

    assert cells[0].startswith('DATA = "country"')
    assert sum("DATA =" in cell for cell in cells) == 1


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_defines_nothing_and_keeps_no_output(path: Path) -> None:
    defined = (ast.FunctionDef, ast.ClassDef, ast.Lambda)
    nodes = [node for cell in code(path) for node in ast.walk(ast.parse(cell.source))]

    assert not any(isinstance(node, defined) for node in nodes)
    assert all(not cell.outputs and cell.execution_count is None for cell in code(path))


def code(path: Path) -> list[nbformat.NotebookNode]:
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def outputs(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [o for cell in notebook.cells if cell.cell_type == "code" for o in cell.outputs]
