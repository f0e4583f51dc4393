"""How numbers are written: identities, SIMs, handsets, lines, addresses.

Everything that identifies is an integer until here. One function per kind of identifier turns it into
text through a keyed scramble, so that neither the order of invention nor the hand that used it shows.

No identity below can belong to anybody: the second letter of a CURP or personal RFC is by law a vowel
(or X) and here always another consonant; the second sign of an RFC's homoclave is never the letter O,
and here always is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Texts = NDArray[Any]

CURP_ALPHABET = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ"
RFC_ALPHABET = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ Ñ"
CONSONANTS = "BCDFGHJKLMNPQRSTVWYZ"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
STATES = (
    "AS", "BC", "BS", "CC", "CL", "CM", "CS", "CH", "DF", "DG", "GT", "GR", "HG", "JC", "MC", "MN",
    "MS", "NT", "NL", "OC", "PL", "QT", "QR", "SP", "SL", "SR", "TC", "TS", "TL", "VZ", "YN", "ZS",
)  # fmt: skip
PASSPORTS = ("GTM", "HND", "VEN", "HTI", "COL", "CUB", "SLV", "USA", "ECU")
MAIL = (
    "correo.example",
    "buzon.example",
    "mensajes.example",
    "cartas.example",
    "carta.example",
    "nube.example",
)


def scramble(numbers: Ints, salt: int) -> NDArray[np.uint64]:
    """Well-mixed 64 bits for each number (splitmix64 finaliser): equal numbers stay equal."""
    key = np.uint64((salt * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019) % 2**64)
    mixed = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + key
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))


def letters(rng: np.random.Generator, alphabet: str, n: int, width: int) -> Texts:
    """Random signs of an alphabet, one row a word."""
    return np.array(list(alphabet))[rng.integers(0, len(alphabet), (n, width))]


def joined(signs: Texts) -> Texts:
    """One text for each row of single signs."""
    whole = np.ascontiguousarray(signs.astype("<U1"))
    return whole.view(f"<U{whole.shape[1]}")[:, 0].astype(object)


def split(texts: Texts, width: int) -> Texts:
    """The single signs of texts of one width."""
    return np.ascontiguousarray(texts.astype(f"<U{width}")).view("<U1").reshape(len(texts), width)


def weighted(signs: Texts, alphabet: str, first_weight: int) -> Ints:
    """Sum of sign values times falling weights, the start of both CURP and RFC check digits."""
    table = np.full(256, 0, np.int64)
    for value, sign in enumerate(alphabet):
        table[ord(sign)] = value
    values = table[np.ascontiguousarray(signs.astype("<U1")).view(np.uint32)]
    total: Ints = values @ np.arange(first_weight, first_weight - signs.shape[1], -1)
    return total


def with_curp_digit(signs: Texts) -> Texts:
    """CURPs from their first seventeen signs."""
    digit = (10 - weighted(signs, CURP_ALPHABET, 18) % 10) % 10
    return joined(np.column_stack([signs, digit.astype("<U1")]))


def birth_signs(born: Ints) -> Texts:
    """YYMMDD of days since 1900, as signs."""
    dates = np.datetime64("1900-01-01") + born
    return split(np.char.replace(dates.astype("<U10"), "-", ""), 8)[:, 2:]


def curps(rng: np.random.Generator, born: Ints, female: Bools, state: Ints) -> Texts:
    """Well-formed CURPs with right check digits, of nobody: see the module's note."""
    n = len(born)
    homoclave = np.where(
        born < 36_524, letters(rng, "0123456789", n, 1)[:, 0], letters(rng, "ABCDE", n, 1)[:, 0]
    )
    signs = [
        letters(rng, LETTERS, n, 1),
        letters(rng, CONSONANTS, n, 1),
        letters(rng, LETTERS, n, 2),
    ]
    places = split(np.array(STATES)[state], 2)
    sex = np.where(female, "M", "H")
    tail = [birth_signs(born), sex, places, letters(rng, CONSONANTS, n, 3), homoclave]
    return with_curp_digit(np.column_stack([*signs, *tail]))


def rfcs(rng: np.random.Generator, born: Ints, company: bool) -> Texts:
    """RFCs of companies (12 signs) or of people in business (13), of nobody."""
    n = len(born)
    name = (
        letters(rng, LETTERS, n, 3)
        if company
        else np.column_stack([letters(rng, LETTERS, n, 1), letters(rng, CONSONANTS, n, 1),
                              letters(rng, LETTERS, n, 2)])
    )  # fmt: skip
    clave = np.column_stack([letters(rng, "123456789ABCDEFGHIJKLMN", n, 1), np.full(n, "O")])
    signs = np.column_stack([name, birth_signs(born), clave])
    padded = np.column_stack([np.full(n, " "), signs]) if company else signs
    digit = np.array(list("0123456789A"))[(11 - weighted(padded, RFC_ALPHABET, 13)) % 11]
    return joined(np.column_stack([signs, digit]))


def siblings(rng: np.random.Generator, curp: Texts) -> Texts:
    """Other CURPs of the same root: all but the last two signs."""
    signs = split(curp, 18)[:, :17].copy()
    signs[:, 16] = letters(rng, "123456789ABCDE", len(signs), 1)[:, 0]
    return with_curp_digit(signs)


def typos(rng: np.random.Generator, curp: Texts) -> Texts:
    """What a tired clerk or a cracked screen makes of a CURP: one sign wrong, its kind right."""
    signs = split(curp, 18).copy()
    rows = np.arange(len(signs))
    at = rng.choice([0, 2, 3, 13, 14, 15, 17], len(signs))
    signs[rows, at] = np.where(
        at == 17,
        letters(rng, "0123456789", len(rows), 1)[:, 0],
        letters(rng, CONSONANTS, len(rows), 1)[:, 0],
    )
    return joined(signs)


def digits(numbers: Ints, width: int) -> Texts:
    """Numbers as text of a fixed width."""
    return np.char.zfill(numbers.astype(f"<U{width}"), width)


def with_luhn(body: Texts, width: int) -> Texts:
    """Digits followed by their Luhn check digit."""
    values = split(body, width).astype(np.int64)
    doubled = values[:, ::-1]
    doubled[:, ::2] = doubled[:, ::2] * 2 - 9 * (doubled[:, ::2] > 4)
    return np.char.add(body, ((10 - doubled.sum(1) % 10) % 10).astype("<U1")).astype(object)


def imeis(handset: Ints, salt: int) -> Texts:
    """IMEIs: a few hundred models, a handful of which everybody has."""
    mixed = scramble(handset, salt)
    popular = (mixed % np.uint64(10_000)).astype(np.float64) / 10_000
    model = (300 * popular**3).astype(np.int64)
    tac = 35_000_000 + (scramble(model, salt + 1) % np.uint64(999_999)).astype(np.int64)
    serial = ((mixed >> np.uint64(20)) % np.uint64(1_000_000)).astype(np.int64)
    return with_luhn(np.char.add(digits(tac, 8), digits(serial, 6)), 14)


def msisdns(line: Ints, salt: int) -> Texts:
    """Lines in E.164."""
    number = scramble(line, salt) % np.uint64(7_900_000_000) + np.uint64(2_100_000_000)
    return np.char.add("+52", number.astype("<U10")).astype(object)


def device_ids(device: Ints, salt: int) -> Texts:
    """Device fingerprints."""
    return np.array([f"{value:016x}" for value in scramble(device, salt).tolist()], dtype=object)


def addresses(address: Ints, salt: int) -> Texts:
    """IPv4 addresses; neighbours in number share a /24, as a carrier's pool does."""
    net = scramble(address // 200, salt) % np.uint64(60_000)
    first, second = 177 + (net // np.uint64(12_000)), net % np.uint64(12_000)
    rows = zip(first.tolist(), second.tolist(), (address % 200 + 20).tolist(), strict=True)
    return np.array([f"{a}.{b // 250 + 1}.{b % 250 + 1}.{c}" for a, b, c in rows], dtype=object)


def contacts(contact: Ints, salt: int) -> Texts:
    """E-mail addresses, and for one in four a telephone number."""
    mixed = scramble(contact, salt)
    phones = msisdns(contact, salt + 7)
    mails = [f"{m % 2**40:x}@{MAIL[m % 6]}" for m in mixed.tolist()]
    return np.where(mixed % np.uint64(4) == 0, phones, np.array(mails, dtype=object))
