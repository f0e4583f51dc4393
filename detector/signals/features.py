"""What a feature is: a noun-named function of a `Context` whose docstring is its catalogue entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.context import Context
from detector.history import Column

RISES, FALLS, FREE = 1, -1, 0  # how risk may depend on the feature
BITS = 8  # that a value has, the first of which is always set: a bfloat16, as far as float32 and half as long
_DROPPED = 24 - BITS

ColumnOf = Callable[[Context], Column]


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the model's input.

    `monotone` says where the domain is sure of the direction; of a count of people it is not: a kiosk has
    more of them than a ring. `reason` is the code that the feature speaks for; `neutral` is what it
    would read if the events that the reason counts were not there. NaN always means: the row has no
    such key, or the fact is unknown.
    """

    name: str
    doc: str
    column: ColumnOf
    monotone: int
    reason: str | None
    neutral: float


def feature(
    *, reason: str | None = None, monotone: int = FREE, neutral: float = 0.0
) -> Callable[[ColumnOf], Feature]:
    """Make a feature of a function; its name and docstring are the feature's."""

    def made(column: ColumnOf) -> Feature:
        name: str = column.__name__
        return Feature(name, (column.__doc__ or "").strip(), column, monotone, reason, neutral)

    return made


def shorten(table: NDArray[np.float32]) -> None:
    """Round values, in place, to BITS significant bits: a part in 256, and whole numbers up to 256 as they are.

    No booster tells values apart that are so close, and what is kept of a vector is half as long.
    """
    bits = table.view(np.uint32)
    bits += np.uint32(1 << (_DROPPED - 1))
    bits &= np.uint32(2**32 - (1 << _DROPPED))


def float32(column: object) -> Column:
    """Any column as the model reads it."""
    return np.asarray(column).astype(np.float32)


def ratio(part: Column, whole: Column) -> Column:
    """`part` of `whole`; NaN where there is no whole."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return float32(np.where(whole > 0, part / whole, np.nan))
