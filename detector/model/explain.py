"""Why a score is what it is: what the score would be if the events that a reason counts were not there.

For each reason the registration is looked at again without the other registrations that the reason
counts (what is on the same device, in the same name, …), as if they had never been; a reason that
counts no others has its features set to what they read without its evidence. A reason is given only
if that lowers the score, so a reason is never false; the drop in log-odds is its strength. Looking
again costs as much as a score did, and only flagged registrations are looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.model.artefact import Model
from detector.model.dataset import Without
from detector.signals import REASONS, UNUSUAL, features

Array = NDArray[Any]
Vectors = NDArray[np.float32]
LEAST_DROP = 0.1  # log-odds; less may come of the country's rates, which one registration moves too
MOST = 5


def strengths(
    model: Model, stage: str, vectors: Vectors, *, without: Without
) -> tuple[tuple[str, ...], Array]:
    """Reason codes, and rows by codes: how many log-odds each reason accounts for.

    `without` gives the vectors of registrations (by position) had those others never been that share
    one of the given columns with them, for several such columns at once.
    """
    codes = tuple(dict.fromkeys(f.reason for f in features(stage) if f.reason))
    asks, told = [], []  # what others account for is looked at again; the rest is at hand
    for j, code in enumerate(codes):
        neutral = _neutral(stage, vectors, code)
        speaks = np.flatnonzero(~_equal(neutral, vectors).all(axis=1))
        if counts := REASONS[code].counts:
            asks.append((j, speaks, counts))
        else:
            told.append((j, speaks, neutral[speaks]))
    asks = [ask for ask in asks if len(ask[1])]
    found = without([(counts, speaks) for _, speaks, counts in asks]) if asks else []
    told += [(j, speaks, less) for (j, speaks, _), less in zip(asks, found, strict=True)]
    drops = np.zeros((len(vectors), len(codes)))
    whole, *rest = _evidence(model, stage, [vectors, *(less for _, _, less in told)])
    for (j, speaks, _), less in zip(told, rest, strict=True):
        drops[speaks, j] = whole[speaks] - less
    return codes, drops


def _evidence(model: Model, stage: str, parts: list[Vectors]) -> list[Array]:
    """The model's evidence for each part, asked at once: what a call costs is not paid for each."""
    found = model.evidence(stage, np.concatenate(parts))
    return np.split(found, np.cumsum([len(part) for part in parts])[:-1])


def _neutral(stage: str, vectors: Vectors, code: str) -> Vectors:
    """The vectors with what speaks for a reason set to what it reads without evidence."""
    columns, neutral = _spoken(stage, code)
    less = vectors.copy()
    less[:, columns] = np.where(np.isnan(vectors[:, columns]), np.nan, neutral)
    return less


@cache
def _spoken(stage: str, code: str) -> tuple[list[int], Vectors]:
    """The columns that speak for a reason, and what each reads without evidence."""
    found = [(i, f.neutral) for i, f in enumerate(features(stage)) if f.reason == code]
    return [i for i, _ in found], np.array([value for _, value in found], np.float32)


def _equal(a: Array, b: Array) -> Array:
    same: Array = (a == b) | (np.isnan(a) & np.isnan(b))
    return same


def reasons(
    model: Model,
    stage: str,
    vectors: Vectors,
    *,
    without: Without,
    ruled: Sequence[tuple[str, ...]],
) -> list[list[str]]:
    """Codes of each row, strongest first: what rules said, then what the score rests on."""
    if not len(vectors):
        return []
    codes, drops = strengths(model, stage, vectors, without=without)
    order = np.argsort(-drops, axis=1, kind="stable")
    told = []
    for row, by_rule in enumerate(ruled):
        found = [codes[j] for j in order[row] if drops[row, j] >= LEAST_DROP]
        merged = list(dict.fromkeys((*by_rule, *found)))[:MOST]
        told.append(merged or [UNUSUAL.code])
    return told
