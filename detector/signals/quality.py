"""How well the registration itself was done: the trusted source's answer, attempts, liveness, typing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detector.context import Context
from detector.history import Column
from detector.registration import (
    CHANNELS,
    IDENTITY_TYPES,
    NOTES,
    PLANS,
    VALIDATION_RESULTS,
)
from detector.signals.features import FALLS, RISES, feature, float32
from detector.signals.reasons import Reason
from detector.signals.rules import Columns, Rule
from detector.signals.signal import Signal

WEAK, GONE = "VALIDATION_WEAK", "VALIDATION_DECEASED"


@feature(reason=WEAK, monotone=RISES)
def attempts(c: Context) -> Column:
    """Attempts that the validation took (1 to 3)."""
    tried = c.own.validation_attempts
    return float32(np.where(tried == 0, np.nan, tried))


@feature(reason=WEAK, monotone=FALLS, neutral=1.0)
def liveness(c: Context) -> Column:
    """The vendor's liveness score, 0 to 1."""
    return c.own.liveness


@feature(reason=WEAK, monotone=RISES)
def validation_doubt(c: Context) -> Column:
    """The trusted source's answer: 0 match, 1 partial, 2 not found, 3 deceased; NaN if it gave none."""
    result = c.own.validation_result
    silent = (result < 0) | (result == VALIDATION_RESULTS.index("unavailable"))
    return float32(np.where(silent, np.nan, result))


@feature(reason=WEAK, monotone=RISES)
def failed_check_digits(c: Context) -> Column:
    """Check digits of identity, SIM and handset that do not hold, and a homoclave out of its time."""
    first_four = c.own.notes & 0b1111
    return float32(np.bitwise_count(first_four))


@feature()
def malformed_fields(c: Context) -> Column:
    """1 if some optional value was not of its shape."""
    return float32((c.own.notes >> NOTES.index("malformed_optional")) & 1)


@feature()
def is_remote(c: Context) -> Column:
    """1 for web and app."""
    return float32(c.own.channel <= CHANNELS.index("app"))


@feature()
def is_dealer(c: Context) -> Column:
    """1 for a dealer."""
    return float32(c.own.channel == CHANNELS.index("dealer"))


@feature()
def is_bulk(c: Context) -> Column:
    """1 for a bulk registration."""
    return float32(c.own.channel == CHANNELS.index("bulk"))


@feature()
def is_prepaid(c: Context) -> Column:
    """1 for prepaid."""
    return float32(c.own.plan == PLANS.index("prepaid"))


@feature()
def is_business(c: Context) -> Column:
    """1 for an RFC."""
    return float32(c.own.identity_type == IDENTITY_TYPES.index("rfc"))


def _deceased(x: Columns) -> NDArray[np.bool_]:
    return np.equal(x["validation_doubt"], VALIDATION_RESULTS.index("deceased"))


def _deceased_gets_line(x: Columns) -> NDArray[np.bool_]:
    return _deceased(x) & ~_links_existing(x)


def _deceased_links_line(x: Columns) -> NDArray[np.bool_]:
    return _deceased(x) & _links_existing(x)


def _links_existing(x: Columns) -> NDArray[np.bool_]:
    return np.equal(x["is_link_of_existing"], 1)


SIGNAL = Signal(
    name="quality",
    sees="F: identities of the dead or unknown to the registry; forged documents and filmed faces that "
    "need several attempts.",
    hurts="Older people, poor cameras, darker skin, people whose registry entry has an error.",
    features=(
        attempts,
        liveness,
        validation_doubt,
        failed_check_digits,
        malformed_fields,
        is_remote,
        is_dealer,
        is_bulk,
        is_prepaid,
        is_business,
    ),
    reasons=(
        Reason(
            WEAK,
            "validation",
            "La validación de la identidad no fue concluyente.",
            "The validation of the identity was not conclusive.",
        ),
        Reason(
            GONE,
            "validation",
            "La fuente de validación reporta un dato que conviene aclarar en persona.",
            "The validating source reports something that is best cleared up in person.",
        ),
    ),
    rules=(
        Rule(
            "reported_deceased",
            "The trusted source says that the person is dead who is to get a line, a number or a SIM. "
            "Registries err, so a person proves.",
            GONE,
            "step_up",
            _deceased_gets_line,
            hit={"validation_doubt": 3.0, "is_link_of_existing": 0.0},
            near_miss={"validation_doubt": 3.0, "is_link_of_existing": 1.0},
        ),
        Rule(
            "deceased_links_line",
            "The trusted source says that the person is dead whose existing line is linked. Registries err and "
            "families go on using a line, so an older contact of the holder is told.",
            GONE,
            "allow_notify",
            _deceased_links_line,
            hit={"validation_doubt": 3.0, "is_link_of_existing": 1.0},
            near_miss={"validation_doubt": 2.0, "is_link_of_existing": 1.0},
        ),
    ),
)
