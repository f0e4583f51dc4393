"""The thief's drill tells what a copy of the store gives away, and sees it where it is put there."""

from __future__ import annotations

from pathlib import Path

import pytest

from serve.drills.leak import Finding, classes, drill
from serve.vault import SIZES
from tests.serve.stores import postgres, store_url

__all__ = ["postgres", "store_url"]

PEOPLE = 90


def told(folder: Path, weakness: str = "") -> list[Finding]:
    """What is above chance although it should not be."""
    found = drill(folder, people=PEOPLE, seed=4, weakness=weakness)
    return [one for one in found if one.above and not one.expected]


def test_a_copy_names_nobody_and_with_every_key_of_local_mode_everybody(
    tmp_path: Path, store_url: str
) -> None:
    found = drill(tmp_path, people=PEOPLE, seed=4, url=store_url)

    assert [one.attack for one in found if one.fault] == []
    assert [(one.right, one.of) for one in found if one.expected] == [(PEOPLE, PEOPLE)]
    assert set(classes(tmp_path)) <= set(SIZES)


@pytest.mark.parametrize(
    ("weakness", "works"),
    [
        ("hashes", {"enumeration of", "every byte", "frequent", "joined", "followed"}),
        ("tokens", {"frequent", "joined", "followed"}),
        ("folios", {"answers opened"}),
    ],
)
def test_each_attack_works_on_a_store_that_was_weakened(
    tmp_path: Path, weakness: str, works: set[str]
) -> None:
    attacks = " ".join(one.attack for one in told(tmp_path, weakness))

    assert {word for word in works if word in attacks} == works


def test_the_same_seed_attacks_the_same_country(tmp_path: Path) -> None:
    one, other = (drill(tmp_path / name, people=PEOPLE, seed=4) for name in ("a", "b"))

    assert [(f.attack, f.of) for f in one] == [(f.attack, f.of) for f in other]


def test_a_little_above_chance_is_not_called_a_success() -> None:
    assert not Finding("a guess", 3, 100, 0.01).above
    assert Finding("a success", 90, 100, 0.01).above
