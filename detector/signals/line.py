"""The line's own past. Years of life are the strongest sign of innocence; a SIM or handset changed just
before a relink is the mark of a takeover."""

from __future__ import annotations

import numpy as np

from detector.context import Context
from detector.history import Column
from detector.registration import NO_DATE, OPERATIONS
from detector.signals.features import FALLS, feature, float32
from detector.signals.reasons import Reason
from detector.signals.signal import Signal

NEW, TAKEOVER = "LINE_WITHOUT_HISTORY", "LINE_CHANGED_HANDS"
MICROS_PER_DAY = 86_400 * 1_000_000
MEMORY = 400 * 86_400.0


@feature(reason=NEW, monotone=FALLS, neutral=3_650.0)
def line_age(c: Context) -> Column:
    """Days for which the carrier has seen the line alive."""
    days = c.own.at / MICROS_PER_DAY - c.own.line_first_seen
    return float32(np.where(c.own.line_first_seen == NO_DATE, np.nan, np.maximum(days, 0)))


@feature()
def is_new_line(c: Context) -> Column:
    """1 for a new line."""
    return float32(c.own.operation == OPERATIONS.index("new_line"))


@feature()
def is_link_of_existing(c: Context) -> Column:
    """1 for linking a line that existed before."""
    return float32(c.own.operation == OPERATIONS.index("link_existing"))


@feature()
def is_port_in(c: Context) -> Column:
    """1 for a number brought from another carrier."""
    return float32(c.own.operation == OPERATIONS.index("port_in"))


@feature()
def is_relink(c: Context) -> Column:
    """1 for a change of holder or a new linking of a linked line."""
    return float32(c.own.operation == OPERATIONS.index("relink"))


@feature()
def is_sim_replacement(c: Context) -> Column:
    """1 for a new SIM on the same line."""
    return float32(c.own.operation == OPERATIONS.index("sim_replacement"))


@feature(reason=TAKEOVER)
def line_other_identities(c: Context) -> Column:
    """Identities that the line was registered with before."""
    return c.on("line").distinct("identity")


@feature(reason=TAKEOVER)
def line_other_identities_week(c: Context) -> Column:
    """Identities that the line was registered with within a week."""
    return c.on("line").distinct("identity", "week")


@feature(reason=TAKEOVER)
def line_sims_week(c: Context) -> Column:
    """Different SIMs seen in the line's other registrations within a week."""
    return c.on("line").distinct("sim", "week")


@feature(reason=TAKEOVER, neutral=MEMORY)
def line_gap(c: Context) -> Column:
    """Seconds to the line's nearest other registration."""
    return c.on("line").gap


@feature(reason=TAKEOVER, neutral=float("nan"))
def line_same_identity_before(c: Context) -> Column:
    """1 if the line's nearest other registration has the same identity, 0 if another."""
    return c.on("line").nearest_same("identity")


@feature(reason=TAKEOVER, neutral=float("nan"))
def line_same_sim_before(c: Context) -> Column:
    """1 if the line's nearest other registration has the same SIM, 0 if another."""
    return c.on("line").nearest_same("sim")


@feature(reason=TAKEOVER, neutral=float("nan"))
def line_same_handset_before(c: Context) -> Column:
    """1 if the line's nearest other registration has the same handset, 0 if another."""
    return c.on("line").nearest_same("handset")


@feature(reason=TAKEOVER, neutral=float("nan"))
def line_same_device_before(c: Context) -> Column:
    """1 if the line's nearest other registration was made on the same device, 0 if on another."""
    return c.on("line").nearest_same("device")


SIGNAL = Signal(
    name="line",
    sees="H: a number taken over; every resale, whose stock has no life before it is sold.",
    hurts="Anybody with an honest new line, a lost handset, or a number that was recycled.",
    features=(
        line_age,
        is_new_line,
        is_link_of_existing,
        is_port_in,
        is_relink,
        is_sim_replacement,
        line_other_identities,
        line_other_identities_week,
        line_sims_week,
        line_gap,
        line_same_identity_before,
        line_same_sim_before,
        line_same_handset_before,
        line_same_device_before,
    ),
    reasons=(
        Reason(
            NEW,
            "line",
            "La línea tiene poco o ningún uso anterior.",
            "The line has little or no earlier life.",
        ),
        Reason(
            TAKEOVER,
            "line",
            "La línea cambió de titular, de chip o de equipo poco antes.",
            "The line changed holder, SIM or device shortly before.",
            counts=("line",),
        ),
    ),
)
