"""What silence hides: registrations nobody spoke of that look like misuse by now.

Most misuse is never reported, so silence is a poor word for innocence just where a model has to be right, and
the few verdicts there are tell of few kinds of misuse. Time shows more of a registration than its first minute
did: whom its ring grew by, what became of its neighbours. So everybody is looked at again as they stood a month
after they registered, by boosters each of which learned from one half of the people and points of sale and
judges the other. Of the silent rows that look most like misuse then, as many as misuse is usual are learned
from as misuse (`suspected`), and the next not at all (`doubted`). It is self-training (Scudder, 1965) with
features that the learner in use will not have when it has to answer.

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
Scores = Callable[[TrainingTable, TrainingTable], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Hindsight:
    """Positions of silent registrations: those learned from as misuse, and those not learned from."""

    suspected: Rows
    doubted: Rows


NOTHING = Hindsight(np.empty(0, np.int64), np.empty(0, np.int64))


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
    given says of the second.
    """
    worst, worse = [], []
    for side in (half, ~half):
        told = table.where(side)
        ranked = np.argsort(-scores(table.where(~side), told), kind="stable")
        borders = [round(share * len(told)) for share in (suspected, doubted)]
        silent = ranked[told.verdict[ranked] == UNLABELLED]
        place = np.flatnonzero(told.verdict[ranked] == UNLABELLED)
        worst.append(told.row[silent[place < borders[0]]])
        worse.append(told.row[silent[(place >= borders[0]) & (place < borders[1])]])
    return Hindsight(np.sort(np.concatenate(worst)), np.sort(np.concatenate(worse)))
