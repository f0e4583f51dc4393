"""Training: boosters on what was known by a date, calibration and thresholds on what came later.

Two things are learned from side by side: the data's own verdicts, which are few, late and partial, and
lessons, countries in which the truth is known (simulated ones). An unlabelled row stands for a
legitimate one only with a lower weight and only after it has had time to be reported. The more verdicts
the data have, the less the lessons weigh. Lessons are compared with the data also by where a value
stands among its own country's. A model for elsewhere learns from lessons alone, and from its data only where
probabilities and thresholds lie.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from detector.context import Past
from detector.decision import Policy, Thresholds, threshold, thresholds
from detector.errors import TooLittleData
from detector.lifecycle import STAGES
from detector.model.artefact import LEARNED_UNTIL, Model, StageModel
from detector.model.boosting import Rows, learned, margin
from detector.model.calibrate import Calibration, calibration, shifted
from detector.model.dataset import (
    FRAUD,
    LEGITIMATE,
    UNLABELLED,
    TrainingTable,
    as_known,
    patience,
    training_tables,
    verdicts,
)
from detector.model.hearing import outcome_weights
from detector.model.memory import CARES, Care, bearable, halves
from detector.model.novelty import novelty
from detector.model.recipe import Recipe
from detector.model.standing import Standing
from detector.registration import MICROSECONDS, DataFolder
from detector.signals import features

Array = NDArray[Any]
Progress = Callable[[str, float], None]
LEAST_ROWS = 1_000
UNSEEN = "it was shown no verdict of its data, and so cannot remember any"
MANY_KNOWN = 500  # frauds with a verdict that halve what lessons weigh
USUAL_SHARE = 0.005  # of misuse, where the data's own verdicts are too few to say (India, DoT 2023)
DAY = 86_400 * MICROSECONDS


@dataclass(frozen=True, slots=True)
class Lesson:
    """A country in which the truth is known; `fraud` says it for each registration."""

    folder: DataFolder
    fraud: NDArray[np.bool_]


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
    own = _tables(known, verdicts(known.labels, len(known.registrations)), recipe, rng, progress)
    taught = _lesson_tables(lessons, recipe, rng, progress)
    shown = not elsewhere and (own[STAGES[0]].verdict == FRAUD).any()
    if not taught[STAGES[0]] and not shown:
        raise TooLittleData("training needs some verdicts of fraud, or lessons; there are neither")
    waited = patience(known, recipe.maturity)
    stages: dict[str, StageModel] = {}
    later: dict[str, TrainingTable] = {}
    metrics: dict[str, float] = {}
    careful, memory = recipe, ""
    for i, stage in enumerate(STAGES):
        progress("Learning", i / len(STAGES))
        early, later[stage] = _split(own[stage], recipe)
        if elsewhere:
            early, memory = early.where(np.zeros(len(early), np.bool_)), UNSEEN
        weight = recipe.practice_weight / (1 + (early.verdict == FRAUD).sum() / MANY_KNOWN)
        home = None if elsewhere else _home(early, taught[stage])
        lessons_rows = [
            _lesson_rows(t, weight, recipe, standing=home is not None) for t in taught[stage]
        ]
        if not memory:
            careful, memory = _bearable(
                early,
                until - waited,
                lessons_rows,
                home=home,
                known=known,
                recipe=recipe,
                cares=CARES,
                seed=seed,
            )
        stages[stage] = _stage(
            stage,
            _own_rows(early, until - waited, careful, home=home, heard=heard),
            lessons_rows,
            ripe=_own_rows(early, until - waited, recipe, home=home).vectors,
            later=later[stage],
            recipe=careful,
            seed=seed,
        )
        metrics |= _metrics(stage, stages[stage], later[stage], recipe)
    progress("Learning", 1.0)
    model = _with_thresholds(stages, later, policy=policy, recipe=recipe, carriers=known)
    about = _parameters(known, lessons, waited, recipe=careful, seed=seed, elsewhere=elsewhere)
    return Trained(model, metrics, about, memory)


def _bearable(
    early: TrainingTable,
    mature: int,
    lessons: list[Rows],
    *,
    home: Standing | None,
    known: DataFolder,
    recipe: Recipe,
    cares: Sequence[Care],
    seed: int,
) -> tuple[Recipe, str]:
    """The recipe with as much care as it takes that the booster does not remember whose verdicts it saw."""
    rng = np.random.default_rng(seed)
    own, fraud = known.registrations, early.verdict == FRAUD
    cases, others = early.where(fraud), early.where(~fraud)
    half = halves(own.pos[cases.row], own.identity[cases.row], rng)
    rows = len(early) + sum(len(part.fraud) for part in lessons)

    def careful(care: Care) -> Recipe:
        plain = recipe.coarser(rows) if care.coarse else recipe
        return replace(plain, labelled_weight=recipe.labelled_weight * care.share)

    def scores(care: Care, shown: NDArray[np.bool_]) -> Array:
        made, shown_parts = careful(care), (others, cases.where(shown))
        parts = [_own_rows(t, mature, made, home=home) for t in shown_parts]
        booster = learned([*parts, *lessons], early.stage, recipe=made, seed=seed)
        return margin(booster, cases.vectors)

    care, words = bearable(scores, half, cases.at // (7 * DAY), cares=cares, rng=rng)
    return careful(care), words


def _tables(
    folder: DataFolder, verdict: Array, recipe: Recipe, rng: np.random.Generator, progress: Progress
) -> dict[str, TrainingTable]:
    return training_tables(
        Past.of(folder),
        verdict,
        stages=STAGES,
        most=recipe.most_unlabelled,
        rng=rng,
        progress=lambda share: progress("Reading the past", share),
    )


def _lesson_tables(
    lessons: Sequence[Lesson], recipe: Recipe, rng: np.random.Generator, progress: Progress
) -> dict[str, list[TrainingTable]]:
    taught: dict[str, list[TrainingTable]] = {stage: [] for stage in STAGES}
    for i, lesson in enumerate(lessons):
        progress("Practising", i / len(lessons))
        for stage, table in _lesson_table(lesson, recipe, rng).items():
            taught[stage].append(table)
    return taught


def _lesson_table(
    lesson: Lesson, recipe: Recipe, rng: np.random.Generator
) -> dict[str, TrainingTable]:
    """All of a lesson's misuse and a share of what is honest; the rest is history only."""
    learned_from = rng.random(len(lesson.fraud)) < recipe.practice_honest_share
    honest = np.where(learned_from, LEGITIMATE, UNLABELLED)
    truth = np.where(lesson.fraud, FRAUD, honest).astype(np.int8)
    return _tables(lesson.folder, truth, replace(recipe, most_unlabelled=0), rng, _quiet)


def _quiet(_what: str, _share: float) -> None:
    """Progress of a part that reports as a whole."""


def _split(table: TrainingTable, recipe: Recipe) -> tuple[TrainingTable, TrainingTable]:
    """Earlier rows to learn from and later ones to calibrate on."""
    if not len(table):
        return table, table
    border = np.quantile(table.at, 1 - recipe.later_share)
    return table.where(table.at < border), table.where(table.at >= border)


def _home(early: TrainingTable, lessons: Sequence[TrainingTable]) -> Standing | None:
    """Where values stand in the country itself; among the lessons' where it has hardly any rows yet.

    None where nothing is learned from elsewhere: standings would say what values say.
    """
    if not lessons:
        return None
    enough = len(early) >= LEAST_ROWS
    return Standing.among(early.vectors if enough else np.concatenate([t.vectors for t in lessons]))


def _own_rows(
    table: TrainingTable,
    mature: int,
    recipe: Recipe,
    *,
    home: Standing | None,
    heard: NDArray[np.float64] | None = None,
) -> Rows:
    spoken = table.verdict != UNLABELLED
    silent = np.where(table.at <= mature, recipe.unlabelled_weight, 0.0)
    weight = np.where(spoken, recipe.labelled_weight, silent)
    if heard is not None:
        weight = weight * outcome_weights(heard[table.row], spoken)
    keep = weight > 0
    fraud = (table.verdict == FRAUD).astype(np.int8)
    return Rows(table.vectors[keep], fraud[keep], weight[keep], home)


def _lesson_rows(table: TrainingTable, weight: float, recipe: Recipe, *, standing: bool) -> Rows:
    country = Standing.among(table.vectors) if standing else None
    many = np.where(table.verdict == FRAUD, 1.0, 1.0 / recipe.practice_honest_share)
    return Rows(table.vectors, table.verdict, weight * many, country)


def _stage(
    stage: str,
    own: Rows,
    lessons: list[Rows],
    *,
    ripe: NDArray[np.float32],
    later: TrainingTable,
    recipe: Recipe,
    seed: int,
) -> StageModel:
    """What is usual is learned from all `ripe` rows, heard of or not: it takes no labels."""
    booster = learned([own, *lessons], stage, recipe=recipe, seed=seed)
    enough = len(ripe) >= LEAST_ROWS or not lessons
    known = ripe if enough else np.concatenate([part.vectors for part in lessons])
    usual = novelty(known, features(stage))
    unfinished = StageModel(booster, usual, Calibration(1.0, 0.0, 1.0))
    found = _calibration(unfinished, later, lessons, recipe=recipe)
    return StageModel(booster, usual, found)


def _raw(model: StageModel, vectors: Array, recipe: Recipe) -> Array:
    if not len(vectors):
        return np.empty(0)
    return margin(model.booster, vectors) + recipe.novelty_weight * model.novelty.of(vectors)


def _calibration(
    model: StageModel, later: TrainingTable, lessons: list[Rows], *, recipe: Recipe
) -> Calibration:
    """On the data's own later rows; where these hold too few verdicts, moved there from the lessons."""
    raw = _raw(model, later.vectors, recipe)
    found = calibration(raw, (later.verdict == FRAUD).astype(int))
    if found:
        return found
    learned = None
    if lessons:
        raw_there = _raw(model, np.concatenate([part.vectors for part in lessons]), recipe)
        fraud_there = np.concatenate([part.fraud for part in lessons]).astype(int)
        learned = calibration(raw_there, fraud_there)
    known = learned or Calibration(1.0, 0.0, 1.0)
    return shifted(Calibration(0.8 * known.slope, 0.0, known.reported), raw, USUAL_SHARE)


def _with_thresholds(
    stages: Mapping[str, StageModel],
    later: Mapping[str, TrainingTable],
    *,
    policy: Policy,
    recipe: Recipe,
    carriers: DataFolder,
) -> Model:
    model = Model(
        stages, Thresholds({}), recipe.novelty_weight, policy.official, policy.breached, {}
    )
    honest = {s: t.where(t.verdict != FRAUD) for s, t in later.items()}
    scores = {
        s: model.probability(s, model.raw(s, t.vectors, grade=t.grade, tier=t.tier))
        for s, t in honest.items()
    }
    limits = thresholds(
        scores,
        carriers={s: t.carrier for s, t in honest.items()},
        operations={s: t.operation for s, t in honest.items()},
        names=carriers.registrations.carriers,
        policy=policy,
    )
    about = window(carriers)
    return Model(stages, limits, recipe.novelty_weight, policy.official, policy.breached, about)


def window(folder: DataFolder) -> dict[str, int]:
    """From when to when what was learned from was registered (microseconds)."""
    at = folder.registrations.at
    return {"learned_from": int(at[0]), LEARNED_UNTIL: int(at[-1])}


def _metrics(
    stage: str, model: StageModel, later: TrainingTable, recipe: Recipe
) -> dict[str, float]:
    """On later rows, against the verdicts known.

    Much misuse has no verdict, so the rows without one are not all false alarms: the limit is where
    the calibrated scores expect one false alarm in a thousand. AUC and average precision take what is
    unlabelled for legitimate and understate.
    """
    fraud = later.verdict == FRAUD
    found = {f"{stage}_later_rows": float(len(later)), f"{stage}_later_frauds": float(fraud.sum())}
    if not fraud.any() or fraud.all():
        return found
    raw = _raw(model, later.vectors, recipe)
    chance = model.calibration.probability(raw)
    limit = threshold(chance[~fraud], 0.001)
    return found | {
        f"{stage}_recall_at_0.1_percent": float((chance[fraud] >= limit).mean()),
        f"{stage}_auc": float(roc_auc_score(fraud, raw)),
        f"{stage}_average_precision": float(average_precision_score(fraud, raw)),
        f"{stage}_cleared_above_limit": float((chance[later.verdict == LEGITIMATE] >= limit).sum()),
        f"{stage}_mean_probability": float(chance.mean()),
        f"{stage}_share_reported": model.calibration.reported,
    }


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
    }
