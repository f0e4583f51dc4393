"""Whether a model remembers the cases it was shown instead of learning from them.

Membership inference in its plainest form: half of the known frauds are learned from, the other half,
strangers of the same weeks, are not; if the model scores those it saw higher, it remembers. 0.5 is none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, clone

from detector.errors import BadInput, TooLittleData
from detector.intervals import CONFIDENCE, Interval
from detector.model.asof import GROUPS, AsOfTable
from detector.model.measures import curve, roc_auc

LEAST = 20
DRAWS = 300
TOO_MUCH = 0.56
SHARES = (1.0, 0.5, 0.25, 0.125, 0.0625)


@dataclass(frozen=True, slots=True)
class Care:
    """How a booster is kept from remembering: the share of its weight that a verdict keeps, and whether the
    booster is a coarser one (`Recipe.coarser`)."""

    share: float
    coarse: bool = False


CARES = (  # by what they cost in misuse found
    Care(1.0),
    Care(0.5),
    *(Care(share, coarse=True) for share in SHARES),
)


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


def bearable(
    scores: Callable[[Care, NDArray[np.bool_]], NDArray[np.float64]],
    half: NDArray[np.bool_],
    week: NDArray[np.int64],
    *,
    cares: Sequence[Care],
    rng: np.random.Generator,
) -> tuple[Care, str]:
    """The first of `cares` with which a booster does not remember, and how much it does then, in words for the
    card; also that it cannot be told.

    `scores` says what a booster gives each fraud that learned, with some care, from the frauds of one half.
    Each half is shown once and kept from it once, so that an easier half tells nothing. Raises
    Remembers where even the last is too much.
    """
    member, apart = np.concatenate((half, ~half)), int(week.max(initial=0)) + 1
    weeks = np.concatenate((week, week + apart))
    try:
        _together(member, weeks)
    except TooLittleData as fault:
        return cares[0], f"cannot be told: {fault}"
    for care in cares:
        given = np.concatenate([scores(care, side) for side in (half, ~half)])
        found = compared(given, member, weeks, rng=rng)
        if not found.too_much:
            return care, found.words
    raise Remembers(f"no model is written; {found.words}")


def memory(table: AsOfTable, estimator: ClassifierMixin, *, rng: np.random.Generator) -> Memory:
    """Learn from half of the frauds and compare with the other half, week by week.

    The halves share no identity and no point of sale where rows say which. Raises TooLittleData where
    either half has fewer than twenty.
    """
    fraud, clean = table.y() == 1, table.y() == 0
    person, shop = (_numbers(table.frame[name]) for name in GROUPS)
    half = halves(shop, person, rng)
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
    both = _together(member, week)
    score, member, week = score[both], member[both], week[both]
    level = np.array([score[week == w].mean() for w in range(int(week.max()) + 1) if w in week])
    within = score - level[np.unique(week, return_inverse=True)[1]]
    drawn = [_auc(within, member, rng.integers(0, len(within), len(within))) for _ in range(DRAWS)]
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(drawn, (tail, 1 - tail))
    counts = int(member.sum()), int((~member).sum())
    return Memory(_auc(within, member, np.arange(len(within))), Interval(low, high), *counts)


def _together(member: NDArray[np.bool_], week: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The cases of weeks that have some of both. Raises TooLittleData where they are too few to tell."""
    both = np.isin(week, week[member]) & np.isin(week, week[~member])
    counts = int((both & member).sum()), int((both & ~member).sum())
    if min(counts) < LEAST:
        raise TooLittleData(
            f"{counts[0]} and {counts[1]} cases of misuse share weeks; telling memory from chance "
            f"needs {LEAST} of each"
        )
    return both


def _auc(score: NDArray[np.float64], member: NDArray[np.bool_], rows: NDArray[np.int64]) -> float:
    found = roc_auc(curve(score[rows], member[rows]))
    return 0.5 if found is None else found


def _numbers(groups: pd.Series[Any]) -> NDArray[np.int64]:
    """Group numbers from 1; 0 where a row is in none."""
    return groups.astype("Int64").fillna(-1).to_numpy().astype(np.int64) + np.int64(1)


def halves(
    shop: NDArray[np.int64], person: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """A fair coin for each row's shop (0: none), else for its person: who stands together falls together.

    Coins are tossed in the order of rows, so that they fall the same whatever numbers a key gives.
    """
    codes = pd.factorize(np.where(shop != 0, shop, -1 - person))[0]
    return np.asarray((rng.random(codes.max(initial=0) + 1) < 0.5)[codes])
