"""The harness itself: a check that could not run is named, counted, and enough to fail CI."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

SUITE = """
import pytest

def test_that_runs(figure):
    figure("seven of seven")

@pytest.mark.skip(reason="no such server here")
def test_that_cannot_run():
    raise AssertionError
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    (tmp_path / "conftest.py").write_text((ROOT / "tests/conftest.py").read_text(encoding="utf-8"))
    (tmp_path / "test_made_up.py").write_text(SUITE)
    return tmp_path


@pytest.mark.parametrize(("ci", "code"), [("true", 1), ("", 0)])
def test_a_check_that_could_not_run_fails_only_ci(suite: Path, ci: str, code: int) -> None:
    assert run(suite, CI=ci).returncode == code


@pytest.mark.parametrize("workers", ["0", "1"])
def test_figures_and_checks_not_run_are_printed_with_their_reason(
    suite: Path, workers: str
) -> None:
    printed = run(suite, "-n", workers).stdout

    assert "\nseven of seven\n" in printed
    assert "checks that could not run: 1\n" in printed
    assert "test_made_up.py::test_that_cannot_run: no such server here\n" in printed


def run(suite: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=suite,
        env={**os.environ, "CI": "", "PYTEST_ADDOPTS": "", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
