"""What training never showed: how far out a registration lies in the directions that mean risk.

For each feature with a known direction the share of the country's own registrations that lie at
least as far out gives a surprise, -log10 of that share (the idea of ECOD, Li et al., 2022, kept to
the risky tail). Features that speak for one reason count once, by their greatest surprise; the sum
of the strongest few reasons is the novelty. No labels are used, so a new attack that is extreme
in several directions stands out although nobody has ever reported one.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.compiled import njit
from detector.signals.features import Feature

Array = NDArray[Any]
STRONGEST = 4
UNREMARKABLE = 0.3  # what this share of registrations reaches surprises nobody
_LEVELS = np.concatenate((np.linspace(0.0, 0.9, 10), 1 - np.logspace(-1.25, -4.5, 14)))


@dataclass(frozen=True)
class Novelty:
    """Per directed feature, risky values and the surprise reached at each."""

    columns: tuple[int, ...]
    signs: tuple[int, ...]
    groups: tuple[int, ...]
    values: tuple[tuple[float, ...], ...]
    surprises: tuple[tuple[float, ...], ...]

    def of(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """Novelty of each vector; 0 for a wholly usual one."""
        strongest = np.zeros((len(vectors), max(self.groups, default=0) + 1))
        _surprises(vectors, self._table, strongest)
        few = min(STRONGEST, strongest.shape[1])
        top: NDArray[np.float64] = np.sort(strongest, axis=1)[:, -few:].sum(axis=1)
        return top

    @cached_property
    def _table(self) -> tuple[Array, ...]:
        """All features' values end to end, as the kernel reads them."""
        starts = np.cumsum([0, *(len(v) for v in self.values)])
        ends = [np.array([x for column in part for x in column], np.float64)
                for part in (self.values, self.surprises)]  # fmt: skip
        whole = [np.array(part, np.int64) for part in (self.columns, self.signs, self.groups)]
        return (*whole, starts.astype(np.int64), *ends)

    def to_json(self) -> dict[str, Any]:
        """As stored with a model."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @classmethod
    def from_json(cls, text: dict[str, Any]) -> Novelty:
        """As read from a model."""
        columns, signs, groups = (tuple(text[k]) for k in ("columns", "signs", "groups"))
        values, surprises = (tuple(tuple(v) for v in text[k]) for k in ("values", "surprises"))
        return cls(columns, signs, groups, values, surprises)


@njit(nogil=True, cache=True)
def _surprises(vectors: Array, table: Any, strongest: Array) -> None:
    """Per row and group, the surprise of its most surprising feature."""
    columns, signs, groups, starts, values, surprises = table
    for row in range(vectors.shape[0]):
        for i in range(columns.shape[0]):
            x = np.float64(vectors[row, columns[i]] * np.float32(signs[i]))
            low, high = starts[i], starts[i + 1]
            while low < high:  # how many values are at most x; NaN is beyond none
                middle = (low + high) >> 1
                if values[middle] <= x:
                    low = middle + 1
                else:
                    high = middle
            if low > starts[i]:
                reached = surprises[low - 1]
                strongest[row, groups[i]] = max(strongest[row, groups[i]], reached)


def novelty(vectors: NDArray[np.float32], features: tuple[Feature, ...]) -> Novelty:
    """Learn what is usual from unlabelled vectors."""
    columns, signs, groups, values, surprises = [], [], [], [], []
    reasons = sorted({f.reason for f in features if f.reason and f.monotone})
    for i, f in enumerate(features):
        known = vectors[:, i][~np.isnan(vectors[:, i])].astype(np.float64) * f.monotone
        if not f.monotone or f.reason is None or len(known) < 100:
            continue
        ordered = np.sort(known)
        points = np.unique(ordered[(_LEVELS * (len(ordered) - 1)).astype(int)])
        share = 1 - np.searchsorted(ordered, points, side="left") / len(ordered)
        points, share = points[share <= UNREMARKABLE], share[share <= UNREMARKABLE]
        columns.append(i)
        signs.append(f.monotone)
        groups.append(reasons.index(f.reason))
        values.append(tuple(points.tolist()))
        surprises.append(tuple((-np.log10(share)).round(6).tolist()))
    return Novelty(tuple(columns), tuple(signs), tuple(groups), tuple(values), tuple(surprises))
