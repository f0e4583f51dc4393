"""One address on the network behind many people: far more than a household, unlike a carrier's gateway."""

from __future__ import annotations

from detector.context import Context
from detector.history import Column
from detector.signals.features import Feature, feature, ratio
from detector.signals.reasons import Reason
from detector.signals.signal import Signal

ADDRESS = "ADDRESS_SHARED"
MEMORY = 90 * 86_400.0


def _identities(key: str, window: str) -> Feature:
    def counted(c: Context) -> Column:
        return c.on(key).distinct("identity", window)

    counted.__name__ = f"{key}_identities_{window}"
    counted.__doc__ = f"Different identities among the others from this {key}, window: {window}."
    return feature(reason=ADDRESS)(counted)


@feature(reason=ADDRESS, neutral=MEMORY)
def ip_gap(c: Context) -> Column:
    """Seconds to the nearest other registration from this address."""
    return c.on("ip").gap


@feature(neutral=float("nan"))
def ip_devices_per_identity(c: Context) -> Column:
    """Devices per identity among the others from this address: near 1 behind a gateway, near 0 in a
    workshop where one machine does them all."""
    return ratio(c.on("ip").distinct("device"), c.on("ip").distinct("identity"))


@feature(neutral=float("nan"))
def ip_usual_state(c: Context) -> Column:
    """Share of the others from this address that were made in this state."""
    return ratio(c.on("ip").same("state"), c.on("ip").count())


@feature(neutral=float("nan"))
def ip_usual_identity(c: Context) -> Column:
    """Share of the others from this address with this very identity."""
    return ratio(c.on("ip").same("identity"), c.on("ip").count())


@feature()
def ip_age(c: Context) -> Column:
    """Seconds since the farthest other registration from this address, within 90 days."""
    return c.on("ip").reach


@feature(neutral=float("nan"))
def network_same_device_share(c: Context) -> Column:
    """Share of the network's others made on this very device."""
    return ratio(c.on("network").same("device"), c.on("network").count())


SIGNAL = Signal(
    name="network",
    sees="B and G: many unrelated identities from one connection.",
    hurts="Everybody behind a carrier's shared address, cafés, shelters, offices, campuses.",
    features=(
        *(_identities("ip", w) for w in ("hour", "day", "week", "memory")),
        ip_gap,
        ip_devices_per_identity,
        ip_usual_state,
        ip_usual_identity,
        ip_age,
        *(_identities("network", w) for w in ("hour", "day")),
        network_same_device_share,
    ),
    reasons=(
        Reason(
            ADDRESS,
            "network",
            "Desde la misma conexión se registraron líneas de muchas personas.",
            "Lines of many people were registered from the same connection.",
            counts=("ip", "network"),
        ),
    ),
)
