"""Where a value stands among a country's own: what is much in one country is little in another.

Lessons come from countries in which a kiosk, a queue or a family is of another size. A booster that
learns from several countries sees each feature twice, as it is and as its standing: the share of its
country's registrations that lie below (quantile normalisation, Bolstad et al., 2003). A split on a
standing says, in the one country that the model is for, the same as a split on a value: `settled` writes
it so. A model in use knows values only, and costs nothing more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

Array = NDArray[Any]
FURTHEST = 1e300  # how LightGBM writes infinity
BY_FEATURE = {"feature_names", "feature_infos", "monotone_constraints"}
IMPORTANCES = "feature_importances:\n"


@dataclass(frozen=True, slots=True)
class Standing:
    """Of each feature the values its country's registrations have, rising, without repeats, and `ladders`:
    the standing below the first, at the first, between it and the second, at the second, ..., above all.

    A standing is the log-odds of the share that lies below, half of those at the same value among them.
    """

    values: tuple[NDArray[np.float32], ...]
    ladders: tuple[NDArray[np.float32], ...]

    @classmethod
    def among(cls, vectors: NDArray[np.float32]) -> Standing:
        """Standings among these registrations (rows by features; NaN stands nowhere)."""
        counted = [np.unique(_known(column), return_counts=True) for column in vectors.T]
        return cls(
            tuple(values for values, _ in counted), tuple(_ladder(counts) for _, counts in counted)
        )

    def of(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """The standing of each value of vectors; NaN of NaN."""
        found = np.full(vectors.shape, np.nan, np.float32)
        for i, (values, ladder) in enumerate(zip(self.values, self.ladders, strict=True)):
            known = ~np.isnan(vectors[:, i])
            x = vectors[known, i]
            rung = np.searchsorted(values, x, "left") + np.searchsorted(values, x, "right")
            found[known, i] = ladder[rung]
        return found

    def value(self, feature: int, standing: float) -> float:
        """The greatest value (float32) of a feature that stands no higher than that."""
        values = self.values[feature]
        rung = int(np.searchsorted(self.ladders[feature], np.float64(standing), "right")) - 1
        if rung < 0:
            return -FURTHEST
        if rung == 2 * len(values):
            return FURTHEST
        reached = values[rung // 2]
        return float(reached if rung % 2 else np.nextafter(reached, np.float32(-np.inf)))


def _known(column: NDArray[np.float32]) -> NDArray[np.float32]:
    return column[~np.isnan(column)]


def _ladder(counts: Array) -> NDArray[np.float32]:
    total = counts.sum()
    below = np.concatenate(([0], np.cumsum(counts)))
    shares = np.empty(2 * len(counts) + 1)
    shares[0::2] = below
    shares[1::2] = below[:-1] + counts / 2
    smoothed = (shares + 1) / (total + 2)  # nobody stands beyond everybody
    ladder: NDArray[np.float32] = logit(smoothed).astype(np.float32)
    return ladder


def settled(booster: lgb.Booster, home: Standing) -> lgb.Booster:
    """A booster of features and their standings, in that order, as one of the features alone.

    It says of every vector what the given one says of the vector beside its standings at `home`.
    """
    trees, _, rest = booster.model_to_string(num_iteration=-1).partition(IMPORTANCES)
    parameters = rest.partition("\n\n")[2]  # what comes between is counted anew on reading
    return lgb.Booster(model_str="\n".join(_at_home(trees, home)) + "\n" + parameters)


def _at_home(trees: str, home: Standing) -> Iterator[str]:
    """The lines of LightGBM's text form, those changed that name a feature or a threshold."""
    width = len(home.values)
    asked: list[int] = []
    for line in trees.splitlines():
        name, _, value = line.partition("=")
        if name == "split_feature":
            asked = [int(feature) for feature in value.split()]
            yield f"{name}={' '.join(str(feature % width) for feature in asked)}"
        elif name == "threshold":
            yield f"{name}={' '.join(_thresholds(asked, value.split(), home))}"
        elif name == "max_feature_idx":
            yield f"{name}={width - 1}"
        elif name in BY_FEATURE:
            yield f"{name}={' '.join(value.split(' ')[:width])}"
        elif name != "tree_sizes":  # of the lines as they were
            yield line


def _thresholds(asked: list[int], given: list[str], home: Standing) -> Iterator[str]:
    width = len(home.values)
    for feature, threshold in zip(asked, given, strict=True):
        stands = feature >= width
        yield repr(home.value(feature - width, float(threshold))) if stands else threshold
