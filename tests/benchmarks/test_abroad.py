"""The benchmark of countries abroad leaves their author out, and says what was found there."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

import pytest

from benchmarks import abroad
from detector.cli import MODELS
from detector.model.recipe import Recipe
from detector.pseudonym import Key, Pseudonymiser

RECIPE = Recipe.load(MODELS / "recipe.toml")
QUICK = replace(
    RECIPE,
    lands=("mexico", "strangers"),
    countries=2,
    practice_registrations=2_000,
    booster=dict(RECIPE.booster) | {"num_iterations": 10},
)


def test_a_country_abroad_is_measured_with_and_without_its_own_verdicts() -> None:
    head, *lines = abroad.report(["outsiders"], ["plain"], 4_000, recipe=QUICK, own=True)

    assert head == abroad.HEAD
    assert [line.split()[:3] for line in lines] == [
        ["outsiders", "plain", "others"],
        ["outsiders", "plain", "own"],
    ]
    assert all("%" in line for line in lines)


def test_no_lesson_is_the_examiners_own(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    practised = abroad.taught(Pseudonymiser(Key.fresh()), QUICK)
    monkeypatch.setattr(abroad, "taught", lambda *_: practised)
    monkeypatch.setattr(abroad, "line", lambda *_: "")

    def measured(_data: object, _folder: object, given: list[object], **_: object) -> None:
        asked.extend(map(id, given))

    monkeypatch.setattr(abroad, "measured", measured)
    others: list[tuple[str, ...]] = []

    def impressions(recipe: Recipe, _: object) -> AbstractContextManager[None]:
        others.append(recipe.lands)
        return nullcontext()

    monkeypatch.setattr(abroad, "other_impressions", impressions)
    list(abroad.report(["strangers"], ["plain"], 2_000, recipe=QUICK, own=True))

    assert asked == [id(practised["mexico"][0])]
    assert others == [("mexico",)]
