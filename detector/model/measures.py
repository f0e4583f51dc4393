"""Measures of a ranking: what is found at which price. Plain arrays in, plain numbers out.

A threshold is a score; rows with the same score stand or fall together. So the recall at a
false-alarm rate is that of the largest set of whole tie groups, from the top, within the rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.intervals import CONFIDENCE, Interval, wilson
from detector.registration import Bool, Int64

Float64 = NDArray[np.float64]
FALSE_ALARM_RATES = (0.0001, 0.001, 0.005, 0.01)
MAIN_RATE = 0.001
REPLICATES = 300
CALIBRATION_EDGES = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True, slots=True)
class Curve:
    """A ranking by tie groups from the highest score down, counts cumulated."""

    threshold: Float64
    false_alarms: Int64
    caught: Int64
    group: Int64  # the tie group of each row as it was given

    @property
    def frauds(self) -> int:
        """Misused registrations in all."""
        return int(self.caught[-1]) if len(self.caught) else 0

    @property
    def innocents(self) -> int:
        """Innocent registrations in all."""
        return int(self.false_alarms[-1]) if len(self.caught) else 0

    def groups_within(self, rate: float) -> int:
        """How many tie groups from the top stay within a false-alarm rate."""
        return _within(self.false_alarms, rate * self.innocents)


def _within(false_alarms: Int64, allowed: float) -> int:
    # The tolerance undoes rounding: 0.001 of 1,000 innocents is one of them, not 0.9999.
    return int(np.searchsorted(false_alarms, allowed * (1 + 1e-12), side="right"))


def curve(score: Float64, fraud: Bool) -> Curve:
    """The ranking that a score gives."""
    order = np.argsort(-score, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)[: len(score)]
    group = np.empty(len(score), np.int64)
    group[order] = np.repeat(np.arange(len(ends)), np.diff(ends, prepend=-1))
    caught = np.cumsum(fraud[order], dtype=np.int64)[ends]
    return Curve(score[order][ends], ends + 1 - caught, caught, group)


@dataclass(frozen=True, slots=True)
class Point:
    """What is found when at most `rate` of the innocent may be bothered.

    `threshold` is the lowest score that raises an alert, none where no score can.
    """

    rate: float
    threshold: float | None
    false_alarm_rate: float | None
    recall: float | None
    recall_interval: Interval | None
    precision: float | None
    alerts: int
    false_alarms: int


def point(ranking: Curve, rate: float, *, interval: Interval | None = None) -> Point:
    """The operating point of a ranking at a false-alarm rate."""
    groups = ranking.groups_within(rate)
    caught = int(ranking.caught[groups - 1]) if groups else 0
    false_alarms = int(ranking.false_alarms[groups - 1]) if groups else 0
    return Point(
        rate=rate,
        threshold=float(ranking.threshold[groups - 1]) if groups else None,
        false_alarm_rate=share(false_alarms, ranking.innocents),
        recall=share(caught, ranking.frauds),
        recall_interval=interval,
        precision=share(caught, caught + false_alarms),
        alerts=caught + false_alarms,
        false_alarms=false_alarms,
    )


def share(part: float, whole: float) -> float | None:
    """A part over its whole; none of nothing."""
    return float(part / whole) if whole else None


def recall_intervals(
    ranking: Curve,
    fraud: Bool,
    cluster: Int64,
    *,
    rates: Sequence[float],
    rng: np.random.Generator,
) -> list[Interval | None]:
    """Bootstrap intervals of the recall at each rate, drawing whole rings (`cluster`, one per row).

    The lines of a ring are not independent: one device sold them all. Innocents are drawn one by
    one, which for a tie group of n is a Poisson(n) count; only groups near the top are drawn.
    """
    if not ranking.frauds or not ranking.innocents:
        return [None] * len(rates)
    top = _within(ranking.false_alarms, 3 * max(rates) * ranking.innocents + 50)
    of_group = np.diff(ranking.false_alarms[:top], prepend=0)
    group, ring = ranking.group[fraud], np.unique(cluster[fraud], return_inverse=True)[1]
    rings = int(ring.max()) + 1
    recalls = np.empty((REPLICATES, len(rates)))
    for draw in range(REPLICATES):
        weight = rng.multinomial(rings, np.full(rings, 1 / rings))[ring]
        caught = np.cumsum(np.bincount(group, weight, minlength=top)[:top])
        drawn = np.cumsum(rng.poisson(of_group))
        within = [_within(drawn, rate * ranking.innocents) for rate in rates]
        recalls[draw] = [caught[n - 1] / weight.sum() if n else 0.0 for n in within]
    tail = (1 - CONFIDENCE) / 2
    bounds = np.quantile(recalls, (tail, 1 - tail), axis=0)
    # Where every draw gives the same, drawing shows nothing: then count rings as single trials.
    return [
        Interval(float(low), float(high)) if high > low else wilson(round(low * rings), rings)
        for low, high in bounds.T
    ]


def roc_auc(ranking: Curve) -> float | None:
    """Chance that a misused registration ranks above an innocent one, ties counting half."""
    if not ranking.frauds or not ranking.innocents:
        return None
    x = np.append(0, ranking.false_alarms) / ranking.innocents
    y = np.append(0, ranking.caught) / ranking.frauds
    return float(np.trapezoid(y, x))


def average_precision(ranking: Curve) -> float | None:
    """Mean precision over the recall gained at each threshold."""
    if not ranking.frauds:
        return None
    gained = np.diff(ranking.caught, prepend=0) / ranking.frauds
    return float(np.sum(gained * ranking.caught / (ranking.caught + ranking.false_alarms)))


@dataclass(frozen=True, slots=True)
class Trace:
    """A drawn curve: for each position its false-alarm rate, recall and precision."""

    false_alarm_rate: tuple[float, ...]
    recall: tuple[float, ...]
    precision: tuple[float, ...]


def trace(ranking: Curve, positions: int = 160) -> Trace:
    """A ranking thinned to what a picture can show: even in recall and even in log false alarms."""
    if not ranking.frauds or not ranking.innocents:
        return Trace((), (), ())
    recalls = np.searchsorted(ranking.caught, np.linspace(0, ranking.frauds, positions))
    rates = np.logspace(-5, 0, positions) * ranking.innocents
    alarms = np.searchsorted(ranking.false_alarms, rates, side="right") - 1
    at = np.unique(np.append(recalls, alarms[alarms >= 0]).clip(0, len(ranking.caught) - 1))
    caught, wrong = ranking.caught[at], ranking.false_alarms[at]
    return Trace(
        _rounded(wrong / ranking.innocents),
        _rounded(caught / ranking.frauds),
        _rounded(caught / (caught + wrong)),
    )


def _rounded(values: Float64) -> tuple[float, ...]:
    return tuple(round(float(value), 7) for value in values)


def review_precision(day: Int64, score: Float64, fraud: Bool, *, reviewed: float) -> Float64:
    """Reviews, misuse found and misuse there was, when each day the top share is looked at.

    At least one registration a day is; of a tie group that only partly fits, the expected part.
    """
    order = np.lexsort((-score, day))
    d, s, f = day[order], score[order], fraud[order]
    first = np.flatnonzero(np.append(True, np.diff(d) != 0))
    volume = np.diff(np.append(first, len(d)))
    budget = np.maximum(1, np.floor(reviewed * volume + 1e-9)).astype(np.int64)
    start = np.flatnonzero(np.append(True, (np.diff(d) != 0) | (np.diff(s) != 0)))
    size = np.diff(np.append(start, len(d)))
    of_day = np.searchsorted(first, start, side="right") - 1
    taken = np.clip(budget[of_day] - (start - first[of_day]), 0, size)
    found = np.add.reduceat(f.astype(np.int64), start) * taken / size
    return np.array([budget.sum(), found.sum(), f.sum()], np.float64)


@dataclass(frozen=True, slots=True)
class Bin:
    """Registrations given about the same probability, and how many of them were misused."""

    low: float
    high: float
    registrations: int
    mean_score: float
    observed: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Whether a score of 0.2 is right in 20 of 100 cases.

    `brier` is the mean squared error; `brier_of_base_rate` that of always saying the prevalence;
    `expected_error` the mean distance of score and observed share over the bins, weighted by size.
    """

    bins: tuple[Bin, ...]
    brier: float
    brier_of_base_rate: float
    expected_error: float
    frauds_expected: float
    frauds: int


def calibration(score: Float64, fraud: Bool) -> Calibration:
    """Reliability of a score as a probability."""
    edges = CALIBRATION_EDGES
    which = np.clip(np.searchsorted(edges, score, side="right") - 1, 0, len(edges) - 2)
    size = np.bincount(which, minlength=len(edges) - 1)
    mean = np.bincount(which, score, len(size)) / np.maximum(size, 1)
    observed = np.bincount(which, fraud, len(size)) / np.maximum(size, 1)
    base = float(fraud.mean())
    return Calibration(
        bins=tuple(
            Bin(low, high, int(n), float(said), float(seen))
            for low, high, n, said, seen in zip(
                edges, edges[1:], size, mean, observed, strict=False
            )
            if n
        ),
        brier=float(np.mean((score - fraud) ** 2)),
        brier_of_base_rate=base * (1 - base),
        expected_error=float(np.sum(size * np.abs(mean - observed)) / len(score)),
        frauds_expected=float(score.sum()),
        frauds=int(fraud.sum()),
    )
