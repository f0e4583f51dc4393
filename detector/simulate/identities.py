"""Identities as they are written: CURPs, RFCs and passport numbers that belong to nobody.

Why the registry cannot have issued these CURPs. The second letter of a CURP is the first inner vowel
of the first surname, and an X only where the surname has none; the fourteenth is its first inner
consonant, and an X only where it has none (or that consonant is Ñ). X in both places means a surname of
a single letter. On top of that the seventeenth character, which tells apart people whose first sixteen
agree and is counted up from the first (0 or A), is here 5 to 9 (V to Z for births since 2000): it
takes five namesakes with a one-letter surname, born on one day in one state. All checks of shape, date,
state and check digit hold. Company RFCs have an O as first homoclave character, a letter that the tax
authority's table of homoclaves leaves out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from detector.registration import Int8, Int32, Table
from detector.simulate.spelling import Matrix, column, constant, digits, side_by_side

CURP, COMPANY, TRADER, PASSPORT = range(4)  # a trader is a natural person with business activity
IDENTITY_TYPE_OF_KIND = np.array([0, 1, 1, 2], np.int8)
PLAIN, MISTYPED, LOWER_CASE, SPACED, WRONG_HOMOCLAVE = range(5)  # how it was typed
COUNTRIES = ("USA", "GTM", "HND", "VEN", "COL", "CAN", "ESP", "CUB", "CHN", "FRA", "DEU", "SLV")
STATES = (
    "AS", "BC", "BS", "CC", "CL", "CM", "CS", "CH", "DF", "DG", "GT", "GR", "HG", "JC", "MC", "MN", "MS",
    "NT", "NL", "OC", "PL", "QT", "QR", "SP", "SL", "SR", "TC", "TS", "TL", "VZ", "YN", "ZS", "NE",
)  # fmt: skip
BORN_ABROAD = len(STATES) - 1

_CURP_VALUES = np.zeros(256, np.int64)
_CURP_VALUES[list(b"0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ")] = np.arange(37)
_RFC_ALPHABET = b"0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ "
_RFC_VALUES = np.zeros(256, np.int64)
_RFC_VALUES[list(_RFC_ALPHABET)] = np.arange(38)
_RFC_CHECK = np.frombuffer(b"0123456789A", np.uint8)
_HOMOCLAVE = np.frombuffer(b"123456789ABCDEFGHIJKLMNPQRSTUVWXYZ", np.uint8)
_INITIALS = np.frombuffer(
    b"AAAAAAAABBBCCCCCCCCCCCDDDDEEEFFFGGGGGGGGGGGGHHHHHHHHHIIJJJJJJLLLLLLMMMMMMMMMMMMNNOOOPPPPPPQ"
    b"RRRRRRRRRRSSSSSSSTTTTUVVVVVZZ",
    np.uint8,
)
_CONSONANTS = np.frombuffer(b"BCCDDFGGJLLLMMNNNNPRRRRRSSSTTTVZ", np.uint8)


@dataclass(frozen=True, slots=True)
class Identities(Table):
    """Who can be named on a registration. Persons come first and in the order of `People`."""

    kind: Int8
    birth: Int32  # days since 1970; for a company the day it was founded
    female: NDArray[np.bool_]
    state: Int8  # position in STATES; for a passport, in COUNTRIES
    namesake: Int8  # 0-4: which of the people with the same first sixteen characters
    bits: NDArray[np.uint64]  # what the letters are made from


def identity_text(
    identities: Identities, who: NDArray[np.integer], *, typed: Int8, rng: np.random.Generator
) -> pa.Array:
    """What was typed into the identity field of each row: mostly right, sometimes not."""
    rows = identities.take(who)
    letters, lengths = np.full((len(who), 20), 32, np.uint8), np.full(len(who), 18, np.int32)
    for kind, written in (
        (CURP, _curp),
        (COMPANY, _company),
        (TRADER, _trader),
        (PASSPORT, _passport),
    ):
        of_kind = np.flatnonzero(rows.kind == kind)
        if len(of_kind):
            text = written(rows.take(of_kind))
            letters[of_kind, : text.shape[1]] = text
            lengths[of_kind] = text.shape[1]
    _mistype(letters, rows.kind, typed, rng=rng)
    return column(letters, lengths=lengths + 2 * (_space(letters, rows.kind, typed)))


def _curp(rows: Identities) -> Matrix:
    x = constant("X", len(rows))
    body = side_by_side(
        _initial(rows, 0),
        x,
        _initial(rows, 8),
        _initial(rows, 16),
        _date(rows.birth),
        np.where(rows.female, ord("M"), ord("H")).astype(np.uint8)[:, None],
        _state(rows),
        x,
        _consonant(rows, 24),
        _consonant(rows, 32),
        _namesake(rows),
    )
    return side_by_side(body, _curp_check_digit(body))


def _curp_check_digit(body: Matrix) -> Matrix:
    total = (_CURP_VALUES[body] * np.arange(18, 1, -1)).sum(axis=1)
    check: Matrix = ((10 - total % 10) % 10 + 48).astype(np.uint8)
    return check[:, None]


def _trader(rows: Identities) -> Matrix:
    first = _letter(rows, 40, _HOMOCLAVE[:30])  # the tax authority's first character ends at V
    return _with_rfc_check(side_by_side(_curp(rows)[:, :10], first, _homoclave(rows, 48)))


def _company(rows: Identities) -> Matrix:
    initials = (_initial(rows, 0), _initial(rows, 8), _initial(rows, 16))
    o = constant("O", len(rows))
    return _with_rfc_check(side_by_side(*initials, _date(rows.birth), o, _homoclave(rows, 40)))


def _with_rfc_check(body: Matrix) -> Matrix:
    padded = side_by_side(constant(" " * (12 - body.shape[1]), len(body)), body)
    total = (_RFC_VALUES[padded] * np.arange(13, 1, -1)).sum(axis=1)
    return side_by_side(body, _RFC_CHECK[(11 - total) % 11][:, None])


def _passport(rows: Identities) -> Matrix:
    codes = np.array([list(code.encode()) for code in COUNTRIES], np.uint8)
    number = digits((rows.bits % np.uint64(10**9)).astype(np.int64), 9)
    return side_by_side(codes[rows.state], constant(":", len(rows)), number)


def _initial(rows: Identities, shift: int) -> Matrix:
    return _letter(rows, shift, _INITIALS)


def _consonant(rows: Identities, shift: int) -> Matrix:
    return _letter(rows, shift, _CONSONANTS)


def _homoclave(rows: Identities, shift: int) -> Matrix:
    return _letter(rows, shift, _HOMOCLAVE)


def _letter(rows: Identities, shift: int, table: Matrix) -> Matrix:
    picked = (rows.bits >> np.uint64(shift)) & np.uint64(255)
    return table[(picked * np.uint64(len(table)) >> np.uint64(8)).astype(np.int64)][:, None]


def _date(days: Int32) -> Matrix:
    stamp = days.astype("datetime64[D]")
    year = stamp.astype("datetime64[Y]").astype(np.int64) + 1970
    month = stamp.astype("datetime64[M]").astype(np.int64) % 12 + 1
    day = (stamp - stamp.astype("datetime64[M]")).astype(np.int64) + 1
    return digits((year % 100) * 10_000 + month * 100 + day, 6)


def _state(rows: Identities) -> Matrix:
    return np.array([list(code.encode()) for code in STATES], np.uint8)[rows.state]


def _namesake(rows: Identities) -> Matrix:
    since_2000 = rows.birth >= 10_957
    return (rows.namesake + np.where(since_2000, ord("V"), ord("5"))).astype(np.uint8)[:, None]


def _mistype(letters: Matrix, kind: Int8, typed: Int8, *, rng: np.random.Generator) -> None:
    wrong = np.flatnonzero((typed == MISTYPED) & (kind == CURP))
    at_position = rng.choice(np.array([2, 3, 14, 15, 17]), len(wrong))
    old = letters[wrong, at_position]
    letters[wrong, at_position] = np.where(
        at_position == 17, 48 + (old - 48 + 3) % 10, 65 + (old - 65 + 7) % 25
    )
    other = np.flatnonzero((typed == WRONG_HOMOCLAVE) & (kind == CURP))
    old = letters[other, 16]
    first = np.where(old >= 65, ord("V"), ord("5"))
    letters[other, 16] = first + (old - first + 1) % 5
    letters[other, 17] = _curp_check_digit(letters[other, :17])[:, 0]
    lower = np.flatnonzero((typed == LOWER_CASE) & (kind == CURP))
    letters[lower] |= np.where(letters[lower] >= 65, 32, 0).astype(np.uint8)


def _space(letters: Matrix, kind: Int8, typed: Int8) -> NDArray[np.bool_]:
    spaced: NDArray[np.bool_] = (typed == SPACED) & (kind == CURP)
    rows = np.flatnonzero(spaced)
    old = letters[rows]
    letters[rows, 5:11], letters[rows, 12:20] = old[:, 4:10], old[:, 10:18]
    letters[rows, 4], letters[rows, 11] = 32, 32
    return spaced
