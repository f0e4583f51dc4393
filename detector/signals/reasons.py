"""Why a registration was flagged, in words a wrongly flagged person can read.

A reason never says that somebody is an official, in which breach they are, or how many lines they
have; carriers see families only. No reason accuses: it says what looked unusual.
"""

from __future__ import annotations

from dataclasses import dataclass

FAMILIES = ("identity", "device", "network", "sim", "seller", "line", "validation", "place",
            "linked", "use", "unusual")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reason:
    """A stable code, its family, and one sentence in Spanish (Mexico) and in English.

    `counts` are the columns by which the events that it counts are tied to a registration: without
    these events the score would be lower, or the reason is not given.
    """

    code: str
    family: str
    es: str
    en: str
    counts: tuple[str, ...] = ()
