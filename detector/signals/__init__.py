"""The signals in their explicit order, which is the order of the model's columns."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector import impression
from detector.context import Context
from detector.lifecycle import STAGES
from detector.signals import (
    business,
    device,
    geography,
    handover,
    identity,
    impressions,
    line,
    neighbours,
    network,
    quality,
    ring,
    seller,
    sim_block,
)
from detector.signals.features import BITS, Feature, shorten
from detector.signals.reasons import Reason
from detector.signals.rules import Rule

Array = NDArray[Any]
SIGNALS = (
    identity.SIGNAL,
    device.SIGNAL,
    network.SIGNAL,
    seller.SIGNAL,
    sim_block.SIGNAL,
    line.SIGNAL,
    quality.SIGNAL,
    geography.SIGNAL,
    neighbours.SIGNAL,
    ring.SIGNAL,
    business.SIGNAL,
    impressions.SIGNAL,
    handover.SIGNAL,
)
UNUSUAL = Reason(
    "UNUSUAL",
    "unusual",
    "El registro es muy distinto de lo habitual.",
    "The registration is very different from what is usual.",
)
REASONS = {r.code: r for signal in SIGNALS for r in signal.reasons} | {UNUSUAL.code: UNUSUAL}
RULES: tuple[Rule, ...] = tuple(rule for signal in SIGNALS for rule in signal.rules)


def features(stage: str) -> tuple[Feature, ...]:
    """The model's columns at a stage, in order."""
    activation = stage == STAGES[0]
    return tuple(f for s in SIGNALS if not (activation and s.later) for f in s.features)


def plain() -> tuple[Feature, ...]:
    """Those at activation that ask for no impressions: the first columns, and what an impression is made of."""
    return tuple(f for s in SIGNALS if not (s.later or s.of_company) for f in s.features)


def vectors(context: Context, *, begun: Array | None = None) -> NDArray[np.float32]:
    """The feature vectors of a batch of queries: queries by features of its stage.

    `begun` are their first columns, where these are known already.
    """
    return _columns(context, features(context.stage), begun)


def plain_vectors(context: Context) -> NDArray[np.float32]:
    """The same of plain features."""
    return _columns(context, plain(), None)


def _columns(
    context: Context, wanted: Sequence[Feature], begun: Array | None
) -> NDArray[np.float32]:
    table = np.empty((len(context.queries), len(wanted)), np.float32)
    first = 0 if begun is None else begun.shape[1]
    if begun is not None:
        table[:, :first] = begun
    for i, f in enumerate(wanted[first:], start=first):
        table[:, i] = f.column(context)
    shorten(table[:, first:])
    return table


def fingerprint() -> str:
    """A hash of the names, order, directions and reasons of all features, of how exact they are, and of what
    impressions are made by: what a model was made for."""
    facts = [[s, f.name, f.monotone, f.reason] for s in STAGES for f in features(s)]
    made_by = [*facts, [impression.version(), BITS]]
    return hashlib.sha256(json.dumps(made_by).encode()).hexdigest()[:16]
