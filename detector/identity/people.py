"""Who a line is registered to: CURP, RFC and passport, checked and brought to one canonical form.

The authority is python-stdnum (`mx.curp`, `mx.rfc`), with two differences, because rejecting a real
person is worse than keeping an impossible one: the sex X, which the registry issues since 2023, is
accepted, and so are first letters that it would have replaced as improper.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detector.compiled import njit
from detector.dates import day_number, is_date
from detector.identity.groups import STATE_CODES, group
from detector.registration import NO_DATE, NOTES, Int8, Int16, Int32, Int64, UInt32
from detector.spans import ABSENT, Bytes, Spans, from_matrix, is_blank

SHAPE, DATE, STATE, SEX = 1, 2, 3, 4
FAULTS = {
    SHAPE: "not of the shape of its identity_type",
    DATE: "holds a date that does not exist",
    STATE: "holds a state that does not exist",
    SEX: "holds a sex that does not exist",
}
# What characters count for in a check digit. Ñ is one byte here (Latin-1), as in the scratch line.
_CURP_ORDER = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ"
_RFC_ORDER = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ Ñ"
ORDER = np.full((2, 256), -1, np.int16)
for _row, _order in enumerate((_CURP_ORDER, _RFC_ORDER)):
    ORDER[_row, np.frombuffer(_order.encode("latin-1"), np.uint8)] = np.arange(len(_order))
CHECK_BIT = 1 << NOTES.index("identity_check_digit")
HOMOCLAVE_BIT = 1 << NOTES.index("identity_homoclave")
OLDEST = 115  # years; the registry's oldest living people
N_TILDE = 0xD1
WIDTH = 40
NAMES = np.frombuffer(b"curp|rfc|passport|", np.uint8)
NAME_BOUNDS = np.array([0, 5, 9, 18])


@dataclass(frozen=True, slots=True)
class People:
    """Identities in canonical form (`type|VALUE`), their roots, and what was seen on the way."""

    identity: Spans
    root: Spans  # CURP without its last two characters; RFC without homoclave; passport: itself
    faults: Int8  # 0 or a key of FAULTS
    notes: UInt32
    rfc_since: Int32
    groups: Int16  # what a CURP says of its holder, by `detector.identity.groups`


def people(values: Spans, kinds: Int8, days: Int32) -> People:
    """Checked identities. `kinds` are positions in IDENTITY_TYPES, `days` those of registration."""
    matrix, lengths, roots, faults, notes, since, groups = _people(
        values.data, values.starts, values.lengths, kinds, days, STATE_CODES, ORDER
    )
    identity = from_matrix(matrix, lengths)
    return People(identity, identity.prefix(roots), faults, notes, since, groups)


@njit(nogil=True, cache=True)
def _people(
    data: Bytes,
    starts: Int64,
    lengths: Int32,
    kinds: Int8,
    days: Int32,
    states: np.ndarray,
    order: np.ndarray,
) -> tuple[Bytes, Int32, Int32, Int8, UInt32, Int32, Int16]:
    size = len(starts)
    matrix = np.zeros((size, WIDTH), np.uint8)
    kept = np.full(size, ABSENT, np.int32)
    roots = np.full(size, ABSENT, np.int32)
    faults = np.zeros(size, np.int8)
    notes = np.zeros(size, np.uint32)
    since = np.full(size, NO_DATE, np.int32)
    groups = np.zeros(size, np.int16)
    line = np.zeros(20, np.uint8)
    for i in range(size):
        if lengths[i] < 0 or kinds[i] < 0:
            continue
        count = _compact(data, starts[i], lengths[i], line)
        root = count
        if kinds[i] == 0:
            faults[i], notes[i], groups[i] = _curp(line, count, days[i], states, order[0])
            root = 16
        elif kinds[i] == 1:
            faults[i], notes[i], since[i] = _rfc(line, count, days[i], order[1])
            root = count - 3
        elif not _is_passport(line, count):
            faults[i] = SHAPE
        if faults[i] == 0:
            roots[i], kept[i] = _write(line, count, root, kinds[i], matrix[i])
    return matrix, kept, roots, faults, notes, since, groups


@njit(nogil=True, cache=True)
def _compact(data: Bytes, start: int, length: int, line: Bytes) -> int:
    """Upper case without blanks and dashes; Ñ as one byte. How many, or -1 where it does not fit."""
    count, i, end = 0, start, start + length
    while i < end:
        byte = data[i]
        i += 1
        if is_blank(byte) or byte in (45, 95):
            continue
        if 97 <= byte <= 122:
            byte -= 32
        elif byte == 0xC3 and i < end and data[i] in (0x91, 0xB1):
            byte = np.uint8(N_TILDE)
            i += 1
        elif byte == 0xCC and i < end and data[i] == 0x83 and count and line[count - 1] == 78:
            line[count - 1] = N_TILDE  # N and a combining tilde
            i += 1
            continue
        elif byte > 127:
            return -1
        if count == len(line):
            return -1
        line[count] = byte
        count += 1
    return count


@njit(nogil=True, cache=True)
def _is_letter(byte: int) -> bool:
    return 65 <= byte <= 90


@njit(nogil=True, cache=True)
def _is_digit(byte: int) -> bool:
    return 48 <= byte <= 57


@njit(nogil=True, cache=True)
def _are(line: Bytes, low: int, high: int, digits: bool, letters: bool) -> bool:
    """Whether all characters are of the kinds allowed."""
    wrong = 0
    for i in range(low, high):
        wrong += not ((digits and _is_digit(line[i])) or (letters and _is_letter(line[i])))
    return wrong == 0


@njit(nogil=True, cache=True)
def _pair(line: Bytes, at: int) -> int:
    return (int(line[at]) - 48) * 10 + int(line[at + 1]) - 48


@njit(nogil=True, cache=True)
def _curp(
    line: Bytes, count: int, day: int, states: np.ndarray, order: np.ndarray
) -> tuple[int, int, int]:
    """Fault, notes and group of a CURP: `AAAA000000SEECCCH0`."""
    shaped = count == 18 and _are(line, 0, 4, False, True) and _are(line, 4, 10, True, False)
    shaped = shaped and _are(line, 10, 16, False, True) and _are(line, 16, 17, True, True)
    if not shaped or not _is_digit(line[17]):
        return SHAPE, 0, 0
    year = _pair(line, 4) + (1900 if _is_digit(line[16]) else 2000)
    month, date = _pair(line, 6), _pair(line, 8)
    if not is_date(year, month, date):
        return DATE, 0, 0
    if line[10] not in (72, 77, 88):  # hombre, mujer, X
        return SEX, 0, 0
    state = states[line[11] - 65, line[12] - 65]
    if not state:
        return STATE, 0, 0
    total = 0
    for i in range(17):
        total += order[line[i]] * (18 - i)
    notes = 0 if (10 - total % 10) % 10 == int(line[17]) - 48 else CHECK_BIT
    born = day_number(year, month, date)
    if born > day or day - born > OLDEST * 365.25:
        notes |= HOMOCLAVE_BIT
    return 0, notes, group(line, (year, month, date), day, state)


@njit(nogil=True, cache=True)
def _rfc(line: Bytes, count: int, day: int, order: np.ndarray) -> tuple[int, int, int]:
    """Fault, notes and, for a company, the day of foundation: `AAA000000HHD` or `AAAA000000HHD`."""
    names = count - 9
    if count not in (12, 13):
        return SHAPE, 0, NO_DATE
    for i in range(names):
        if not (_is_letter(line[i]) or line[i] in (38, N_TILDE)):
            return SHAPE, 0, NO_DATE
    if not _are(line, names, names + 6, True, False) or not _are(
        line, count - 3, count, True, True
    ):
        return SHAPE, 0, NO_DATE
    year, month, date = _pair(line, names), _pair(line, names + 2), _pair(line, names + 4)
    if not is_date(2000 + year, month, date):
        return DATE, 0, NO_DATE
    since = NO_DATE
    if count == 12:
        since = day_number(2000 + year, month, date)
        if since > day:
            since = day_number(1900 + year, month, date)
    return 0, (0 if _rfc_checked(line, count, order) else CHECK_BIT), since


@njit(nogil=True, cache=True)
def _rfc_checked(line: Bytes, count: int, order: np.ndarray) -> bool:
    """Whether the homoclave is one that the tax office issues and the check digit holds."""
    first, second, last = line[count - 3], line[count - 2], line[count - 1]
    if first == 48 or first > 86 or second == 48 or not (_is_digit(last) or last == 65):
        return False
    total = 481 if count == 12 else 0  # a company's is checked with a blank before it: 37 times 13
    for i in range(count - 1):
        total += order[line[i]] * (count - i)
    return bool((11 - total % 11) % 11 == order[last])


@njit(nogil=True, cache=True)
def _is_passport(line: Bytes, count: int) -> bool:
    """`COUNTRY:NUMBER`: three letters (ISO 3166 alpha-3), then 5 to 15 letters and digits."""
    if count < 9 or count > 19 or line[3] != 58 or not _are(line, 0, 3, False, True):
        return False
    return _are(line, 4, count, True, True)


@njit(nogil=True, cache=True)
def _write(line: Bytes, count: int, root: int, kind: int, out: Bytes) -> tuple[int, int]:
    """Writes `type|VALUE` in UTF-8; the lengths of root and whole."""
    at = 0
    for i in range(NAME_BOUNDS[kind], NAME_BOUNDS[kind + 1]):
        out[at] = NAMES[i]
        at += 1
    rooted = at
    for i in range(count):
        if line[i] == N_TILDE:
            out[at] = 0xC3
            at += 1
            out[at] = 0x91
        else:
            out[at] = line[i]
        at += 1
        if i == root - 1:
            rooted = at
    return rooted, at
