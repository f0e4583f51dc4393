"""Place against the usual places of the identity, the device, the agent and the SIM block."""

from __future__ import annotations

from detector.context import Context
from detector.history import Column
from detector.signals.features import Feature, feature, ratio
from detector.signals.reasons import Reason
from detector.signals.signal import Signal

PLACE = "PLACE_UNUSUAL"


def _usual(key: str, column: str) -> Feature:
    def share(c: Context) -> Column:
        return ratio(c.on(key).same(column), c.on(key).count())

    share.__name__ = f"{key}_usual_{column}"
    share.__doc__ = f"Share of the others of the {key} that were made in this {column}."
    return feature(reason=PLACE, neutral=float("nan"))(share)


SIGNAL = Signal(
    name="geography",
    sees="Batches and identities used far from where they belong.",
    hurts="Migrants, seasonal workers, students, drivers; people who buy for relatives elsewhere.",
    features=(
        _usual("identity", "place"),
        _usual("device", "place"),
        _usual("agent", "place"),
        _usual("block", "state"),
        _usual("line_block", "state"),
        _usual("model", "state"),
    ),
    reasons=(
        Reason(
            PLACE,
            "place",
            "El lugar del registro no coincide con los lugares habituales.",
            "The place of the registration is not one of the usual ones.",
        ),
    ),
)
