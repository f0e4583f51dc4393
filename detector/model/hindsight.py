"""What silence hides: registrations nobody spoke of that look like misuse by now.

Most misuse is never reported, so silence is a poor word for innocence just where a model has to be right, and
the few verdicts there are tell of few kinds of misuse. Time shows more of a registration than its first minute
did: whom its ring grew by, what became of its neighbours. So everybody is looked at again as they stood a month
after they registered, by boosters each of which learned from one half of the people and points of sale and
judges the other. Of the silent rows that look most like misuse then a few in a thousand are learned from as
misuse (`suspected`), and the next not at all (`doubted`). Twice: who is suspected first teaches who is then.
It is self-training (Scudder, 1965) with features that the learner in use will not have when it has to answer.

A suspicion teaches; it is no verdict. It is kept with nobody's registration, decides about none, and is
forgotten when training ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.model.dataset import UNLABELLED, TrainingTable
from detector.registration import MICROSECONDS

HINDSIGHT = "hindsight"  # names the tables of those looked at again, beside those of the stages
LOOK_BACK = 30 * 86_400 * MICROSECONDS
LEAST_KNOWN = 20  # frauds with a verdict, below which only lessons can say what misuse looks like
Rows = NDArray[np.int64]
ROUNDS = 2


@dataclass(frozen=True, slots=True)
class Hindsight:
    """Positions of silent registrations: those learned from as misuse, and those not learned from."""

    suspected: Rows
    doubted: Rows


NOTHING = Hindsight(np.empty(0, np.int64), np.empty(0, np.int64))
Scores = Callable[[TrainingTable, TrainingTable, Hindsight], NDArray[np.float64]]


def hindsight(
    table: TrainingTable,
    half: NDArray[np.bool_],
    scores: Scores,
    *,
    suspected: float,
    doubted: float,
) -> Hindsight:
    """Of the silent rows in each half those within the first `doubted` (a share of its rows) of what looks most
    like misuse; those within the first `suspected` as misuse.

    `half` parts the rows of the table; `scores` says what a booster that learned from the first table it is
    given says of the second, the first time of verdicts alone, then also of what was seen before.
    """
    seen = NOTHING
    for _ in range(ROUNDS):
        found = [
            _silent_first(told, scores(table.where(~side), told, seen), suspected, doubted)
            for side in (half, ~half)
            if len(told := table.where(side))
        ]
        worst, worse = zip(*found, strict=True)
        seen = Hindsight(np.sort(np.concatenate(worst)), np.sort(np.concatenate(worse)))
    return seen


def _silent_first(
    table: TrainingTable, score: NDArray[np.float64], first: float, last: float
) -> tuple[Rows, Rows]:
    """Silent rows among the share `first` that score highest, and those between there and `last`."""
    ranked = table.where(np.argsort(-score, kind="stable"))
    place, silent = np.arange(len(ranked)), ranked.verdict == UNLABELLED
    begin, end = round(first * len(ranked)), round(last * len(ranked))
    next_ = silent & (place >= begin) & (place < end)
    return ranked.row[silent & (place < begin)], ranked.row[next_]
