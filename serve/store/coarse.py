"""Times and scores in the open, no finer than whoever reads them needs: a registration's own are sealed.

In an hour of a country thousands register; to the second one carrier's customers could be found by their times.
"""

from __future__ import annotations

from datetime import datetime, timedelta

MINUTE = 60_000_000  # microseconds
HOUR = 60 * MINUTE
QUARTER = timedelta(minutes=15)


def hour(at: int) -> int:
    """The beginning of a moment's hour."""
    return at - at % HOUR


def minute(at: int) -> int:
    """The beginning of a moment's minute."""
    return at - at % MINUTE


def quarter_after(at: datetime) -> datetime:
    """The end of a moment's quarter of an hour."""
    over = timedelta(minutes=at.minute % 15, seconds=at.second, microseconds=at.microsecond)
    return at - over + QUARTER if over else at


def percent(score: float) -> float:
    """A probability to the percent; one that is not 0 is at least one percent."""
    return max(round(score, 2), 0.01) if score else 0.0


def hour_of(at: datetime) -> datetime:
    """The beginning of a moment's hour."""
    return at.replace(minute=0, second=0, microsecond=0)
