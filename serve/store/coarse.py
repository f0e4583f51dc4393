"""Times that stand in the open, no finer than whoever reads them needs: a registration's own moment is sealed.

In an hour of a country thousands register; to the second one carrier's customers could be found by their times.
"""

from __future__ import annotations

from datetime import datetime

HOUR = 3_600_000_000  # microseconds


def hour(at: int) -> int:
    """The beginning of a moment's hour."""
    return at - at % HOUR


def hour_of(at: datetime) -> datetime:
    """The beginning of a moment's hour."""
    return at.replace(minute=0, second=0, microsecond=0)
