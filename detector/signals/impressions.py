"""How a registration's company looked: the impressions that the *other* registrations of a key made, each at
its own moment, on a booster that learned from simulated countries only (`detector.impression`).

One weak sign on each of a ring's registrations is little; the same on all of them is much. It is collective
classification (Sen et al., 2008) in one step: impressions are made without impressions.
"""

from __future__ import annotations

from detector.context import Context
from detector.history import Column
from detector.impression import log_odds
from detector.signals.features import Feature, feature
from detector.signals.neighbours import ADDRESS, BATCH, LINKED, SELLER
from detector.signals.signal import Signal

KEYS = {
    "identity": LINKED,
    "device": LINKED,
    "handset": LINKED,
    "contact": LINKED,
    "ip": LINKED,
    "network": ADDRESS,
    "agent": SELLER,
    "pos": SELLER,
    "block": BATCH,
}
NOBODY = float("nan")


def _usual(key: str, reason: str) -> Feature:
    def column(c: Context) -> Column:
        return log_odds(c.on(key).impression)

    column.__name__ = f"{key}_impression"
    column.__doc__ = f"The mean impression that the {key}'s others made when they were registered."
    return feature(reason=reason, neutral=NOBODY)(column)


def _worst(key: str, reason: str) -> Feature:
    def column(c: Context) -> Column:
        return log_odds(c.on(key).worst_impression)

    column.__name__ = f"{key}_worst_impression"
    column.__doc__ = f"The worst impression that any of the {key}'s others made."
    return feature(reason=reason, neutral=NOBODY)(column)


def _bad(key: str, reason: str) -> Feature:
    def column(c: Context) -> Column:
        return c.on(key).bad_impressions

    column.__name__ = f"{key}_bad_impressions"
    column.__doc__ = f"The share of the {key}'s others that made a bad impression."
    return feature(reason=reason, neutral=NOBODY)(column)


SIGNAL = Signal(
    name="impressions",
    sees="Rings whose registrations each look a little wrong: many small signs on one device, handset, "
    "contact, address, seller or batch of SIMs.",
    hurts="Whoever shares a kiosk's tablet or a shop's seller with a ring; crowds that look like nothing that "
    "was practised on.",
    features=(
        *(_usual(key, reason) for key, reason in KEYS.items()),
        *(_worst(key, reason) for key, reason in KEYS.items()),
        *(_bad(key, reason) for key, reason in KEYS.items()),
    ),
    of_company=True,
)
