"""Days and moments from text, over columns of bytes: ISO 8601 dates and RFC 3339 date-times."""

from __future__ import annotations

import numpy as np

from detector.compiled import njit
from detector.registration import Bool, Int32, Int64
from detector.spans import Bytes

DAY = 86_400_000_000  # microseconds


@njit(nogil=True, cache=True)
def days_in_month(year: int, month: int) -> int:
    """Days of a month of the Gregorian calendar."""
    if month == 2:
        leap = (year % 4 == 0 and year % 100 != 0) or year % 400 == 0
        return 29 if leap else 28
    return 30 if month in (4, 6, 9, 11) else 31


@njit(nogil=True, cache=True)
def is_date(year: int, month: int, day: int) -> bool:
    """Whether the calendar has that day."""
    return 1 <= month <= 12 and 1 <= day <= days_in_month(year, month)


@njit(nogil=True, cache=True)
def day_number(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 of a day of the Gregorian calendar (years count from March)."""
    y = year - (1 if month <= 2 else 0)
    m = month + (9 if month <= 2 else -3)
    return 365 * y + y // 4 - y // 100 + y // 400 + (153 * m + 2) // 5 + day - 1 - 719468


@njit(nogil=True, cache=True)
def number_at(data: Bytes, start: int, digits: int) -> int:
    """The integer that so many digits spell, or -1 where another character stands among them."""
    number: int = 0
    for i in range(start, start + digits):
        digit = int(data[i]) - 48
        if digit < 0 or digit > 9:
            return -1
        number = number * 10 + digit
    return number


@njit(nogil=True, cache=True)
def dates(data: Bytes, starts: Int64, lengths: Int32) -> tuple[Int64, Bool]:
    """Days since 1970 of `YYYY-MM-DD` texts, and which of them are such."""
    days = np.zeros(len(starts), np.int64)
    fine = np.zeros(len(starts), np.bool_)
    for i in range(len(starts)):
        if lengths[i] == 10:
            fine[i], days[i] = _date(data, starts[i])
    return days, fine


@njit(nogil=True, cache=True)
def moments(data: Bytes, starts: Int64, lengths: Int32) -> tuple[Int64, Bool]:
    """Microseconds since 1970 UTC of RFC 3339 texts, and which of them are such (an offset is due)."""
    instants = np.zeros(len(starts), np.int64)
    fine = np.zeros(len(starts), np.bool_)
    for i in range(len(starts)):
        if lengths[i] >= 20:
            fine[i], instants[i] = _moment(data, starts[i], starts[i] + lengths[i])
    return instants, fine


@njit(nogil=True, cache=True)
def _date(data: Bytes, at: int) -> tuple[bool, int]:
    year, month = number_at(data, at, 4), number_at(data, at + 5, 2)
    day = number_at(data, at + 8, 2)
    if year < 1 or data[at + 4] != 45 or data[at + 7] != 45 or not is_date(year, month, day):
        return False, 0
    return True, day_number(year, month, day)


@njit(nogil=True, cache=True)
def _moment(data: Bytes, at: int, end: int) -> tuple[bool, int]:
    fine, day = _date(data, at)
    separator = data[at + 10]
    hour, minute = number_at(data, at + 11, 2), number_at(data, at + 14, 2)
    second = number_at(data, at + 17, 2)
    if not fine or separator not in (84, 116, 32) or data[at + 13] != 58 or data[at + 16] != 58:
        return False, 0
    if not (0 <= hour <= 23 and 0 <= minute <= 59 and 0 <= second <= 60):
        return False, 0  # 60 is a leap second
    at, micro = _fraction(data, at + 19, end)
    fine, offset = _offset(data, at, end)
    total = ((day * 24 + hour) * 60 + minute - offset) * 60 + second
    return fine, total * 1_000_000 + micro


@njit(nogil=True, cache=True)
def _fraction(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """Where the fraction of a second ends, and its microseconds (finer ones are cut)."""
    if data[at] != 46 or at + 1 >= end or not 48 <= data[at + 1] <= 57:
        return at, 0
    micro, unit = 0, 100_000
    at += 1
    while at < end and 48 <= data[at] <= 57:
        micro += (int(data[at]) - 48) * unit
        unit //= 10
        at += 1
    return at, micro


@njit(nogil=True, cache=True)
def _offset(data: Bytes, at: int, end: int) -> tuple[bool, int]:
    """Minutes east of UTC: `Z`, `+HH:MM` or `+HHMM`."""
    left = end - at
    if left == 1:
        return data[at] in (90, 122), 0
    if left not in (5, 6) or data[at] not in (43, 45) or (left == 6 and data[at + 3] != 58):
        return False, 0
    hours, minutes = number_at(data, at + 1, 2), number_at(data, end - 2, 2)
    if not (0 <= hours <= 23 and 0 <= minutes <= 59):
        return False, 0
    east = hours * 60 + minutes
    return True, (east if data[at] == 43 else -east)
