"""One device, handset, SIM or contact behind the registrations of different people."""

from __future__ import annotations

import numpy as np

from detector.context import Context
from detector.history import Column
from detector.signals.features import Feature, feature, float32, ratio
from detector.signals.reasons import Reason
from detector.signals.signal import Signal

DEVICE, HANDSET, CONTACT = "DEVICE_SHARED", "HANDSET_SHARED", "CONTACT_SHARED"
MEMORY = 90 * 86_400.0
_WORDS = {
    "device": "the device that ran the registration",
    "handset": "the handset that holds the SIM",
    "contact": "the contact that the applicant left",
    "sim": "the SIM",
}


def _distinct(key: str, column: str, window: str, reason: str) -> Feature:
    name = f"{key}_{column}s_{window}" if column != "identity" else f"{key}_identities_{window}"
    within = "90 days" if window == "memory" else f"one {window}"

    def counted(c: Context) -> Column:
        return c.on(key).distinct(column, window)

    counted.__name__ = name
    counted.__doc__ = (
        f"Different values of {column} among the others on {_WORDS[key]}, within {within}."
    )
    return feature(reason=reason)(counted)


@feature(reason=DEVICE, neutral=MEMORY)
def device_gap(c: Context) -> Column:
    """Seconds to the nearest other registration on the device."""
    return c.on("device").gap


@feature(reason=HANDSET, neutral=MEMORY)
def handset_gap(c: Context) -> Column:
    """Seconds to the nearest other registration with this handset."""
    return c.on("handset").gap


@feature(reason=CONTACT, neutral=MEMORY)
def contact_gap(c: Context) -> Column:
    """Seconds to the nearest other registration that left this contact."""
    return c.on("contact").gap


def _share(key: str, column: str) -> Feature:
    def share(c: Context) -> Column:
        return ratio(c.on(key).same(column), c.on(key).count())

    share.__name__ = f"{key}_usual_{column}"
    share.__doc__ = f"Share of the others on {_WORDS[key]} with this very {column}."
    return feature(neutral=float("nan"))(share)


def _age(key: str) -> Feature:
    def age(c: Context) -> Column:
        return c.on(key).reach

    age.__name__ = f"{key}_age"
    age.__doc__ = f"Seconds since the farthest other registration on {_WORDS[key]}, within 90 days."
    return feature(neutral=0.0)(age)


def _pace(key: str) -> Feature:
    def pace(c: Context) -> Column:
        view = c.on(key)
        weeks = np.maximum(view.reach / 604_800.0, 1.0)
        return float32(np.log1p(view.count("week")) - np.log1p(view.count() / weeks))

    pace.__name__ = f"{key}_pace"
    pace.__doc__ = (
        f"How much more was registered on {_WORDS[key]} this week than in its usual week "
        "(difference of logarithms)."
    )
    return feature(neutral=0.0)(pace)


@feature(reason=DEVICE)
def device_registrations_hour(c: Context) -> Column:
    """Other registrations on the device within an hour."""
    return c.on("device").count("hour")


@feature()
def device_agent_share(c: Context) -> Column:
    """Share of the device's others done by the same agent: near 1 for a shop's tablet."""
    return ratio(c.on("device").same("agent"), c.on("device").count())


@feature(reason=HANDSET)
def handset_devices(c: Context) -> Column:
    """Devices from which SIMs in this handset were registered."""
    return c.on("handset").distinct("device")


SIGNAL = Signal(
    name="device",
    sees="B: a list of unrelated identities worked off on one device; G: a farm's few handsets; "
    "a reseller who leaves the same contact everywhere.",
    hurts="A daughter who registers her relatives, internet cafés, kiosks, shop tablets, shelters.",
    features=(
        *(_distinct("device", "identity", w, DEVICE) for w in ("hour", "day", "week", "memory")),
        _distinct("device", "line", "week", DEVICE),
        _distinct("device", "line", "memory", DEVICE),
        _distinct("device", "carrier", "memory", DEVICE),
        _distinct("device", "state", "memory", DEVICE),
        device_registrations_hour,
        device_gap,
        device_agent_share,
        *(_share("device", column) for column in ("identity", "carrier")),
        _age("device"),
        _pace("device"),
        *(_share("handset", column) for column in ("identity", "carrier", "state")),
        _age("handset"),
        *(_distinct("handset", "identity", w, HANDSET) for w in ("day", "week", "memory")),
        _distinct("handset", "line", "memory", HANDSET),
        _distinct("handset", "carrier", "memory", HANDSET),
        handset_devices,
        handset_gap,
        _distinct("sim", "identity", "memory", HANDSET),
        _distinct("sim", "line", "memory", HANDSET),
        *(_distinct("contact", "identity", w, CONTACT) for w in ("week", "memory")),
        _distinct("contact", "line", "memory", CONTACT),
        _distinct("contact", "carrier", "memory", CONTACT),
        contact_gap,
        *(_share("contact", column) for column in ("identity", "carrier", "state")),
        _age("contact"),
        _pace("contact"),
    ),
    reasons=(
        Reason(
            DEVICE,
            "device",
            "El mismo equipo se usó para registrar líneas a nombre de otras personas.",
            "The same device was used to register lines in other people's names.",
            counts=("device",),
        ),
        Reason(
            HANDSET,
            "device",
            "El mismo teléfono o chip se usó con líneas de otras personas.",
            "The same handset or SIM was used with lines of other people.",
            counts=("handset", "sim"),
        ),
        Reason(
            CONTACT,
            "device",
            "El contacto que se dejó aparece en registros de otras personas.",
            "The contact that was left appears in registrations of other people.",
            counts=("contact",),
        ),
    ),
)
