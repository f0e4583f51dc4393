"""The ring that a registration belongs to: people tied by devices, handsets, SIMs, contacts, addresses."""

from __future__ import annotations

from detector.context import Context
from detector.history import Column
from detector.signals.features import FREE, RISES, feature, ratio
from detector.signals.reasons import Reason
from detector.signals.signal import Signal

RING = "RING"


@feature(reason=RING, monotone=RISES)
def ring_identities(c: Context) -> Column:
    """Different identities in the ring."""
    return c.rings.column("identities")


@feature(reason=RING, monotone=RISES)
def ring_registrations(c: Context) -> Column:
    """Other registrations in the ring."""
    return c.rings.column("registrations")


@feature(reason=RING, monotone=RISES)
def ring_carriers(c: Context) -> Column:
    """Carriers with registrations in the ring."""
    return c.rings.column("carriers")


@feature(reason=RING, monotone=RISES)
def ring_disowned(c: Context) -> Column:
    """Registrations in the ring whose holder is known, by now, to have disowned them."""
    return c.rings.column("disowned")


@feature(reason=RING, monotone=FREE, neutral=float("nan"))
def ring_new_line_share(c: Context) -> Column:
    """Share of new lines in the ring."""
    return ratio(c.rings.column("new_line"), c.rings.column("registrations"))


@feature(reason=RING, monotone=FREE, neutral=float("nan"))
def ring_exposed_share(c: Context) -> Column:
    """Share of exposed identities among the others in the ring."""
    return ratio(c.rings.column("exposed"), c.rings.column("identities"))


@feature(reason=RING, monotone=FREE)
def ring_age(c: Context) -> Column:
    """Seconds since the ring's first registration."""
    return c.rings.column("age")


SIGNAL = Signal(
    name="ring",
    sees="Rings that rotate identities, devices, agents and carriers, so that no key alone looks busy.",
    hurts="Large families, shared flats, shelters.",
    features=(
        ring_identities,
        ring_registrations,
        ring_carriers,
        ring_disowned,
        ring_new_line_share,
        ring_exposed_share,
        ring_age,
    ),
    reasons=(
        Reason(
            RING,
            "linked",
            "El registro está ligado a un grupo de registros de personas distintas.",
            "The registration is tied to a group of registrations of different people.",
        ),
    ),
)
