"""Silence that says nothing: what a week later looks like misuse, and nobody spoke of.

Most misuse is never reported, so that silence is a poor word for innocence just where a model has to be right.
A week shows more of a registration than its first minute did. So boosters of the last stage, each of which
learned from one half of the people and points of sale, look back at the silent rows of the other half. Those
that look most like misuse are not learned from by boosters of earlier stages, which could not have seen why.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from detector.model.dataset import FRAUD, UNLABELLED, TrainingTable

LEAST_KNOWN = 20  # frauds with a verdict, below which nothing is looked back at
NOTHING = np.empty(0, np.int64)
Scores = Callable[[TrainingTable, TrainingTable], NDArray[np.float64]]


def doubted(
    table: TrainingTable, half: NDArray[np.bool_], scores: Scores, *, share: float
) -> NDArray[np.int64]:
    """Positions of the silent registrations that look most like misuse: of each half a `share` of its rows.

    `half` parts the rows of the last stage's table; `scores` says what a booster that learned from the
    first table gives the second. Nothing is looked back at where hardly anybody has spoken.
    """
    if (table.verdict == FRAUD).sum() < LEAST_KNOWN:
        return NOTHING
    found = []
    for side in (half, ~half):
        told = table.where(side)
        ranked = np.argsort(-scores(table.where(~side), told), kind="stable")
        first = told.where(ranked[: round(share * len(told))])
        found.append(first.row[first.verdict == UNLABELLED])
    return np.sort(np.concatenate(found))
