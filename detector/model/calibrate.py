"""From a ranking to a probability, on data later than the model learned from.

Only some misuse is ever reported, so a plain fit to verdicts would call reported misuse "misuse".
The share that is reported is estimated after Elkan and Noto (2008): the mean estimated chance of a
verdict among the rows that have one. Each unlabelled row then counts as misuse with the weight that
this share implies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

Array = NDArray[Any]
LEAST_POSITIVES = 8
LEAST_REPORTED = 0.2  # carriers hear of less only where nobody asks


@dataclass(frozen=True, slots=True)
class Calibration:
    """probability = 1 / (1 + exp(-(slope * raw + intercept))); slope is positive, so ranks stay."""

    slope: float
    intercept: float
    reported: float  # estimated share of misuse that gets a verdict

    def probability(self, raw: Array) -> NDArray[np.float64]:
        """Probability of misuse of each raw score."""
        result: NDArray[np.float64] = expit(self.slope * raw + self.intercept)
        return result

    def risen(self, rise: float) -> Calibration:
        """The same probabilities for raw scores that stand higher by `rise`."""
        return replace(self, intercept=self.intercept - self.slope * rise)


def calibration(raw: Array, fraud: Array) -> Calibration | None:
    """Fit on later rows: `fraud` is 1 where a verdict says so, 0 for everything else; None if too few."""
    if fraud.sum() < LEAST_POSITIVES:
        return None
    chance_of_verdict = _fit(raw, fraud, np.ones(len(raw)))
    spoken = expit(chance_of_verdict[0] * raw + chance_of_verdict[1])
    reported = float(np.clip(spoken[fraud == 1].mean(), LEAST_REPORTED, 1.0))
    silent = raw[fraud == 0]
    hidden = spoken[fraud == 0]
    odds = (1 - reported) / reported * hidden / np.maximum(1 - hidden, 1e-9)
    weight = np.clip(odds, 0.0, 1.0)
    rows = np.concatenate((raw[fraud == 1], silent, silent))
    truth = np.concatenate((np.ones(int(fraud.sum())), np.ones(len(silent)), np.zeros(len(silent))))
    weights = np.concatenate((np.ones(int(fraud.sum())), weight, 1 - weight))
    slope, intercept = _fit(rows, truth, weights)
    return Calibration(slope, intercept, reported)


def against_truth(raw: Array, fraud: Array, share: float) -> Calibration:
    """Fit where the truth of every row is known, moved to where a `share` of all is misuse."""
    slope, intercept = _fit(raw, fraud, np.ones(len(raw)))
    moved = intercept + float(logit(share) - logit(fraud.mean()))
    return Calibration(slope, moved, 1.0)


def _fit(raw: Array, truth: Array, weights: Array) -> tuple[float, float]:
    fitted = LogisticRegression(C=1e4).fit(raw.reshape(-1, 1), truth, sample_weight=weights)
    return max(float(fitted.coef_[0, 0]), 0.05), float(fitted.intercept_[0])


def shifted(known: Calibration, raw: Array, share: float) -> Calibration:
    """A calibration learned elsewhere, moved so that the mean probability here equals `share`."""
    if not len(raw):
        return Calibration(known.slope, float(logit(share)), known.reported)
    low, high = -40.0, 40.0
    for _ in range(60):
        middle = (low + high) / 2
        if expit(known.slope * raw + middle).mean() < share:
            low = middle
        else:
            high = middle
    return Calibration(known.slope, (low + high) / 2, known.reported)
