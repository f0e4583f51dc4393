"""One identity on many lines: velocity within and across carriers, open lines and the legal cap."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detector.context import Context
from detector.history import Column
from detector.lifecycle import STAGES
from detector.registration import IDENTITY_TYPES, OPERATIONS
from detector.signals.features import RISES, feature, float32, ratio
from detector.signals.reasons import Reason
from detector.signals.rules import Columns, Rule
from detector.signals.signal import Signal

LEGAL_CAP = 10  # lines per natural person, all carriers (Lineamientos of 9 Dec 2025, art. 10)
MANY = "IDENTITY_MANY_LINES"
CAP = "IDENTITY_OVER_CAP"
VARIANT = "IDENTITY_VARIANTS"
WHOLE_MEMORY = 400 * 86_400.0
BUSINESS = IDENTITY_TYPES.index("rfc")
SAME_LINE = OPERATIONS.index("sim_replacement")


@feature(reason=MANY)
def identity_registrations_hour(c: Context) -> Column:
    """Other registrations of this identity within an hour, all carriers."""
    return c.on("identity").count("hour")


@feature(reason=MANY)
def identity_registrations_day(c: Context) -> Column:
    """Other registrations of this identity within a day, all carriers."""
    return c.on("identity").count("day")


@feature(reason=MANY)
def identity_lines_week(c: Context) -> Column:
    """Other lines registered with this identity within a week."""
    return c.on("identity").distinct("line", "week")


@feature(reason=MANY)
def identity_lines(c: Context) -> Column:
    """Other lines registered with this identity within 400 days."""
    return c.on("identity").distinct("line")


@feature(reason=MANY)
def identity_carriers_week(c: Context) -> Column:
    """Carriers with other registrations of this identity within a week."""
    return c.on("identity").distinct("carrier", "week")


@feature(reason=MANY)
def identity_carriers(c: Context) -> Column:
    """Carriers with other registrations of this identity within 400 days."""
    return c.on("identity").distinct("carrier")


@feature(reason=MANY)
def identity_new_lines_week(c: Context) -> Column:
    """Other registrations of this identity within a week that were of new lines."""
    return c.on("identity").flagged("new_line", "week")


@feature(reason=MANY)
def identity_devices(c: Context) -> Column:
    """Devices on which other registrations of this identity were made."""
    return c.on("identity").distinct("device")


@feature(reason=MANY)
def identity_states_week(c: Context) -> Column:
    """States in which other registrations of this identity were made within a week."""
    return c.on("identity").distinct("state", "week")


@feature(reason=MANY, neutral=WHOLE_MEMORY)
def identity_gap(c: Context) -> Column:
    """Seconds to the nearest other registration of this identity."""
    return c.on("identity").gap


@feature(neutral=float("nan"))
def identity_usual_device(c: Context) -> Column:
    """Share of the identity's others made on this device: near 1 for somebody who takes care of them."""
    return ratio(c.on("identity").same("device"), c.on("identity").count())


@feature(neutral=float("nan"))
def identity_usual_carrier(c: Context) -> Column:
    """Share of the identity's others with this carrier."""
    return ratio(c.on("identity").same("carrier"), c.on("identity").count())


@feature(reason=MANY)
def identity_same_agent_hour(c: Context) -> Column:
    """Other registrations of this identity by the same agent within the hour: "it failed, once more"."""
    return c.on("identity").same("agent", "hour")


@feature(reason=MANY)
def identity_same_agent_day(c: Context) -> Column:
    """Other registrations of this identity by the same agent within a day."""
    return c.on("identity").same("agent", "day")


@feature(reason=MANY)
def open_lines(c: Context) -> Column:
    """Other lines of this identity still open, all carriers."""
    return c.on("identity").more[:, 0]


@feature(reason=MANY)
def open_lines_here(c: Context) -> Column:
    """Other lines of this identity still open with the same carrier."""
    return c.on("identity").more[:, 1]


@feature(monotone=RISES)
def beyond_cap(c: Context) -> Column:
    """Lines beyond the legal cap if this one is linked; 0 for businesses, which have no cap, and other SIMs."""
    beyond = np.maximum(c.on("identity").more[:, 0] + 1 - LEGAL_CAP, 0)
    free = (c.own.identity_type == BUSINESS) | (c.own.operation == SAME_LINE)
    return float32(np.where(free, 0, beyond))


@feature(reason=VARIANT)
def root_identities(c: Context) -> Column:
    """Other identities with the same root but another value: a mistyped or tried-out homoclave."""
    own = c.on("root")
    return float32(np.maximum(own.distinct("identity") - (c.on("identity").count() > 0), 0))


def _over_cap(x: Columns) -> NDArray[np.bool_]:
    return x["beyond_cap"] > 0


SIGNAL = Signal(
    name="identity",
    sees="A: one identity on many lines, in one carrier after the other; C: an agent who registers a "
    "customer again and again; J: a mule's ten lines.",
    hurts="Heads of family with the children's lines, carers, small traders; homonyms and typing errors.",
    features=(
        identity_registrations_hour,
        identity_registrations_day,
        identity_lines_week,
        identity_lines,
        identity_carriers_week,
        identity_carriers,
        identity_new_lines_week,
        identity_devices,
        identity_states_week,
        identity_gap,
        identity_usual_device,
        identity_usual_carrier,
        identity_same_agent_hour,
        identity_same_agent_day,
        open_lines,
        open_lines_here,
        beyond_cap,
        root_identities,
    ),
    reasons=(
        Reason(
            MANY,
            "identity",
            "Se registraron varias líneas a este nombre en poco tiempo.",
            "Several lines were registered in this name within a short time.",
            counts=("identity",),
        ),
        Reason(
            CAP,
            "identity",
            "Con esta línea se rebasaría el límite legal de líneas por persona.",
            "This line would exceed the legal number of lines per person.",
        ),
        Reason(
            VARIANT,
            "identity",
            "Hay registros con una clave casi igual a esta; puede ser un error de captura.",
            "There are registrations with an almost identical key; it may be a typing error.",
            counts=("root",),
        ),
    ),
    rules=(
        Rule(
            "over_legal_cap",
            "With this line a natural person would hold more than ten.",
            CAP,
            "allow_notify",
            _over_cap,
            hit={"beyond_cap": 1.0},
            near_miss={"beyond_cap": 0.0},
            stages=STAGES[:1],  # later ones count lines that came after this one
        ),
    ),
)
