"""What else one could do: four methods that the engine must beat, run on the same registrations.

They get the same past and no more: rules see what lies before a registration, learners train on
registrations before the start and on verdicts known by then. Each is written to be good at what it
is, for a weak baseline proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import IsolationForest

from detector import folder
from detector.model import raw
from detector.model.measures import Float64
from detector.model.raw import DAY, HOUR, Raw
from detector.registration import Bool, Int64

LONG_HISTORY = 180.0  # days: a line that lived half a year is no shop's stock
HUB = 60  # registrations a week behind one address: a shared exit of many homes
FEWEST_VERDICTS = 20
ONE_IN = 0.999
MOST_OTHERS = 300_000


@dataclass(frozen=True, slots=True)
class Baseline:
    """A method's scores for every registration of the folder in the file's order.

    `score` is none where the method could not be run; `remark` then says why.
    """

    name: str
    method: str
    score: Float64 | None
    remark: str | None


@dataclass(frozen=True, slots=True)
class Velocity:
    """At most `limit` new identities on one key within `hours`."""

    key: str
    hours: int
    limit: int


# Limits that a fraud analyst would start from; history may raise them (see `_limit`).
VELOCITY = (
    Velocity("device", 24, 2),
    Velocity("device", 168, 4),
    Velocity("ip", 1, 3),
    Velocity("ip", 24, 6),
    Velocity("handset", 168, 2),
    Velocity("contact", 168, 3),
    Velocity("agent", 1, 12),
    Velocity("agent", 24, 60),
    Velocity("sim block", 24, 20),
)
LINES_A_DAY = Velocity("identity", 24, 3)


def baselines(
    data: Path, *, start: int, seed: int, progress: Callable[[str], None]
) -> Iterator[Baseline]:
    """Each baseline in turn. `start` is in microseconds since 1970 UTC."""
    frame = raw.read(data)
    past = frame.at < start
    progress("baseline: cap per identity")
    yield _of(frame, "cap per identity", _CAP, lines_of_identity(frame))
    progress("baseline: velocity rules")
    yield _of(frame, "velocity rules", _VELOCITY, velocity(frame, past))
    progress("baseline: LightGBM on raw columns")
    yield _learned(frame, past, _verdicts(data, frame, start), seed)
    progress("baseline: IsolationForest")
    yield _isolated(frame, past, seed)


_CAP = (
    "Ranks a registration by how many the same identity made before, across carriers; businesses, "
    "which have no legal cap, are exempt."
)
_VELOCITY = (
    "Counts new identities per device, address, handset, contact, agent and SIM block in windows of "
    "an hour to a week, and lines per identity in a day; the furthest over its limit ranks first. "
    "Exempt: staffed desks from the device and address rules, bulk business orders, addresses "
    "shared by many homes, lines older than half a year. Limits rise to what one in a thousand "
    "earlier registrations exceeded."
)
_LEARNED = (
    "A boosted-tree classifier on the columns as they are (categories and numbers, which optional "
    "cells are filled, no identifier), trained on the verdicts known before the start."
)
_ISOLATED = (
    "An unsupervised outlier detector on the same columns and on how often each identity, device, "
    "handset, address, agent, SIM block and contact was seen before."
)


def _of(frame: Raw, name: str, method: str, score: Float64) -> Baseline:
    in_file = np.empty(len(score))
    in_file[frame.order] = score
    return Baseline(name, method, in_file, None)


def lines_of_identity(frame: Raw) -> Float64:
    """Registrations that the identity made before this one; none for a business."""
    return np.where(frame.company, 0, raw.earlier(frame.key["identity"])).astype(np.float64)


def velocity(frame: Raw, past: Bool) -> Float64:
    """How far over its limit the worst of the velocity rules is, as a ratio."""
    worst = np.zeros(len(frame.at))
    for rule in (*VELOCITY, LINES_A_DAY):
        counts = np.where(_exempt(frame, rule.key), 0, _new_on_key(frame, rule))
        worst = np.maximum(worst, counts / _limit(counts[past], rule))
    return worst


def _new_on_key(frame: Raw, rule: Velocity) -> Int64:
    key, identity = frame.key[rule.key], frame.key["identity"]
    every = np.ones(len(key), bool)
    new = every if rule.key == "identity" else raw.first_of_pair(key, identity)
    return raw.in_window(key, frame.at, new, window=rule.hours * HOUR)


def _limit(counts: Int64, rule: Velocity) -> float:
    """The analyst's figure, or what one in a thousand earlier registrations exceeded, if more."""
    return max(float(rule.limit), float(np.quantile(counts, ONE_IN)) if len(counts) else 0.0)


def _exempt(frame: Raw, key: str) -> Bool:
    exempt = frame.bulk | (np.nan_to_num(frame.line_age) >= LONG_HISTORY)
    if key == "identity":
        return exempt | frame.company
    if key in ("device", "ip"):
        exempt = exempt | frame.staffed
    if key == "ip":
        every = np.ones(len(frame.at), bool)
        exempt = exempt | (raw.in_window(frame.key["ip"], frame.at, every, window=7 * DAY) >= HUB)
    return exempt


def _verdicts(data: Path, frame: Raw, start: int) -> Bool:
    """Which registrations, in time order, were known to be misused before the start."""
    known = np.zeros(len(frame.at), bool)
    path, own = folder.table_path(data, "labels"), folder.table_path(data, "registrations")
    if path is None or own is None:
        return known
    told = folder.columns(path, (*folder.KEY, "label", "decided_at"))
    told["decided"] = folder.times(told["decided_at"])
    told = told[told["decided"] < start].sort_values("decided", kind="stable")
    told = told.drop_duplicates(list(folder.KEY), keep="last")
    fraud = told[told["label"] == "fraud"]
    row = folder.positions(folder.keys(fraud), folder.keys(folder.columns(own, folder.KEY)))
    in_file = known.copy()
    in_file[row[row >= 0]] = True
    return np.asarray(in_file[frame.order], bool)


def _learned(frame: Raw, past: Bool, fraud: Bool, seed: int) -> Baseline:
    name = "LightGBM on raw columns"
    found = int((fraud & past).sum())
    if found < FEWEST_VERDICTS:
        return Baseline(name, _LEARNED, None, f"only {found} verdicts of misuse before the start")
    learner = lightgbm.LGBMClassifier(
        n_estimators=200,
        learning_rate=0.05,
        num_leaves=31,
        min_child_samples=40,
        subsample=0.8,
        subsample_freq=1,
        random_state=seed,
        n_jobs=_threads(frame),
        verbose=-1,
    )
    taught = _taught(past, fraud, np.random.default_rng(seed))
    learner.fit(frame.columns.iloc[taught], fraud[taught])
    score = np.asarray(learner.predict_proba(frame.columns[~past]))[:, 1]
    return _of(frame, name, _LEARNED, _after(past, score))


def _taught(past: Bool, fraud: Bool, rng: np.random.Generator) -> Int64:
    """Every known misuse and so many others as tell the learner what is usual."""
    others = np.flatnonzero(past & ~fraud)
    if len(others) > MOST_OTHERS:
        others = rng.choice(others, MOST_OTHERS, replace=False)
    return np.sort(np.append(np.flatnonzero(past & fraud), others))


def _isolated(frame: Raw, past: Bool, seed: int) -> Baseline:
    name = "IsolationForest"
    if past.sum() < FEWEST_VERDICTS:
        return Baseline(name, _ISOLATED, None, "hardly any registrations before the start")
    table = np.column_stack([_filled(frame.columns), *_simple_counts(frame)])
    forest = IsolationForest(n_estimators=100, random_state=seed, n_jobs=_threads(frame))
    forest.fit(table[past])
    return _of(frame, name, _ISOLATED, _after(past, -forest.score_samples(table[~past])))


def _threads(frame: Raw) -> int:
    """Two where there is work for two; on a small table waiting for each other costs more."""
    return 1 if len(frame.at) < 100_000 else 2


def _after(past: Bool, score: Float64) -> Float64:
    """Scores of what came after the start at their rows; what was learned from has none."""
    placed = np.full(len(past), np.nan)
    placed[~past] = score
    return placed


def _filled(columns: pd.DataFrame) -> NDArray[np.float32]:
    """The columns as numbers, an empty cell as -1, for a forest that takes no gaps."""
    return np.asarray(np.nan_to_num(columns.to_numpy(np.float32), nan=-1.0), np.float32)


def _simple_counts(frame: Raw) -> list[Float64]:
    return [np.log1p(raw.earlier(key)) for key in frame.key.values()]
