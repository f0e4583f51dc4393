"""The clerk's drill measures what it says, and every attack works on a build weakened on purpose."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from detector.model.artefact import Model, load
from serve.drills import oracle
from serve.drills.oracle import Findings, Weakness, information, posterior, separation
from tests.architecture.source import ROOT

SUBJECTS = 240


@cache
def champion() -> Model:
    return load(ROOT / "models" / "champion")


@cache
def found(weakness: Weakness | None = None) -> Findings:
    return oracle.drill(champion(), subjects=SUBJECTS, seed=3, weakness=weakness)


def test_a_clerk_learns_no_more_than_the_limits_allow() -> None:
    assert found().faults == ()


@pytest.mark.parametrize(
    ("weakness", "broken"),
    [
        (Weakness(exact=True), {"line count"}),
        (Weakness(own_status=5.0), {"office", "breach"}),
        (Weakness(unwatched=True), {"alarm"}),
    ],
)
def test_each_attack_works_where_its_defence_is_taken_away(
    weakness: Weakness, broken: set[str]
) -> None:
    assert broken <= set(found(weakness).faults)


def test_the_same_seed_finds_the_same() -> None:
    again = oracle.drill(champion(), subjects=SUBJECTS, seed=3)

    assert again == found()


def test_information_is_what_the_fact_has_where_the_answer_tells_it() -> None:
    rng = np.random.default_rng(1)
    fact = rng.integers(0, 4, 4_000).tolist()

    assert information(fact, fact) == pytest.approx(2.0, abs=0.01)
    assert information(fact, rng.integers(0, 4, 4_000).tolist()) < 0.01


def test_an_answer_that_only_officials_get_gives_them_away() -> None:
    yes, no = ["step_up"] * 50 + ["allow"] * 50, ["allow"] * 100

    assert posterior(yes, no, base=0.01) == pytest.approx(0.505, abs=0.01)
    assert posterior(no, no, base=0.01) == pytest.approx(0.01)


def test_an_order_that_is_chance_separates_nobody() -> None:
    rng = np.random.default_rng(2)
    one, other = (rng.integers(0, 50, 8_000).tolist() for _ in range(2))

    assert separation(one, other) == pytest.approx(0.5, abs=0.03)
    assert separation(["a"] * 50, ["b"] * 50) == 1.0
