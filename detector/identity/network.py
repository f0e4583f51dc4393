"""Internet addresses: what they are, and the network that a household or a carrier holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detector.compiled import njit
from detector.registration import Bool, Int32
from detector.spans import ABSENT, Bytes, Spans, from_matrix

# As hexadecimal digits. An IPv6 customer holds at least a /64, an IPv6 site a /48.
V4, V4_NETWORK = 8, 6
V6, V6_NETWORK = 16, 12


@dataclass(frozen=True, slots=True)
class Addresses:
    """Addresses in canonical form: the address of IPv4 or the /64 of IPv6, in hexadecimal."""

    ip: Spans
    network: Spans  # /24 of IPv4, /48 of IPv6
    fine: Bool


def addresses(values: Spans) -> Addresses:
    """IPv4 and IPv6 addresses; IPv4 inside IPv6 (`::ffff:a.b.c.d`) is IPv4."""
    matrix, lengths = _addresses(values.data, values.starts, values.lengths)
    ip = from_matrix(matrix, lengths)
    networks = np.where(lengths == V4, V4_NETWORK, np.where(lengths == V6, V6_NETWORK, ABSENT))
    return Addresses(ip, ip.prefix(networks.astype(np.int32)), lengths >= 0)


@njit(nogil=True, cache=True)
def _addresses(data: Bytes, starts: np.ndarray, lengths: Int32) -> tuple[Bytes, Int32]:
    matrix = np.zeros((len(starts), V6), np.uint8)
    kept = np.full(len(starts), ABSENT, np.int32)
    groups = np.zeros(8, np.int64)
    for i in range(len(starts)):
        if lengths[i] < 2 or lengths[i] > 45:
            continue
        start, end = starts[i], starts[i] + lengths[i]
        four = _four(data, start, end)
        if four < 0 and _six(data, start, end, groups):
            if groups[5] == 0xFFFF and not np.any(groups[:5]):
                four = groups[6] << 16 | groups[7]
            else:
                for k in range(4):
                    _write(groups[k], 4, matrix[i], k * 4)
                kept[i] = V6
        if four >= 0:
            _write(four, 8, matrix[i], 0)
            kept[i] = V4
    return matrix, kept


@njit(nogil=True, cache=True)
def _write(number: int, digits: int, out: Bytes, at: int) -> None:
    for k in range(digits):
        digit = (number >> (4 * (digits - 1 - k))) & 15
        out[at + k] = 48 + digit if digit < 10 else 87 + digit


@njit(nogil=True, cache=True)
def _four(data: Bytes, start: int, end: int) -> int:
    """The 32 bits of `a.b.c.d`, or -1. A leading zero is refused: some read it as octal."""
    number = part = digits = dots = 0
    for i in range(start, end):
        byte = int(data[i])
        if byte == 46:
            if digits == 0 or dots == 3:
                return -1
            number, part, digits, dots = number << 8 | part, 0, 0, dots + 1
            continue
        if byte < 48 or byte > 57 or (digits and part == 0):
            return -1
        part, digits = part * 10 + byte - 48, digits + 1
        if part > 255:
            return -1
    return number << 8 | part if dots == 3 and digits else -1


@njit(nogil=True, cache=True)
def _hex(byte: int) -> int:
    if 48 <= byte <= 57:
        return byte - 48
    lower = byte | 32
    return lower - 87 if 97 <= lower <= 102 else -1


@njit(nogil=True, cache=True)
def _six(data: Bytes, start: int, end: int, groups: np.ndarray) -> bool:
    """Reads the eight groups of an IPv6 address (RFC 4291 section 2.2); whether it is one."""
    count, gap, i = 0, -1, start
    if data[i] == 58:
        if data[i + 1] != 58:
            return False
        i += 1
    while i < end:
        if data[i] == 58:  # the second colon of a gap
            if gap >= 0:
                return False
            gap = count
            i += 1
            continue
        stop = i
        while stop < end and data[stop] != 58:
            stop += 1
        if stop == end:
            four = _four(data, i, end)
            if four >= 0 and count <= 6:
                groups[count], groups[count + 1] = four >> 16, four & 0xFFFF
                count += 2
                break
        if count == 8 or stop - i > 4:
            return False
        number = 0
        for k in range(i, stop):
            digit = _hex(int(data[k]))
            if digit < 0:
                return False
            number = number << 4 | digit
        groups[count] = number
        count += 1
        i = stop + 1
        if i == end:
            return False  # one colon at the end
    return _spread(groups, count, gap)


@njit(nogil=True, cache=True)
def _spread(groups: np.ndarray, count: int, gap: int) -> bool:
    """Puts zeros where the gap stands."""
    if gap < 0:
        return count == 8
    if count > 7:
        return False
    for k in range(count - gap):
        groups[7 - k] = groups[count - 1 - k]
    for k in range(gap, 8 - (count - gap)):
        groups[k] = 0
    return True
