"""The catalogue in the documentation is the one that the code would write."""

from __future__ import annotations

import pytest

from detector.catalogue import text
from detector.history import SPECS
from detector.lifecycle import STAGES
from detector.signals import REASONS, RULES, SIGNALS, features
from tests.architecture.source import ROOT

WRITTEN = ROOT / "docs" / "signals.md"


def test_the_document_is_what_the_command_writes_today() -> None:
    assert WRITTEN.read_text("utf-8") == text(), "simvigia catalogue --out docs/signals.md"


@pytest.mark.parametrize(
    "names",
    [
        [f.name for f in features(STAGES[-1])],
        [reason.code for reason in REASONS.values()],
        [rule.name for rule in RULES],
    ],
    ids=["features", "reasons", "rules"],
)
def test_nothing_is_left_out(names: list[str]) -> None:
    written = text()

    assert [name for name in names if f"`{name}`" not in written] == []


def test_every_signal_and_key_has_its_place() -> None:
    written = text()

    assert [s.name for s in SIGNALS if f"\n## {s.name}\n" not in written] == []
    assert [s.name for s in SPECS if f"| {s.name} | {s.k} | {s.memory} |" not in written] == []


def test_every_row_of_a_table_has_as_many_cells_as_its_header() -> None:
    cells = 0
    for line in text().splitlines():
        if not line.startswith("|"):
            cells = 0
            continue
        cells = cells or line.count("|")
        assert line.count("|") == cells, line
