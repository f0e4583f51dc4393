"""The check digit of SIMs and handsets (ISO/IEC 7812-1 annex B)."""

from __future__ import annotations

from detector.compiled import njit
from detector.spans import Bytes


@njit(nogil=True, cache=True)
def holds(digits: Bytes, count: int) -> bool:
    """Whether the last of the first `count` digits (as ASCII) checks the others."""
    total = 0
    for i in range(count):
        digit = int(digits[count - 1 - i]) - 48
        if i % 2 == 1:
            digit *= 2
            if digit > 9:
                digit -= 9
        total += digit
    return total % 10 == 0


@njit(nogil=True, cache=True)
def digits_of(data: Bytes, start: int, length: int, out: Bytes) -> int:
    """Copies the digits of a text without blanks and dashes; how many, or -1 at anything else."""
    count = 0
    for i in range(start, start + length):
        byte = data[i]
        if byte in (32, 45):
            continue
        if byte < 48 or byte > 57 or count == len(out):
            return -1
        out[count] = byte
        count += 1
    return count
