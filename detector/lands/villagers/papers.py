"""Identities as registries would spell them, if registries ever wrote such a second letter."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.lands.villagers.arrays import Bools, Floats, Ints, pick

LETTERS = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", dtype=np.uint8)
CONSONANTS = np.frombuffer(b"BCDFGHJKLMNPQRSTVWXYZ", dtype=np.uint8)
UNISSUED = np.frombuffer(b"BCDFGHJKLMNPQRSTVWYZ", dtype=np.uint8)
SURNAMES = np.frombuffer(b"GHMRLPSCVDTAJBFNEOZQ", dtype=np.uint8)
FIRST_HOMOCLAVE = np.frombuffer(b"123456789ABCDEFGHIJKLMNPQRSTUV", dtype=np.uint8)
SECOND_HOMOCLAVE = np.frombuffer(b"123456789ABCDEFGHIJKLMNPQRSTUVWXYZ", dtype=np.uint8)
STATES = np.frombuffer(
    b"ASBCBSCCCLCMCSCHDFDGGTGRHGJCMCMNMSNTNLOCPLQTQRSPSLSRTCTSTLVZYNZSNE", dtype=np.uint8
).reshape(-1, 2)
ABROAD = ("USA", "GTM", "HND", "SLV", "VEN", "COL", "CUB", "HTI")
CURP_WORTH = {c: at for at, c in enumerate("0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ")}
RFC_WORTH = {c: at for at, c in enumerate("0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ Ñ")}
Bytes = NDArray[np.uint8]


def curps(rng: np.random.Generator, born: Ints, female: Bools, state: Ints) -> NDArray[Any]:
    """CURPs of people by day of birth (days since 1900), sex and state of birth (33 is abroad)."""
    count = len(born)
    dates, early = _dates(born)
    cells = np.empty((count, 18), dtype=np.uint8)
    cells[:, :4] = _initials(rng, count)
    cells[:, 4:10] = dates
    cells[:, 10] = np.where(female, ord("M"), ord("H"))
    cells[:, 11:13] = STATES[state - 1]
    cells[:, 13:16] = CONSONANTS[rng.integers(0, len(CONSONANTS), (count, 3))]
    digit = pick(rng, 0.35 ** np.arange(4), count)
    cells[:, 16] = digit + np.where(early, ord("0"), ord("A"))
    total = _worth(CURP_WORTH)[cells[:, :17]] @ np.arange(18, 1, -1)
    cells[:, 17] = ord("0") + (10 - total % 10) % 10
    return _words(cells)


def rfcs(rng: np.random.Generator, born: Ints, letters: int) -> NDArray[Any]:
    """RFCs of people (four letters) or of companies (three)."""
    count, size = len(born), letters + 9
    cells = np.empty((count, size), dtype=np.uint8)
    cells[:, :letters] = _initials(rng, count)[:, :letters]
    cells[:, letters : letters + 6] = _dates(born)[0]
    cells[:, size - 3] = FIRST_HOMOCLAVE[rng.integers(0, len(FIRST_HOMOCLAVE), count)]
    cells[:, size - 2] = SECOND_HOMOCLAVE[rng.integers(0, len(SECOND_HOMOCLAVE), count)]
    weights = np.arange(size, 1, -1)
    offset = (
        RFC_WORTH[" "] * 13 if letters == 3 else 0
    )  # a company's is read as if one blank led it
    total = _worth(RFC_WORTH)[cells[:, :-1]] @ weights + offset
    check = (11 - total) % 11
    cells[:, -1] = np.where(check == 10, ord("A"), ord("0") + check)
    return _words(cells)


def passports(rng: np.random.Generator, count: int) -> NDArray[Any]:
    """Passports of foreigners, most of them from the north or the south next door."""
    country = np.array(ABROAD)[pick(rng, 0.75 ** np.arange(len(ABROAD)), count)]
    letter = rng.choice(list("ACEGKPX"), count)
    number = rng.integers(10**7, 10**8, count).astype(str)
    parts = zip(country, letter, number, strict=True)
    return np.array([f"{a}:{b}{c}" for a, b, c in parts], dtype=object)


def mistyped(rng: np.random.Generator, curp: NDArray[Any]) -> NDArray[Any]:
    """The same CURPs as a tired clerk types them: one late character wrong."""
    if not len(curp):
        return curp
    cells = curp.astype("S18").view(np.uint8).reshape(-1, 18).copy()
    row, at = np.arange(len(curp)), 13 + pick(rng, np.array([2, 2, 2, 0, 3]), len(curp))
    consonant = CONSONANTS[rng.integers(0, len(CONSONANTS), len(curp))]
    digit = ord("0") + (cells[row, 17] - ord("0") + rng.integers(1, 10, len(curp))) % 10
    cells[row, at] = np.where(at == 17, digit, consonant)
    return _words(cells)


def birthdays(rng: np.random.Generator, ages: Floats) -> Ints:
    """Days of birth since 1900 of people of these ages in 2026."""
    return np.asarray(46_020 - ages * 365.25 - rng.random(len(ages)) * 365, dtype=np.int64)


def _initials(rng: np.random.Generator, count: int) -> Bytes:
    common = 0.9 ** np.arange(len(SURNAMES))
    cells = np.empty((count, 4), dtype=np.uint8)
    cells[:, 0] = SURNAMES[pick(rng, common, count)]
    cells[:, 1] = UNISSUED[rng.integers(0, len(UNISSUED), count)]
    cells[:, 2] = SURNAMES[pick(rng, common, count)]
    cells[:, 3] = LETTERS[pick(rng, 0.93 ** np.arange(26), count)]
    return cells


def _dates(born: Ints) -> tuple[Bytes, Bools]:
    """YYMMDD as characters, and whether before 2000."""
    days = np.datetime64("1900-01-01") + born
    text = np.datetime_as_string(days, unit="D").astype("S10").view(np.uint8).reshape(-1, 10)
    return text[:, [2, 3, 5, 6, 8, 9]], days < np.datetime64("2000-01-01")


def _worth(table: dict[str, int]) -> Ints:
    found = np.zeros(256, dtype=np.int64)
    for character, worth in table.items():
        found[ord(character)] = worth
    return found


def _words(cells: Bytes) -> NDArray[Any]:
    width = cells.shape[1]
    words = np.ascontiguousarray(cells).view(f"S{width}").ravel().astype(f"U{width}")
    return words.astype(object)
