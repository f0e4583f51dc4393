"""A signal: all of one idea, and the unit of change. Deleting one is deleting a file and one line."""

from __future__ import annotations

from dataclasses import dataclass

from detector.signals.features import Feature
from detector.signals.reasons import Reason
from detector.signals.rules import Rule


@dataclass(frozen=True, slots=True)
class Signal:
    """Features, rules and reasons of one idea; what it sees, and which innocents it could hurt."""

    name: str
    sees: str
    hurts: str
    features: tuple[Feature, ...]
    reasons: tuple[Reason, ...] = ()
    rules: tuple[Rule, ...] = ()
    later: bool = False  # known only after activation
    of_company: bool = False  # asks what impressions others made, and so is no part of one
