"""How a registration's company looked: the impressions that the *other* registrations of a key made, each at
its own moment, on a booster that learned from simulated countries only (`detector.impression`).

One weak sign on each of a ring's registrations is little; the same on all of them is much. It is collective
classification (Sen et al., 2008) in one step: impressions are made without impressions.
"""

from __future__ import annotations

from collections.abc import Callable

from detector.context import Context
from detector.history import Column, KeyView
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


# What is told of each key's others: the end of a feature's name, its words, and the column.
TOLD: tuple[tuple[str, str, Callable[[KeyView], Column]], ...] = (
    (
        "impression",
        "The mean impression that the {}'s others made when they were registered.",
        lambda view: log_odds(view.impression),
    ),
    (
        "worst_impression",
        "The worst impression that any of the {}'s others made.",
        lambda view: log_odds(view.worst_impression),
    ),
    (
        "bad_impressions",
        "The share of the {}'s others that made a bad impression.",
        lambda view: view.bad_impressions,
    ),
)


def _of(key: str, name: str, words: str, told: Callable[[KeyView], Column]) -> Feature:
    def column(c: Context) -> Column:
        return told(c.on(key))

    column.__name__ = f"{key}_{name}"
    column.__doc__ = words.format(key)
    return feature(reason=KEYS[key], neutral=NOBODY)(column)


SIGNAL = Signal(
    name="impressions",
    sees="Rings whose registrations each look a little wrong: many small signs on one device, handset, "
    "contact, address, seller or batch of SIMs.",
    hurts="Whoever shares a kiosk's tablet or a shop's seller with a ring; crowds that look like nothing that "
    "was practised on.",
    features=tuple(_of(key, *one) for one in TOLD for key in KEYS),
    of_company=True,
)
