"""What lies beside a store tells a thief nothing; each of his attacks works on a build that was weakened."""

from __future__ import annotations

from pathlib import Path

import pytest

from serve.drills import leftovers
from serve.drills.leak import Finding
from tests.architecture.source import ROOT

CHAMPION, PEOPLE = ROOT / "models" / "champion", 60


def above(found: list[Finding]) -> set[str]:
    """The attacks that told something."""
    return {one.attack.removeprefix("beside the store: ") for one in found if one.above}


def test_logs_metrics_and_what_was_put_aside_name_nobody(tmp_path: Path) -> None:
    found = leftovers.service(tmp_path, CHAMPION, people=PEOPLE, seed=4)

    assert above(found) == set()
    left = {path.name for path in (tmp_path / "service").iterdir()}
    assert {"service.log", "metrics.txt", "stdout.txt", "tmp"} <= left, "there is what to attack"


@pytest.mark.parametrize(
    ("careless", "told"),
    [
        (
            leftovers.Careless,
            {
                "enumeration of people served",
                "a customer's line by its time, joined to others",
                "own customers followed to another carrier",
            },
        ),
        (
            leftovers.Pseudonymous,
            {
                "a customer's line by its time, joined to others",
                "own customers followed to another carrier",
            },
        ),
    ],
)
def test_a_log_that_marks_who_was_asked_about_is_found_out(
    careless: type[leftovers.Careless], told: set[str], tmp_path: Path
) -> None:
    found = leftovers.service(tmp_path, CHAMPION, people=PEOPLE, seed=4, witness=careless)

    assert above(found) == told


def test_a_training_run_names_nobody_unless_somebody_puts_a_table_aside(tmp_path: Path) -> None:
    assert not leftovers.trained(tmp_path).above
    assert {path.name for path in (tmp_path / "left").iterdir()} >= {"mlflow.db", "model", "tmp"}

    assert leftovers.put_aside(tmp_path).above
