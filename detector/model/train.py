"""Training: boosters on what was known by a date, calibration and thresholds on what came later.

Three things are learned from side by side: the data's own verdicts, which are few, late and partial; lessons,
countries in which the truth is known (simulated ones); and rings planted among the data's own registrations.
An unlabelled row stands for a legitimate one only with a lower weight and only after it has had time to be
reported. The more verdicts the data have, the less the others weigh. Lessons are compared with the data also by
where a value stands among its own country's. A model for elsewhere learns from lessons alone, and from its data
only where probabilities and thresholds lie. These are set on rows later than those learned from; the boosters
in use learned from these rows too, and are put on the scale of the first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from detector.context import Past
from detector.decision import Policy, Thresholds
from detector.errors import TooLittleData
from detector.lifecycle import STAGES
from detector.model.artefact import LEARNED_UNTIL, Model, StageModel
from detector.model.boosters import bearable_recipe, boosters, refitted
from detector.model.calibrate import Calibration, against_truth, calibration, shifted
from detector.model.dataset import (
    FRAUD,
    LEGITIMATE,
    UNLABELLED,
    TrainingTable,
    as_known,
    joined,
    looked_back,
    patience,
    training_tables,
    verdicts,
)
from detector.model.held_out import Judged, by_others, figures, limits, said
from detector.model.hindsight import HINDSIGHT, LOOK_BACK
from detector.model.impressions import prepared
from detector.model.material import LEAST_ROWS, Material
from detector.model.novelty import Novelty, novelty
from detector.model.planted import planted
from detector.model.recipe import Recipe
from detector.registration import MICROSECONDS, NEVER, DataFolder
from detector.signals import features

Array = NDArray[Any]
Progress = Callable[[str, float], None]
LAST = STAGES[-1]
LATER = "later data, against the verdicts known"
LEFT_OUT = "lessons of authors left out in turn, against the truth"
RISE = "rise"  # log-odds by which the booster in use stood above the first; taken off
UNSEEN = "it was shown no verdict of its data, and so cannot remember any"
USUAL_SHARE = 0.005  # of misuse, where the data's own verdicts are too few to say (India, DoT 2023)
DAY = 86_400 * MICROSECONDS


@dataclass(frozen=True, slots=True)
class Lesson:
    """A country in which the truth is known; `fraud` says it for each registration."""

    folder: DataFolder
    fraud: NDArray[np.bool_]
    author: str = ""  # who imagined it


@dataclass(frozen=True, slots=True)
class Trained:
    """A model and what was measured while making it."""

    model: Model
    metrics: Mapping[str, float]
    parameters: Mapping[str, Any]
    memory: str  # whether it remembers the cases it was shown, in words


def train(
    folder: DataFolder,
    lessons: Sequence[Lesson],
    *,
    recipe: Recipe,
    policy: Policy,
    until: int,
    seed: int,
    heard: NDArray[np.float64] | None = None,
    elsewhere: bool = False,
    progress: Progress = lambda _what, _share: None,
) -> Trained:
    """Learn from registrations before `until` (microseconds) and what was known by then.

    `heard` is, for each registration of the folder, the chance that its outcome would reach us
    (`detector.model.hearing`); without it, every outcome would. The model is for the folder's
    country, or for others (`elsewhere`): then it learns from lessons alone. Raises TooLittleData if there
    are hardly any registrations, or neither verdicts nor lessons.
    """
    known = as_known(folder, until)
    if len(known.registrations) < LEAST_ROWS:
        raise TooLittleData(
            f"training needs at least {LEAST_ROWS} registrations before the date, "
            f"there are {len(known.registrations)}"
        )
    rng = np.random.default_rng(seed)
    past, verdict = prepared(known), verdicts(known.labels, len(known.registrations))
    own = _tables(past, verdict, recipe, rng, progress)
    taught = _lesson_tables(lessons, recipe, rng, progress, looks=not elsewhere)
    shown = not elsewhere and (own[STAGES[0]].verdict == FRAUD).any()
    if not taught[STAGES[0]] and not shown:
        raise TooLittleData("training needs some verdicts of fraud, or lessons; there are neither")
    waited = patience(known, recipe.maturity)
    everything = Material(own, taught, until - waited, heard, elsewhere)
    early, later = everything.parted(recipe.later_share)
    if not elsewhere:
        border = int(early.own[STAGES[0]].at[-1])
        early = early.looking_back(past, verdict, until=border)
        everything = everything.looking_back(past, verdict, until=until)
    del past  # as large as the data
    careful, memory = recipe, UNSEEN
    if not elsewhere:
        progress("Planting rings", 0.0)
        crowd = planted(as_known(folder, border), rows=recipe.planted_rows, seed=seed)
        progress("Planting rings", 1.0)
        early, everything = (replace(m, planted=crowd) for m in (early, everything))
        careful, memory = bearable_recipe(early, known, recipe, seed=seed, progress=progress)
    first, seen = boosters(early, known, careful, seed=seed, title="Learning", progress=progress)
    usual = {s: _usual(early, s, careful) for s in STAGES}
    authors = [lesson.author for lesson in lessons]
    if elsewhere and len(set(authors)) > 1:
        judged = by_others(everything, authors, careful, seed=seed, progress=progress)
    else:
        judged = {s: _judged(first[s], usual[s], t, recipe) for s, t in later.items()}
    stages = {s: _stage(first[s], usual[s], judged[s], early, careful) for s in STAGES}
    model = _with_thresholds(stages, judged, policy=policy, recipe=recipe, carriers=known)
    found = [figures(s, judged[s], stages[s].calibration) for s in STAGES]
    if not elsewhere:
        # Thresholds lie where a booster that was taught as many suspicions has its scores.
        made = replace(careful, suspected_least=seen.share, suspected_most=seen.share)
        stages, rises = refitted(
            stages, judged, everything, known, made, seed=seed, progress=progress
        )
        model = replace(model, stages=stages)
        found.append({f"{s}_{RISE}": rise for s, rise in rises.items()})
    about = _parameters(known, lessons, waited, recipe=careful, seed=seed, elsewhere=elsewhere)
    about |= {
        "suspected_share": seen.share,
        "measured_on": LEFT_OUT if judged[LAST].true else LATER,
    }
    return Trained(model, {k: v for each in found for k, v in each.items()}, about, memory)


def _tables(
    past: Past, verdict: Array, recipe: Recipe, rng: np.random.Generator, progress: Progress
) -> dict[str, TrainingTable]:
    return training_tables(
        past,
        verdict,
        stages=STAGES,
        most=recipe.most_unlabelled,
        rng=rng,
        progress=lambda share: progress("Reading the past", share),
    )


def _lesson_tables(
    lessons: Sequence[Lesson],
    recipe: Recipe,
    rng: np.random.Generator,
    progress: Progress,
    *,
    looks: bool,
) -> dict[str, list[TrainingTable]]:
    taught: dict[str, list[TrainingTable]] = {stage: [] for stage in (*STAGES, HINDSIGHT)}
    for i, lesson in enumerate(lessons):
        progress("Practising", i / len(lessons))
        for stage, table in _lesson_table(lesson, recipe, rng, looks=looks).items():
            taught[stage].append(table)
    return taught


def _lesson_table(
    lesson: Lesson, recipe: Recipe, rng: np.random.Generator, *, looks: bool
) -> dict[str, TrainingTable]:
    """All of a lesson's misuse and a share of what is honest; the rest is history only."""
    learned_from = rng.random(len(lesson.fraud)) < recipe.practice_honest_share
    honest = np.where(learned_from, LEGITIMATE, UNLABELLED)
    truth = np.where(lesson.fraud, FRAUD, honest).astype(np.int8)
    past = prepared(lesson.folder)
    tables = _tables(past, truth, replace(recipe, most_unlabelled=0), rng, _quiet)
    if not looks:
        return tables
    rows = tables[STAGES[0]].row
    return {**tables, HINDSIGHT: looked_back(past, truth, rows, after=LOOK_BACK, until=NEVER)}


def _quiet(_what: str, _share: float) -> None:
    """Progress of a part that reports as a whole."""


def _usual(early: Material, stage: str, recipe: Recipe) -> Novelty:
    """What is usual, from all ripe rows, heard of or not: it takes no labels."""
    ripe, lessons = early.ripe(stage, recipe), early.lessons[stage]
    enough = len(ripe) >= LEAST_ROWS or not lessons
    return novelty(ripe if enough else joined(lessons).vectors, features(stage))


def _judged(booster: lgb.Booster, usual: Novelty, later: TrainingTable, recipe: Recipe) -> Judged:
    return Judged(later, said(booster, usual, later.vectors, recipe))


def _stage(
    booster: lgb.Booster, usual: Novelty, judged: Judged, early: Material, recipe: Recipe
) -> StageModel:
    return StageModel(booster, usual, _calibration(judged, booster, usual, early, recipe))


def _calibration(
    judged: Judged, booster: lgb.Booster, usual: Novelty, early: Material, recipe: Recipe
) -> Calibration:
    """On rows not learned from; where these hold too few verdicts, moved there from the lessons."""
    if judged.true:
        return against_truth(judged.raw, judged.fraud, USUAL_SHARE)
    if found := calibration(judged.raw, judged.fraud.astype(int)):
        return found
    learned_from = None
    if lessons := early.lessons[judged.table.stage]:
        there = joined(lessons)
        raw_there = said(booster, usual, there.vectors, recipe)
        learned_from = calibration(raw_there, (there.verdict == FRAUD).astype(int))
    known = learned_from or Calibration(1.0, 0.0, 1.0)
    return shifted(Calibration(0.8 * known.slope, 0.0, known.reported), judged.raw, USUAL_SHARE)


def _with_thresholds(
    stages: Mapping[str, StageModel],
    judged: Mapping[str, Judged],
    *,
    policy: Policy,
    recipe: Recipe,
    carriers: DataFolder,
) -> Model:
    bare = Model(
        stages, Thresholds({}), recipe.novelty_weight, policy.official, policy.breached, {}
    )

    def chance(stage: str, table: TrainingTable, raw: Array) -> Array:
        return bare.probability(stage, raw + bare.status(grade=table.grade, tier=table.tier))

    names = carriers.registrations.carriers
    found = limits(judged, chance, policy=policy, names=names)
    return replace(bare, thresholds=found, about=window(carriers))


def window(folder: DataFolder) -> dict[str, int]:
    """From when to when what was learned from was registered (microseconds)."""
    at = folder.registrations.at
    return {"learned_from": int(at[0]), LEARNED_UNTIL: int(at[-1])}


def _parameters(
    folder: DataFolder,
    lessons: Sequence[Lesson],
    waited: int,
    *,
    recipe: Recipe,
    seed: int,
    elsewhere: bool,
) -> dict[str, Any]:
    own = folder.registrations
    return {
        "seed": seed,
        "for": "other countries than its data's" if elsewhere else "the country of its data",
        "registrations": len(own),
        "labels": len(folder.labels),
        "frauds_reported": int(folder.labels.fraud.sum()),
        "carriers": len(own.carriers),
        "lessons": len(lessons),
        "lesson_registrations": sum(len(lesson.folder.registrations) for lesson in lessons),
        "first_registration": str(np.datetime64(int(own.at[0]), "us")),
        "last_registration": str(np.datetime64(int(own.at[-1]), "us")),
        "days_of_patience": round(waited / DAY, 1),
        **{f"booster_{k}": v for k, v in recipe.booster.items()},
        "novelty_weight": recipe.novelty_weight,
        "verdict_weight": recipe.labelled_weight,
        "planted_weight": recipe.planted_weight,
    }
