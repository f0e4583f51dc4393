"""The carrier's clock: so many working days, in Mexico's time."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

WORKING_DAYS = 3
MEXICO = ZoneInfo("America/Mexico_City")
_FRIDAY = 4


def due(opened: datetime, days: int = WORKING_DAYS) -> datetime:
    """The end of the last of so many working days after the day it was opened.

    Monday to Friday. Official holidays count as working days: the clock is never longer than said.
    """
    day = opened.astimezone(MEXICO).date()
    while days:
        day += timedelta(days=1)
        days -= day.weekday() <= _FRIDAY
    return datetime.combine(day, time.max, MEXICO)
