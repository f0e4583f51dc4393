"""How sure a share or a ratio of shares is: 95 % intervals for counts."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.stats import binomtest
from scipy.stats.contingency import relative_risk

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """The range that holds the true value in 95 of 100 such measurements."""

    low: float
    high: float


def wilson(hits: int, trials: int) -> Interval | None:
    """Wilson's score interval of a share; none where nothing was tried (Wilson 1927, JASA 22)."""
    if trials <= 0:
        return None
    found = binomtest(hits, trials).proportion_ci(CONFIDENCE, method="wilson")
    return Interval(float(found.low), float(found.high))


def ratio(hits: int, trials: int, other_hits: int, other_trials: int) -> Interval | None:
    """Interval of one share over another by the log method (Katz 1978, Biometrics 34).

    None where either group has no hit: the method says nothing there.
    """
    if min(hits, other_hits, trials, other_trials) <= 0:
        return None
    found = relative_risk(hits, trials, other_hits, other_trials).confidence_interval(CONFIDENCE)
    return Interval(float(found.low), float(found.high))
