"""Agents and points of sale: their pace against their own habit and the country's wave."""

from __future__ import annotations

import numpy as np

from detector.context import Context
from detector.history import Column
from detector.signals.features import Feature, feature, float32, ratio
from detector.signals.reasons import Reason
from detector.signals.signal import Signal

SELLER = "SELLER_PATTERN"


def _tempo(key: str, window: str, hours: float) -> Feature:
    def pace(c: Context) -> Column:
        view = c.on(key)
        span = np.maximum(view.reach / 3_600.0, 24.0)
        expected = view.count() / span * hours * np.clip(c.tempo, 0.2, 10.0)
        return float32(np.log1p(view.count(window)) - np.log1p(expected))

    pace.__name__ = f"{key}_tempo_{window}"
    pace.__doc__ = (
        f"How much faster than its own habit, at the country's present pace, the {key} works this "
        f"{window} (difference of logarithms)."
    )
    return feature(reason=SELLER)(pace)


@feature(reason=SELLER)
def agent_same_identity_hour(c: Context) -> Column:
    """Other registrations by this agent within the hour that use this very identity."""
    return c.on("agent").same("identity", "hour")


@feature()
def agent_gap(c: Context) -> Column:
    """Seconds to the agent's nearest other registration."""
    return c.on("agent").gap


@feature()
def agent_usual_network(c: Context) -> Column:
    """Share of the agent's others from this network."""
    return ratio(c.on("agent").same("network"), c.on("agent").count())


@feature(neutral=float("nan"))
def agent_repeated_identities(c: Context) -> Column:
    """How often the agent's others repeat an identity: 1 minus identities per registration."""
    return float32(1 - ratio(c.on("agent").distinct("identity"), c.on("agent").count()))


@feature(neutral=float("nan"))
def pos_same_model_share(c: Context) -> Column:
    """Share of the point of sale's others with this handset model: a box of equal handsets."""
    return ratio(c.on("pos").same("model"), c.on("pos").count())


SIGNAL = Signal(
    name="seller",
    sees="C and D: an agent who over-registers customers or harvests a queue; G: a box of equal handsets.",
    hurts="The only service centre of a town, deadline queues, employer drives, honest busy dealers.",
    features=(
        _tempo("agent", "hour", 1.0),
        _tempo("agent", "day", 24.0),
        _tempo("pos", "hour", 1.0),
        _tempo("pos", "day", 24.0),
        agent_same_identity_hour,
        agent_gap,
        agent_usual_network,
        agent_repeated_identities,
        pos_same_model_share,
    ),
    reasons=(
        Reason(
            SELLER,
            "seller",
            "El punto de venta o la persona que atendió tuvo una actividad fuera de lo común.",
            "The point of sale or the person who served showed unusual activity.",
            counts=("agent", "pos"),
        ),
    ),
)
