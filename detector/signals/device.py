"""One device, handset, SIM or contact behind the registrations of different people."""

from __future__ import annotations

from detector.context import Context
from detector.history import Column
from detector.signals.features import FALLS, RISES, Feature, feature, ratio
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
    return feature(reason=reason, monotone=RISES)(counted)


@feature(reason=DEVICE, monotone=FALLS, neutral=MEMORY)
def device_gap(c: Context) -> Column:
    """Seconds to the nearest other registration on the device."""
    return c.on("device").gap


@feature(reason=HANDSET, monotone=FALLS, neutral=MEMORY)
def handset_gap(c: Context) -> Column:
    """Seconds to the nearest other registration with this handset."""
    return c.on("handset").gap


@feature(reason=CONTACT, monotone=FALLS, neutral=MEMORY)
def contact_gap(c: Context) -> Column:
    """Seconds to the nearest other registration that left this contact."""
    return c.on("contact").gap


@feature(reason=DEVICE, monotone=RISES)
def device_registrations_hour(c: Context) -> Column:
    """Other registrations on the device within an hour."""
    return c.on("device").count("hour")


@feature()
def device_agent_share(c: Context) -> Column:
    """Share of the device's others done by the same agent: near 1 for a shop's tablet."""
    return ratio(c.on("device").same("agent"), c.on("device").count())


@feature(reason=HANDSET, monotone=RISES)
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
