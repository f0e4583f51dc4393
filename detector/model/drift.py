"""What has changed since a model was trained, and how it probably does before any verdict is in.

Two questions that need no labels. *Do registrations look different?* The population stability index
(PSI) of each feature, missing values being a value, and beside it scipy's Kolmogorov-Smirnov distance
of the values that are there; and of all features together, how surely a classifier tells both sides
apart (Lopez-Paz and Oquab, "Revisiting classifier two-sample tests", 2017; what Eurybia reports).
*Does the model still find as much?* An estimate from its own calibrated scores (CBPE, as NannyML has it).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from numpy.typing import NDArray
from scipy.stats import ks_2samp
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from detector.errors import TooLittleData

BINS = 10
STABLE, MOVED = 0.1, 0.25  # the usual readings of a PSI: below, between, above
LEAST_ROWS = 100
APART = 0.7  # AUC above which both sides together look different, by our own reading
LEANED_ON = 5  # features that are named
FLOOR = 1e-4  # share of an empty bin, so that one row does not make a PSI infinite
ASSUMPTION = (
    "Assumed: a registration that looks the same is misuse with the same chance as when the score was "
    "calibrated. If attackers found a way to look honest, this estimate does not see it; verdicts will."
)


def psi(reference: NDArray[np.generic], current: NDArray[np.generic]) -> float:
    """Population stability index of one feature; 0 where both have the same shares.

    Bins are the reference's deciles; equal values share a bin and a missing value has its own.
    """
    old, new = np.asarray(reference, np.float64), np.asarray(current, np.float64)
    known = old[~np.isnan(old)]
    cuts = np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1]) if len(known) else np.empty(0)
    expected, found = (_shares(values, np.unique(cuts)) for values in (old, new))
    return float(np.sum((found - expected) * np.log(found / expected)))


def distance(reference: NDArray[np.generic], current: NDArray[np.generic]) -> float:
    """Kolmogorov-Smirnov distance of what is not missing, from 0 to 1; NaN where a side has nothing."""
    old, new = (np.asarray(side, np.float64) for side in (reference, current))
    old, new = old[~np.isnan(old)], new[~np.isnan(new)]
    if not len(old) or not len(new):
        return float("nan")
    return float(ks_2samp(old, new, method="asymp").statistic)


def _shares(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share in each bin; the last is of missing values."""
    missing = np.isnan(values)
    # Two cuts at each edge: a value at an edge is a bin of its own, so that a pile of zeros stays one.
    place = np.searchsorted(edges, values, "left") + np.searchsorted(edges, values, "right")
    place[missing] = 2 * len(edges) + 1
    counts = np.bincount(place, minlength=2 * len(edges) + 2)
    shares: NDArray[np.float64] = np.maximum(counts / max(len(values), 1), FLOOR)
    return shares


def drift_table(reference: pd.DataFrame, current: pd.DataFrame) -> pd.DataFrame:
    """PSI of each column and what to make of it, the most moved first.

    Raises TooLittleData where either side has fewer than a hundred rows.
    """
    for side, rows in (("reference", reference), ("current", current)):
        if len(rows) < LEAST_ROWS:
            raise TooLittleData(f"the {side} weeks hold {len(rows)} rows, drift needs {LEAST_ROWS}")
    found = [
        (
            name,
            psi(reference[name].to_numpy(), current[name].to_numpy()),
            distance(reference[name].to_numpy(), current[name].to_numpy()),
            reference[name].isna().mean(),
            current[name].isna().mean(),
            reference[name].mean(),
            current[name].mean(),
        )
        for name in reference.columns
    ]
    columns = ["feature", "psi", "ks", "missing_before", "missing_now", "mean_before", "mean_now"]
    table = pd.DataFrame(found, columns=columns).sort_values("psi", ascending=False)
    readings = ["stable", "moving", "moved"]
    table["reading"] = pd.cut(table["psi"], [-1, STABLE, MOVED, np.inf], labels=readings)
    return table.reset_index(drop=True)


@dataclass(frozen=True, slots=True)
class ToldApart:
    """How surely a classifier tells two samples apart: the AUC on rows it did not learn from.

    0.5 is not at all, 1 always. `by` are the features it leaned on most, and their share of its gain.
    """

    auc: float
    by: tuple[tuple[str, float], ...]


def told_apart(reference: pd.DataFrame, current: pd.DataFrame) -> ToldApart:
    """Whether features have moved together, though each alone may look the same."""
    rows = pd.concat([reference, current], ignore_index=True)
    later = np.repeat([0, 1], [len(reference), len(current)])
    model = LGBMClassifier(
        n_estimators=50, num_leaves=15, min_child_samples=50, random_state=0, verbose=-1
    )
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    chance = cross_val_predict(model, rows, later, cv=folds, method="predict_proba")[:, 1]
    gain = model.fit(rows, later).booster_.feature_importance("gain")
    share = pd.Series(gain / max(gain.sum(), 1e-9), rows.columns).nlargest(LEANED_ON)
    leaned = tuple((str(name), float(value)) for name, value in share.items() if value)
    return ToldApart(float(roc_auc_score(later, chance)), leaned)


def expected_performance(
    score: NDArray[np.float64],
    *,
    threshold: float | None = None,
    flagged: NDArray[np.bool_] | None = None,
    groups: Sequence[object] | None = None,
) -> pd.DataFrame:
    """What the scores themselves expect of a threshold or of given flags, in all or by group (a week, say).

    Flagged rows, misuse among them and in all, precision, recall and the rate of false alarms: none of
    it seen, all of it estimated under ASSUMPTION.
    """
    table = pd.DataFrame({"group": "all" if groups is None else list(groups), "chance": score})
    table["flagged"] = flagged if flagged is not None else table["chance"] >= threshold
    table["caught"] = table["chance"] * table["flagged"]
    table["false"] = (1 - table["chance"]) * table["flagged"]
    sums = table.groupby("group", sort=True).agg(
        registrations=("chance", "size"),
        expected_misuse=("chance", "sum"),
        flagged=("flagged", "sum"),
        expected_caught=("caught", "sum"),
        expected_false=("false", "sum"),
    )
    innocent = sums["registrations"] - sums["expected_misuse"]
    sums["precision"] = sums["expected_caught"] / sums["flagged"].where(sums["flagged"] > 0)
    sums["recall"] = sums["expected_caught"] / sums["expected_misuse"].where(
        sums["expected_misuse"] > 0
    )
    sums["false_alarm_rate"] = sums["expected_false"] / innocent.where(innocent > 0)
    return sums.reset_index()


def words(table: pd.DataFrame, *, most: int = 5) -> str:
    """What to look at, in one or two sentences."""
    moved = table[table["reading"] == "moved"]
    if moved.empty:
        moving = int((table["reading"] == "moving").sum())
        return f"No feature has moved; {moving} of {len(table)} are moving a little."
    named = ", ".join(f"{row.feature} ({row.psi:.2f})" for row in moved.head(most).itertuples())
    more = f" and {len(moved) - most} more" if len(moved) > most else ""
    return (
        f"{len(moved)} of {len(table)} features have moved: {named}{more}. Look at whether a carrier "
        "changed what it sends before you look at attackers."
    )
