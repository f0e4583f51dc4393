"""Businesses have no legal cap: a young RFC with a sudden volume is the industrial route for resale."""

from __future__ import annotations

import numpy as np

from detector.context import Context
from detector.history import Column
from detector.registration import IDENTITY_TYPES, NO_DATE
from detector.signals.features import FALLS, feature, float32
from detector.signals.reasons import Reason
from detector.signals.signal import Signal

BUSINESS = "BUSINESS_PATTERN"
MICROS_PER_DAY = 86_400 * 1_000_000


@feature(reason=BUSINESS, monotone=FALLS, neutral=7_300.0)
def business_age(c: Context) -> Column:
    """Days since the founding date in a company's RFC; NaN for persons."""
    days = c.own.at / MICROS_PER_DAY - c.own.rfc_since
    return float32(np.where(c.own.rfc_since == NO_DATE, np.nan, days))


@feature(reason=BUSINESS)
def business_lines_day(c: Context) -> Column:
    """Other lines of the business within a day; NaN for persons."""
    business = c.own.identity_type == IDENTITY_TYPES.index("rfc")
    return float32(np.where(business, c.on("identity").distinct("line", "day"), np.nan))


@feature(neutral=float("nan"))
def business_states(c: Context) -> Column:
    """States in which the business registers; NaN for persons."""
    business = c.own.identity_type == IDENTITY_TYPES.index("rfc")
    return float32(np.where(business, c.on("identity").distinct("state"), np.nan))


SIGNAL = Signal(
    name="business",
    sees="E: a front company whose SIMs disperse to strangers.",
    hurts="A new firm that equips its fleet.",
    features=(business_age, business_lines_day, business_states),
    reasons=(
        Reason(
            BUSINESS,
            "identity",
            "La empresa es reciente o registra un volumen fuera de lo común.",
            "The business is young or registers an unusual volume.",
        ),
    ),
)
