"""What training never showed: how far out a registration lies in the directions that mean risk.

For each feature with a known direction the share of the country's own registrations that lie at
least as far out gives a surprise, -log10 of that share (the idea of ECOD, Li et al., 2022, kept to
the risky tail). Features that speak for one reason count once, by their greatest surprise; the sum
of the strongest few reasons is the novelty. No labels are used, so a new attack that is extreme
in several directions stands out although nobody has ever reported one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.signals.features import Feature

Array = NDArray[Any]
STRONGEST = 4
UNREMARKABLE = 0.3  # what this share of registrations reaches surprises nobody
_LEVELS = np.concatenate((np.linspace(0.0, 0.9, 10), 1 - np.logspace(-1.25, -4.5, 14)))


@dataclass(frozen=True, slots=True)
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
        for i, column in enumerate(self.columns):
            x = vectors[:, column] * np.float32(self.signs[i])
            far: Array = np.flatnonzero(x >= (self.values[i] or (np.inf,))[0])
            at = np.searchsorted(self.values[i], x[far].astype(np.float64), side="right")
            surprise = np.asarray((0.0, *self.surprises[i]))[at]
            group = strongest[:, self.groups[i]]
            group[far] = np.maximum(group[far], surprise)
        few = min(STRONGEST, strongest.shape[1])
        top: NDArray[np.float64] = np.sort(strongest, axis=1)[:, -few:].sum(axis=1)
        return top

    def to_json(self) -> dict[str, Any]:
        """As stored with a model."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, text: dict[str, Any]) -> Novelty:
        """As read from a model."""
        columns, signs, groups = (tuple(text[k]) for k in ("columns", "signs", "groups"))
        values, surprises = (tuple(tuple(v) for v in text[k]) for k in ("values", "surprises"))
        return cls(columns, signs, groups, values, surprises)


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
