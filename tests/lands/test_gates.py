"""No land by other hands gives itself away: not by a column, not by its ids, not by the clock."""

import re
from itertools import takewhile

import pytest

from benchmarks.lands import report
from detector.lands import HOME, LANDS
from detector.lands.countries import tables

SIZE = 8_000
COLUMN = 0.85
CHANCE = 0.75  # of a few dozen frauds, what only chance should tell may seem to tell something


@pytest.mark.parametrize("land", [land for land in LANDS if land != HOME])
def test_neither_a_column_nor_ids_nor_the_clock_give_it_away(land: str) -> None:
    made = tables(land, registrations=SIZE, seed=3, kind="hard")
    cheap = takewhile(
        lambda line: not line.startswith("raw columns"),
        report({name: table.to_pandas() for name, table in made.items()}),
    )

    found = dict(re.findall(r"^ *(.+?) +AUC ([\d.]+)$", "\n".join(cheap), re.M))
    columns = [float(auc) for name, auc in found.items() if name.startswith("alone")]

    assert len(columns) > 10
    assert max(columns) < COLUMN
    assert abs(float(found["ids alone"]) - 0.5) < CHANCE - 0.5
    assert abs(float(found["time alone"]) - 0.5) < CHANCE - 0.5
