"""What silence hides: registrations nobody spoke of that look like misuse by now.

Most misuse is never reported, so silence is a poor word for innocence just where a model has to be right, and
the few verdicts there are tell of few kinds of misuse. Time shows more of a registration than its first minute
did: whom its ring grew by, what became of its neighbours. So everybody is looked at again as they stood a month
after they registered, by boosters each of which learned from one half of the people and points of sale and
judges the other. Of the silent rows that look most like misuse then a few are learned from as misuse
(`suspected`), and the next not at all (`doubted`). It is self-training (Scudder, 1965) with features that the
learner in use will not have when it has to answer.

How many depends on what verdicts say of the look (`suspected_share`): where honest people look like misuse to
it, few are suspected. A suspicion teaches; it is no verdict. It is kept with nobody's registration, decides
about none, and is forgotten when training ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.model.dataset import FRAUD, UNLABELLED, TrainingTable
from detector.registration import MICROSECONDS

HINDSIGHT = "hindsight"  # names the tables of those looked at again, beside those of the stages
LOOK_BACK = 30 * 86_400 * MICROSECONDS
LEAST_KNOWN = 20  # frauds with a verdict, below which they say neither what misuse looks like nor where it ends
LEAST_FOUND = 5  # of them, below which their density says nothing
AS_DENSE = 0.5  # as among those before, above which those added are taken for misuse too
DOUBTED = 3  # times the share of the suspected ends that of the doubted
Rows = NDArray[np.int64]
Scores = Callable[[TrainingTable, TrainingTable], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Hindsight:
    """Positions of silent registrations: those learned from as misuse, and those not learned from."""

    suspected: Rows
    doubted: Rows
    share: float = 0.0  # of all rows, within which silent ones are suspected


NOTHING = Hindsight(np.empty(0, np.int64), np.empty(0, np.int64))


def hindsight(
    table: TrainingTable,
    half: NDArray[np.bool_],
    scores: Scores,
    *,
    least: float,
    most: float,
) -> Hindsight:
    """Of the silent rows those that look most like misuse, a share of each half between `least` and `most`.

    `half` parts the rows of the table; `scores` says what a booster that learned from the first table it is
    given says of the second.
    """
    place = np.ones(len(table))
    for side in (half, ~half):
        if side.any():
            place[side] = _places(scores(table.where(~side), table.where(side)))
    share = suspected_share(place[table.verdict == FRAUD], least=least, most=most)
    silent = table.verdict == UNLABELLED
    next_ = silent & (place >= share) & (place < DOUBTED * share)
    return Hindsight(table.row[silent & (place < share)], table.row[next_], share)


def suspected_share(place: NDArray[np.float64], *, least: float, most: float) -> float:
    """What share of rows to suspect, where verdicts of misuse stand at `place` (the share of rows above them).

    `least`, and twice as many up to `most` as long as verdicts lie at least half as densely among those added
    as among those before. The booster had not learned from them: where what it ranks next is honest, they
    grow rare there, and where it is misuse that nobody reported, they do not.
    """
    share = least
    while share < most and len(place) >= LEAST_KNOWN:
        wider = min(2 * share, most)
        before = int((place < share).sum())
        added = int((place < wider).sum()) - before
        if before < LEAST_FOUND or added / (wider - share) < AS_DENSE * before / share:
            break
        share = wider
    return share


def _places(score: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of rows that score higher than each."""
    place = np.empty(len(score))
    place[np.argsort(-score, kind="stable")] = np.arange(len(score)) / len(score)
    return place
