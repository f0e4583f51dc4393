"""What boosters say of registrations they have not learned from: probabilities and thresholds are set on these.

For a model of its data's country they are the data's later rows, against the verdicts known. For a model of
other countries they are lessons, each judged by boosters that learned from other authors' only, against the
truth: how high honest people stand in a country that nobody has seen cannot be read from one that was seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from detector.decision import Policy, Thresholds, threshold, thresholds
from detector.lifecycle import STAGES
from detector.model.boosting import learned, margin
from detector.model.calibrate import Calibration
from detector.model.dataset import FRAUD, LEGITIMATE, TrainingTable, joined
from detector.model.material import Material
from detector.model.novelty import Novelty, novelty
from detector.model.recipe import Recipe
from detector.signals import features

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Judged:
    """Rows of one stage and what was said of them, in log-odds; `true` where their verdicts are the truth."""

    table: TrainingTable
    raw: NDArray[np.float64]
    true: bool = False

    @property
    def fraud(self) -> NDArray[np.bool_]:
        """Which rows are known to be misuse."""
        return np.asarray(self.table.verdict == FRAUD)


def said(booster: lgb.Booster, usual: Novelty, vectors: Array, recipe: Recipe) -> Array:
    """What a booster and the unusual say together of vectors, in log-odds."""
    if not len(vectors):
        return np.empty(0)
    return margin(booster, vectors) + recipe.novelty_weight * usual.of(vectors)


def limits(
    judged: Mapping[str, Judged],
    chance: Callable[[str, TrainingTable, NDArray[np.float64]], NDArray[np.float64]],
    *,
    policy: Policy,
    names: tuple[str, ...],
) -> Thresholds:
    """Budgets into thresholds on the rows not known to be misuse; `chance` is the probability of each.

    Where the truth is known these are honest, all of them, and of no carrier of ours.
    """
    honest = {stage: ~one.fraud for stage, one in judged.items()}
    tables = {stage: one.table.where(honest[stage]) for stage, one in judged.items()}
    true = all(one.true for one in judged.values())
    return thresholds(
        {s: chance(s, tables[s], one.raw[honest[s]]) for s, one in judged.items()},
        carriers={s: t.carrier for s, t in tables.items()},
        operations={s: t.operation for s, t in tables.items()},
        names=() if true else names,
        policy=policy,
        honest=true,
    )


def by_others(
    material: Material,
    authors: Sequence[str],
    recipe: Recipe,
    *,
    seed: int,
    progress: Callable[[str, float], None],
) -> dict[str, Judged]:
    """Every lesson, judged by what learned from other authors' lessons."""
    found = {}
    for i, stage in enumerate(STAGES):
        progress("Leaving authors out", i / len(STAGES))
        rows, tables = material.lesson_rows(stage, recipe), material.lessons[stage]
        mine, raw = [], []
        for author in dict.fromkeys(authors):
            others = [part for part, by in zip(rows, authors, strict=True) if by != author]
            booster = learned(others, stage, recipe=recipe, seed=seed)
            usual = novelty(np.concatenate([part.vectors for part in others]), features(stage))
            for table, by in zip(tables, authors, strict=True):
                if by == author:
                    mine.append(table)
                    raw.append(said(booster, usual, table.vectors, recipe))
        found[stage] = Judged(joined(mine), np.concatenate(raw), true=True)
    progress("Leaving authors out", 1.0)
    return found


def figures(stage: str, judged: Judged, known: Calibration) -> dict[str, float]:
    """What a model finds among them, against the verdicts known, by name with the stage before it.

    Much misuse has no verdict, so the rows without one are not all false alarms: the limit is where
    the calibrated scores expect one false alarm in a thousand. AUC and average precision take what is
    unlabelled for legitimate and understate. Where the truth is known, all of this is plain.
    """
    fraud, raw = judged.fraud, judged.raw
    found = {f"{stage}_later_rows": float(len(fraud)), f"{stage}_later_frauds": float(fraud.sum())}
    if not fraud.any() or fraud.all():
        return found
    chance = known.probability(raw)
    limit = threshold(chance[~fraud], 0.001, honest=judged.true)
    cleared = judged.table.verdict == LEGITIMATE
    return found | {
        f"{stage}_recall_at_0.1_percent": float((chance[fraud] >= limit).mean()),
        f"{stage}_auc": float(roc_auc_score(fraud, raw)),
        f"{stage}_average_precision": float(average_precision_score(fraud, raw)),
        f"{stage}_cleared_above_limit": float((chance[cleared] >= limit).sum()),
        f"{stage}_mean_probability": float(chance.mean()),
        f"{stage}_share_reported": known.reported,
    }
