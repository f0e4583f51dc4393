"""Whether a model remembers the cases it was shown instead of learning from them.

Membership inference in its plainest form: half of the known frauds are learned from, the other half,
strangers of the same weeks, are not; if the model scores those it saw higher, it remembers. 0.5 is none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, clone

from detector.errors import BadInput, TooLittleData
from detector.intervals import CONFIDENCE, Interval
from detector.model.asof import GROUPS, AsOfTable, table_as_of
from detector.model.estimators import RiskClassifier
from detector.model.measures import curve, roc_auc
from detector.model.recipe import Recipe
from detector.registration import DataFolder

LEAST = 20
DRAWS = 300
TOO_MUCH = 0.56


class Remembers(BadInput):
    """A model that would tell whom it was shown."""


@dataclass(frozen=True, slots=True)
class Memory:
    """The chance that a fraud the model saw outranks a stranger of the same weeks, with its interval."""

    auc: float
    interval: Interval
    members: int
    strangers: int

    @property
    def too_much(self) -> bool:
        """Whether the whole interval lies above what is allowed."""
        return self.interval.low > TOO_MUCH

    @property
    def words(self) -> str:
        """What that means."""
        sure = f"{self.auc:.2f} (95 % interval {self.interval.low:.2f} to {self.interval.high:.2f})"
        if self.too_much:
            return (
                f"{sure}: the model remembers its cases; regularise it before it leaves the house"
            )
        if self.interval.low > 0.5:
            return f"{sure}: the model remembers a little, less than would tell anybody much"
        return f"{sure}: no sign that the model remembers single cases"


def checked(folder: DataFolder, recipe: Recipe, *, until: int, seed: int) -> str:
    """Whether a booster of this recipe remembers the data's cases, in words for the card; also that it
    cannot be told. Raises Remembers.
    """
    moment = pd.Timestamp(min(until, int(folder.registrations.at.max()) + 1), unit="us", tz="UTC")
    rng = np.random.default_rng(seed)
    try:
        table = table_as_of(folder, moment, rng=rng, maturity=recipe.maturity)
        found = memory(table, RiskClassifier.of(recipe), rng=rng)
    except TooLittleData as fault:
        return f"cannot be told: {fault}"
    return refused(found).words


def refused(found: Memory) -> Memory:
    """What was measured, where it may pass. Raises Remembers."""
    if found.too_much:
        raise Remembers(f"no model is written; {found.words}")
    return found


def memory(table: AsOfTable, estimator: ClassifierMixin, *, rng: np.random.Generator) -> Memory:
    """Learn from half of the frauds and compare with the other half, week by week.

    The halves share no identity and no point of sale where rows say which. Raises TooLittleData where
    either half has fewer than twenty.
    """
    fraud, clean = table.y() == 1, table.y() == 0
    half = _half(table.frame, rng)
    weight = table.weights()
    learned = (clean | (fraud & half)) & (weight > 0)
    model = clone(estimator).fit(
        table.x()[learned], table.y()[learned], sample_weight=weight[learned]
    )
    week = pd.factorize(table.frame["at"].dt.strftime("%G-%V"))[0]
    score = np.asarray(model.decision_function(table.x()[fraud]))
    return compared(score, half[fraud], week[fraud], rng=rng)


def compared(
    score: NDArray[np.float64],
    member: NDArray[np.bool_],
    week: NDArray[np.int64],
    *,
    rng: np.random.Generator,
) -> Memory:
    """Ranks of members against strangers within their weeks, with a bootstrap over cases."""
    both = np.isin(week, week[member]) & np.isin(week, week[~member])
    score, member, week = score[both], member[both], week[both]
    counts = int(member.sum()), int((~member).sum())
    if min(counts) < LEAST:
        raise TooLittleData(
            f"{counts[0]} and {counts[1]} cases of misuse share weeks; telling memory from chance "
            f"needs {LEAST} of each"
        )
    level = np.array([score[week == w].mean() for w in range(int(week.max()) + 1) if w in week])
    within = score - level[np.unique(week, return_inverse=True)[1]]
    drawn = [_auc(within, member, rng.integers(0, len(within), len(within))) for _ in range(DRAWS)]
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(drawn, (tail, 1 - tail))
    return Memory(_auc(within, member, np.arange(len(within))), Interval(low, high), *counts)


def _auc(score: NDArray[np.float64], member: NDArray[np.bool_], rows: NDArray[np.int64]) -> float:
    found = roc_auc(curve(score[rows], member[rows]))
    return 0.5 if found is None else found


def _half(frame: pd.DataFrame, rng: np.random.Generator) -> NDArray[np.bool_]:
    """A fair coin for each row's shop, else for its person: who stands together falls together."""
    key = frame[GROUPS[1]].astype("Float64").fillna(-1 - frame[GROUPS[0]].astype("Float64"))
    codes = pd.factorize(key)[0]
    coin = rng.random(codes.max(initial=0) + 1) < 0.5
    alone = rng.random(len(frame)) < 0.5
    return np.where(codes >= 0, coin[codes], alone)
