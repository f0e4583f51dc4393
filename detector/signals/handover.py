"""After activation: a sold line wakes up in another handset, in another place, after lying silent."""

from __future__ import annotations

import numpy as np

from detector.context import ATTACH_HANDSET, Context
from detector.history import Column, KeyView
from detector.lifecycle import Aftermath
from detector.signals.features import FREE, RISES, Feature, feature, float32
from detector.signals.reasons import Reason
from detector.signals.signal import Signal

HANDOVER, DORMANT, REPORTED, CROWD = (
    "LINE_HANDED_OVER",
    "LINE_DORMANT",
    "LINE_REPORTED",
    "HANDSET_CROWD",
)


def _after(c: Context) -> Aftermath:
    if c.aftermath is None:
        raise ValueError("handover features exist only at later stages; ask with a later stage")
    return c.aftermath


def _attach(c: Context, key: str) -> KeyView:
    if c.attaches is None:
        raise ValueError("attach features exist only at later stages; ask with a later stage")
    return c.attaches[key]


def _own(column: str, doc: str, reason: str, monotone: int = FREE) -> Feature:
    def told(c: Context) -> Column:
        return _after(c).column(column)

    told.__name__ = f"after_{column}"
    told.__doc__ = doc
    return feature(reason=reason, monotone=monotone)(told)


@feature(reason=CROWD)
def attach_handset_lines(c: Context) -> Column:
    """Other lines seen in the handset in which this line was last seen."""
    return _attach(c, "handset").distinct("line")


@feature(reason=CROWD)
def attach_handset_identities(c: Context) -> Column:
    """Identities of the other lines seen in that handset."""
    return _attach(c, "handset").distinct("identity")


@feature(reason=CROWD)
def attach_handset_week(c: Context) -> Column:
    """Attaches of other lines in that handset within a week of the registration."""
    return _attach(c, "handset").count("week")


def _place_share(flag: str) -> Feature:
    def share(c: Context) -> Column:
        view = _attach(c, "place")
        return float32((view.flagged(flag) + 1) / (view.count() + 4))

    share.__name__ = f"attach_place_{flag}_share"
    share.__doc__ = f"Share of {flag} lines among the others last seen at the same place."
    return feature(reason=HANDOVER, neutral=0.25)(share)


@feature(reason=CROWD, neutral=float("nan"))
def attach_place_handsets_per_attach(c: Context) -> Column:
    """Handsets per attach among the others at that place: a farm has few handsets and many lines."""
    view = _attach(c, "place")
    n = view.count()
    with np.errstate(invalid="ignore", divide="ignore"):
        return float32(np.where(n > 0, view.distinct("handset") / n, np.nan))


SIGNAL = Signal(
    name="handover",
    sees="Resale, farms and prison call centres: other handset, other place, silence, many lines in few "
    "handsets.",
    hurts="Parents who buy for a child elsewhere, migrants, people with a new handset.",
    later=True,
    features=(
        _own("attached", "1 once the line was switched on.", DORMANT),
        _own("hours_to_attach", "Hours until it first was (or so far).", DORMANT),
        _own("attaches", "How often it was seen.", HANDOVER),
        _own(
            "handset_changed",
            "1 if last seen in another handset than registered with.",
            HANDOVER,
        ),
        _own("handsets", "Handsets in which the line was seen.", HANDOVER),
        _own("place_changed", "1 if last seen in another municipality.", HANDOVER),
        _own("state_changed", "1 if last seen in another state.", HANDOVER),
        _own("states", "States in which the line was seen.", HANDOVER),
        _own("reported", "Complaints about the line.", REPORTED, RISES),
        _own("ended", "1 if the line was abandoned or unlinked.", HANDOVER),
        _own("hours_since_last", "Hours since the line was last seen.", DORMANT),
        attach_handset_lines,
        attach_handset_identities,
        attach_handset_week,
        _place_share("handed_over"),
        _place_share("travelled"),
        _place_share("new_line"),
        attach_place_handsets_per_attach,
    ),
    reasons=(
        Reason(
            HANDOVER,
            "use",
            "Después del registro, la línea se usa en otro equipo o en otro lugar.",
            "After registration the line is used in another handset or place.",
        ),
        Reason(
            DORMANT,
            "use",
            "La línea tardó en usarse después del registro.",
            "The line lay unused after it was registered.",
        ),
        Reason(
            REPORTED,
            "use",
            "Se recibieron reportes sobre la línea.",
            "There were complaints about the line.",
        ),
        Reason(
            CROWD,
            "device",
            "El equipo en que se usa la línea se usa con líneas de otras personas.",
            "The handset in which the line is used serves lines of other people.",
            counts=(ATTACH_HANDSET,),
        ),
    ),
)
