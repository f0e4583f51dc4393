"""Whose outcome would ever reach us: who was asked, and who was not stopped.

Only the enrolled are told of new lines and asked whether they are theirs, so only they answer; and what
a model stops never shows what it was. Silence of the others says nothing, and must not teach that they
are honest, nor that being asked is a sign of misuse.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
MOST = 20.0  # a row never stands for more than this many others, or one answer would be the model


def chance_of_hearing(
    asked: NDArray[np.bool_], *, unasked: float = 0.0, propensity: Array | None = None
) -> NDArray[np.float64]:
    """The chance that each registration's outcome reaches us.

    Those `asked` answer; the others are heard of with chance `unasked` (0: never, unless somebody else
    speaks). `propensity` is what a release stored: the chance that a row which would have been stopped
    was let pass, 1 for rows that nothing stops, 0 for a row that was stopped.
    """
    chance = np.where(asked, 1.0, unasked)
    return chance if propensity is None else chance * propensity


def outcome_weights(heard: Array, spoken: NDArray[np.bool_]) -> NDArray[np.float64]:
    """By what to multiply a row's weight: how many rows it stands for, itself included, MOST at most.

    A silent row whose outcome could not be heard says nothing and gets 0; one with a verdict was
    heard, however unlikely that was, and where no chance is known it stands for itself.
    """
    with np.errstate(divide="ignore"):
        stands_for = np.minimum(1 / np.asarray(heard, np.float64), MOST)
    return np.where(heard > 0, stands_for, np.where(spoken, 1.0, 0.0))
