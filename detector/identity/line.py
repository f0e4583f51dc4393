"""Numbers of lines (ITU-T E.164) and the contacts that applicants leave (a number or an address)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detector.compiled import njit
from detector.registration import MISSING, Bool, Int8, Int32
from detector.spans import ABSENT, Bytes, Spans, from_matrix

# Seven digits are the shortest numbers in use (Saint Helena, Niue, Tokelau), fifteen the longest.
SHORTEST, LONGEST = 7, 15
LONGEST_ADDRESS = 254  # RFC 5321


@dataclass(frozen=True, slots=True)
class Lines:
    """Numbers in canonical form: a plus and digits. The block is ten thousand neighbours."""

    line: Spans
    block: Spans
    last_two: Int8
    fine: Bool


def lines(values: Spans) -> Lines:
    """E.164 numbers, blanks and dashes aside. Mexico's mobile 1 of before 2020 is left out."""
    matrix, lengths, last_two = _lines(values.data, values.starts, values.lengths)
    line = from_matrix(matrix, lengths)
    blocks = np.where(lengths > 0, lengths - 4, ABSENT).astype(np.int32)
    return Lines(line, line.prefix(blocks), last_two, lengths >= 0)


def contacts(values: Spans) -> Spans:
    """Numbers as above and addresses in lower case without their `+tag`; missing where neither."""
    numbers = lines(values).line
    addresses, lengths = _addresses(values.data, values.starts, values.lengths, numbers.lengths)
    width = max(numbers.data.size // max(1, len(numbers)), 1)
    matrix = numbers.data.reshape(-1, width) if len(numbers) else np.zeros((0, 1), np.uint8)
    both = np.zeros((len(values), max(addresses.shape[1], width)), np.uint8)
    both[:, : addresses.shape[1]] = addresses
    numbered = numbers.present
    both[numbered, :width] = matrix[numbered]
    return from_matrix(both, np.where(numbered, numbers.lengths, lengths).astype(np.int32))


@njit(nogil=True, cache=True)
def _lines(data: Bytes, starts: np.ndarray, lengths: Int32) -> tuple[Bytes, Int32, Int8]:
    matrix = np.zeros((len(starts), 16), np.uint8)
    kept = np.full(len(starts), ABSENT, np.int32)
    last_two = np.full(len(starts), MISSING, np.int8)
    for i in range(len(starts)):
        count = _number(data, starts[i], lengths[i], matrix[i])
        if count > SHORTEST:
            kept[i] = count
            tens, ones = int(matrix[i, count - 2]) - 48, int(matrix[i, count - 1]) - 48
            last_two[i] = tens * 10 + ones
    return matrix, kept, last_two


@njit(nogil=True, cache=True)
def _number(data: Bytes, start: int, length: int, out: Bytes) -> int:
    """Writes plus and digits; how many characters, or 0 where it is no such number."""
    if length < 1 or data[start] != 43:
        return 0
    out[0] = 43
    count = 1
    for i in range(start + 1, start + length):
        byte = data[i]
        if byte in (32, 45):
            continue
        if byte < 48 or byte > 57 or count == len(out) or (count == 1 and byte == 48):
            return 0
        out[count] = byte
        count += 1
    if count == 14 and out[1] == 53 and out[2] == 50 and out[3] == 49:  # +52 1 and ten digits
        for i in range(3, 13):
            out[i] = out[i + 1]
        count = 13
    return count


@njit(nogil=True, cache=True)
def _addresses(
    data: Bytes, starts: np.ndarray, lengths: Int32, numbered: Int32
) -> tuple[Bytes, Int32]:
    width = 1
    for i in range(len(starts)):
        if numbered[i] < 0 and lengths[i] <= LONGEST_ADDRESS:
            width = max(width, lengths[i])
    matrix = np.zeros((len(starts), width), np.uint8)
    kept = np.full(len(starts), ABSENT, np.int32)
    for i in range(len(starts)):
        if numbered[i] < 0 and 0 < lengths[i] <= LONGEST_ADDRESS:
            kept[i] = _address(data, starts[i], lengths[i], matrix[i])
    return matrix, kept


@njit(nogil=True, cache=True)
def _address(data: Bytes, start: int, length: int, out: Bytes) -> int:
    """Writes `local@domain`; how many characters, or ABSENT where it is no such address."""
    at = count = 0
    tagged, dotted = False, False
    for i in range(start, start + length):
        byte = data[i]
        if byte <= 32 or (byte == 64 and (at or not count)):
            return ABSENT
        if byte == 64:
            at, tagged = i, False
        elif byte == 43 and not at and count:
            tagged = True
        elif byte == 46 and at:
            dotted = i > at + 1 and i < start + length - 1
        if tagged:
            continue
        out[count] = byte + 32 if 65 <= byte <= 90 else byte
        count += 1
    return count if at and dotted else ABSENT
