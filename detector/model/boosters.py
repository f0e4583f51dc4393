"""The boosters of all stages: of rows as hindsight saw them, with as much care as it takes that they remember
nobody, and on one scale.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from detector.lifecycle import STAGES
from detector.model.artefact import StageModel
from detector.model.boosting import learned, margin
from detector.model.dataset import FRAUD, UNLABELLED, TrainingTable
from detector.model.held_out import Judged
from detector.model.hindsight import HINDSIGHT, NOTHING, Hindsight, hindsight
from detector.model.material import Material
from detector.model.memory import CARES, Care, bearable, halves
from detector.model.recipe import Recipe
from detector.model.refit import Refit
from detector.registration import MICROSECONDS, DataFolder

Array = NDArray[Any]
Progress = Callable[[str, float], None]
LAST = STAGES[-1]
LOOKS = 2  # boosters that hindsight takes
WEEK = 7 * 86_400 * MICROSECONDS


def boosters(
    material: Material,
    known: DataFolder,
    recipe: Recipe,
    *,
    seed: int,
    title: str,
    progress: Progress,
) -> tuple[dict[str, lgb.Booster], Hindsight]:
    """A booster for each stage, of rows as hindsight saw them, and what it saw."""
    step = _steps(title, LOOKS + len(STAGES), progress)
    seen = _hindsight(material, known, recipe, seed=seed, step=step)
    made = {}
    for stage in STAGES:
        made[stage] = learned(material.parts(stage, recipe, seen), stage, recipe=recipe, seed=seed)
        step()
    progress(title, 1.0)
    return made, seen


def refitted(
    stages: Mapping[str, StageModel],
    judged: Mapping[str, Judged],
    material: Material,
    known: DataFolder,
    recipe: Recipe,
    *,
    seed: int,
    progress: Progress,
) -> tuple[dict[str, StageModel], dict[str, float]]:
    """The stages with boosters that learned from all and the probabilities that go with these; and by how
    many log-odds each stood above the one before, which is taken off."""
    title = "Learning from all"
    last, seen = boosters(material, known, recipe, seed=seed, title=title, progress=progress)
    refit = Refit(material, known.registrations, recipe, seen, seed)
    made, rises = {}, {}
    step = _steps("Setting its scale", len(STAGES), progress)
    for stage, one in stages.items():
        rises[stage] = refit.rise(judged[stage], one.novelty)
        calibrated = one.calibration.risen(rises[stage])
        made[stage] = replace(one, booster=last[stage], calibration=calibrated)
        step()
    return made, rises


def _hindsight(
    material: Material,
    known: DataFolder,
    recipe: Recipe,
    *,
    seed: int,
    step: Callable[[], None],
) -> Hindsight:
    """What the halves of the people and points of sale say of each other's silence.

    Where few verdicts were given, lessons say what is innocent, and silence is not asked.
    """
    if not material.can_look_back:
        return NOTHING
    table, home = material.own[HINDSIGHT], material.home(HINDSIGHT)
    own, lessons = known.registrations, material.lesson_rows(HINDSIGHT, recipe)
    half = np.ones(len(table), np.bool_)  # where nobody spoke there is nothing to keep from anybody
    if (table.verdict != UNLABELLED).any():
        half = halves(own.pos[table.row], own.identity[table.row], np.random.default_rng(seed))

    def scores(told: TrainingTable, asked: TrainingTable) -> NDArray[np.float64]:
        heard = told if material.asks_silence else told.where(told.verdict != UNLABELLED)
        rows = material.own_rows(heard, recipe, home=home)
        booster = learned([rows, *lessons], LAST, recipe=recipe, seed=seed)
        step()
        return margin(booster, asked.vectors)

    shares = {"least": recipe.suspected_least, "most": recipe.suspected_most}
    return hindsight(table, half, scores, **shares)


def bearable_recipe(
    early: Material, known: DataFolder, recipe: Recipe, *, seed: int, progress: Progress
) -> tuple[Recipe, str]:
    """The recipe with as much care as it takes that the booster does not remember whose verdicts it saw."""
    stage, own = STAGES[0], known.registrations
    table, rng = early.own[stage], np.random.default_rng(seed)
    cases = table.where(table.verdict == FRAUD)
    half = halves(own.pos[cases.row], own.identity[cases.row], rng)
    rows = len(table) + sum(map(len, early.lessons[stage]))
    title = "Testing what it remembers"
    step = _steps(title, 2 * (LOOKS + 1), progress)  # of the first care, which mostly is enough

    def careful(care: Care) -> Recipe:
        plain = recipe.coarser(rows) if care.coarse else recipe
        # What is suspected was found by verdicts, and may tell of them.
        return replace(
            plain,
            labelled_weight=recipe.labelled_weight * care.share,
            suspected_weight=recipe.suspected_weight * care.share,
        )

    def scores(care: Care, shown: NDArray[np.bool_]) -> Array:
        made, told = careful(care), early.without(cases.row[~shown])
        seen = _hindsight(told, known, made, seed=seed, step=step)
        booster = learned(told.parts(stage, made, seen), stage, recipe=made, seed=seed)
        step()
        return margin(booster, cases.vectors)

    care, words = bearable(scores, half, cases.at // WEEK, cares=CARES, rng=rng)
    progress(title, 1.0)
    return careful(care), words


def _steps(title: str, count: int, progress: Progress) -> Callable[[], None]:
    """To be called after each of so many equal parts of some work."""
    progress(title, 0.0)
    done = itertools.count(1)
    return lambda: progress(title, min(next(done) / count, 1.0))
