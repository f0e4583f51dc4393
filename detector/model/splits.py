"""Rolling splits in time with a gap, whose two sides share no group: a scikit-learn cross-validator.

A random split of registrations flatters: a person, or a shop, that is on both sides is recognised
rather than judged. Here testing lies later than training by a gap in which verdicts ripen, and no
identity and no point of sale is on both sides at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import BaseCrossValidator

from detector.errors import BadInput, TooLittleData

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]


class RollingGroupSplit(BaseCrossValidator):  # type: ignore[misc]
    """Cuts time into windows to test on, each with the past before it, less a gap, to learn from.

    `groups` of `split` is a table: its first column says when, each further one is a group that must
    not be on both sides; an empty cell is no group. `test` and `gap` are lengths of time as pandas
    reads them ("7D"); `window`, where given, is how far back learning reaches. The windows follow
    one another and the last ends with the last row.

    A group on both sides goes to the test with chance `favour_test`, and its rows on the other side
    are left out: 0 tests on strangers only, 1 keeps every tested row. (Shops trade in every week, so
    one side must always give way.) Use it as `cross_validate(..., groups=table, cv=splitter)`.
    """

    def __init__(
        self,
        n_splits: int = 3,
        *,
        test: str = "7D",
        gap: str = "14D",
        window: str | None = None,
        favour_test: float = 0.5,
        random_state: int = 1,
    ) -> None:
        self.n_splits = n_splits
        self.test = test
        self.gap = gap
        self.window = window
        self.favour_test = favour_test
        self.random_state = random_state

    def get_n_splits(self, X: object = None, y: object = None, groups: object = None) -> int:
        """How many pairs of training and testing rows `split` gives."""
        return self.n_splits

    def split(
        self, X: object, y: object = None, groups: pd.DataFrame | NDArray[Any] | None = None
    ) -> Iterator[tuple[Rows, Rows]]:
        """Positions to learn from and positions to test on, the oldest window first.

        Raises BadInput without a table of groups, TooLittleData where a side is left empty.
        """
        if groups is None:
            raise BadInput("the split needs `groups`: a column of times, then columns of groups")
        table = pd.DataFrame(groups)
        at = _moments(table.iloc[:, 0])
        codes = _codes(table.iloc[:, 1:], at)
        for number in range(self.n_splits):
            yield self._one(at, codes, number)

    def _one(self, at: NDArray[np.int64], codes: list[Rows], number: int) -> tuple[Rows, Rows]:
        test, gap = _length(self.test), _length(self.gap)
        start = int(at.max(initial=0)) + 1 - test * (self.n_splits - number)
        tested = (at >= start) & (at < start + test)
        learned = at < start - gap
        if self.window is not None:
            learned &= at >= start - gap - _length(self.window)
        rng = np.random.default_rng((self.random_state, number))
        for code in codes:
            _part(code, learned, tested, favour_test=self.favour_test, rng=rng)
        if not learned.any() or not tested.any():
            side = "test on" if learned.any() else "learn from"
            raise TooLittleData(
                f"window {number + 1} of {self.n_splits} leaves no row to {side}; "
                "ask for fewer or shorter windows, or for a smaller gap"
            )
        return np.flatnonzero(learned), np.flatnonzero(tested)


def _part(
    code: Rows, learned: Mask, tested: Mask, *, favour_test: float, rng: np.random.Generator
) -> None:
    """Takes each group that is on both sides from one of them. Parting by the next column only takes
    more rows away, so what one column has parted stays so."""
    known = code >= 0
    shared = np.intersect1d(code[learned & known], code[tested & known])
    kept = rng.random(len(shared)) < favour_test
    learned &= ~np.isin(code, shared[kept])
    tested &= ~np.isin(code, shared[~kept])


def _moments(column: pd.Series) -> NDArray[np.int64]:
    """Microseconds since 1970, from times or from integers that are microseconds already."""
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(np.int64)
    times = pd.to_datetime(column, utc=True).dt.tz_localize(None)
    return times.to_numpy("datetime64[us]").astype(np.int64)


def _codes(table: pd.DataFrame, at: Rows) -> list[Rows]:
    """Each column as numbers by when a group was first seen, -1 where the cell is empty.

    Neither the order of rows nor what a group is called may decide who gives way: every export of a
    table gives groups new names.
    """
    return [_by_appearance(table[name], at) for name in table]


def _by_appearance(column: pd.Series, at: Rows) -> Rows:
    code = np.asarray(pd.factorize(column)[0], np.int64)
    seen = pd.Series(at).groupby(code).agg(["min", "sum"]).drop(-1, errors="ignore")
    place = np.full(len(seen) + 1, -1)  # the last: for the empty cell, whose code is -1
    place[np.lexsort((seen["sum"], seen["min"]))] = np.arange(len(seen))
    return place[code]


def _length(text: str) -> int:
    return int(pd.Timedelta(text) // pd.Timedelta(microseconds=1))
