"""The ring that a registration belongs to: people tied by devices, handsets, SIMs, contacts, addresses."""

from __future__ import annotations

import numpy as np

from detector.context import Context
from detector.history import Column
from detector.rings import RING_KEYS
from detector.signals.features import RISES, feature, float32
from detector.signals.reasons import Reason
from detector.signals.signal import Signal

RING = "RING"
TOWN = 100  # people; more are a town that hubs have glued together, and say nothing of one of them


def _of_a_ring(c: Context, number: str) -> Column:
    crowd = c.rings.column("identities") > TOWN
    return float32(np.where(crowd, np.nan, c.rings.column(number)))


@feature(reason=RING)
def ring_identities(c: Context) -> Column:
    """Different identities in the ring."""
    return _of_a_ring(c, "identities")


@feature(reason=RING)
def ring_registrations(c: Context) -> Column:
    """Other registrations in the ring."""
    return _of_a_ring(c, "registrations")


@feature(reason=RING)
def ring_carriers(c: Context) -> Column:
    """Carriers with registrations in the ring."""
    return _of_a_ring(c, "carriers")


@feature(reason=RING, monotone=RISES)
def ring_disowned(c: Context) -> Column:
    """Registrations in the ring whose holder is known, by now, to have disowned them."""
    return _of_a_ring(c, "disowned")


@feature(reason=RING)
def ring_new_lines(c: Context) -> Column:
    """New lines in the ring."""
    return _of_a_ring(c, "new_line")


@feature(reason=RING)
def ring_exposed(c: Context) -> Column:
    """Exposed identities among the others in the ring."""
    return _of_a_ring(c, "exposed")


SIGNAL = Signal(
    name="ring",
    sees="Rings that rotate identities, devices, agents and carriers, so that no key alone looks busy.",
    hurts="Large families, shared flats, shelters.",
    features=(
        ring_identities,
        ring_registrations,
        ring_carriers,
        ring_disowned,
        ring_new_lines,
        ring_exposed,
    ),
    reasons=(
        Reason(
            RING,
            "linked",
            "El registro está ligado a un grupo de registros de personas distintas.",
            "The registration is tied to a group of registrations of different people.",
            counts=RING_KEYS,
        ),
    ),
)
