"""The thief's drill tells what a copy of the store gives away, and sees it where it is put there."""

from __future__ import annotations

from pathlib import Path

from serve.drills.leak import Finding, drill

PEOPLE = 90


def findings(folder: Path, *, hashed: bool = False) -> dict[str, Finding]:
    return {one.attack: one for one in drill(folder, people=PEOPLE, seed=4, hashed=hashed)}


def test_nobody_is_found_by_trying_every_curp(tmp_path: Path) -> None:
    found = findings(tmp_path)["enumeration of all CURPs"]

    assert (found.right, found.of, found.above) == (0, PEOPLE, False)


def test_a_table_of_plain_hashes_gives_everybody_away(tmp_path: Path) -> None:
    found = findings(tmp_path, hashed=True)["enumeration of all CURPs"]

    assert (found.right, found.above) == (PEOPLE, True)


def test_the_same_seed_attacks_the_same_country(tmp_path: Path) -> None:
    one, other = findings(tmp_path / "a"), findings(tmp_path / "b")
    order = "own customers' rows, by order of writing"

    assert one[order] == other[order]


def test_a_little_above_chance_is_not_called_a_success() -> None:
    assert not Finding("a guess", 3, 100, 0.01).above
    assert Finding("a success", 90, 100, 0.01).above
