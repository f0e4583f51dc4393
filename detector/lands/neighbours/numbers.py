"""Identifiers as text, with right check digits and shapes no registry gives out.

Every identity is made so that nobody can bear it:

* a CURP's second letter is the first inner vowel of the surname (or X); here it is always another
  consonant;
* the two homoclave characters of an RFC write a number below 1,000 in base 34, so after a V nothing
  past E can follow; here it always does.
"""

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Texts = NDArray[np.str_]
Bytes = NDArray[np.uint8]

CONSONANTS = np.frombuffer(b"BCDFGHJKLMNPQRSTVWYZ", dtype=np.uint8)
LETTERS = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", dtype=np.uint8)
STATES = [
    "AS", "BC", "BS", "CC", "CL", "CM", "CS", "CH", "DF", "DG", "GT", "GR", "HG", "JC", "MC", "MN",
    "MS", "NT", "NL", "OC", "PL", "QT", "QR", "SP", "SL", "SR", "TC", "TS", "TL", "VZ", "YN", "ZS",
]  # fmt: skip
CURP_VALUES = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ"
RFC_VALUES = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ Ñ"


def digits(values: Ints, width: int) -> Bytes:
    """The last `width` decimal digits of each value, as ASCII columns."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    return (values[:, None] // powers % 10 + ord("0")).astype(np.uint8)


def text(columns: Bytes) -> Texts:
    """Rows of ASCII columns as strings."""
    packed = np.ascontiguousarray(columns).view(f"S{columns.shape[1]}")[:, 0]
    return packed.astype(f"U{columns.shape[1]}")


def with_luhn(columns: Bytes) -> Bytes:
    """Digits followed by their Luhn digit, as on SIM cards and handsets."""
    value = columns[:, ::-1].astype(np.int64) - np.int64(ord("0"))
    value[:, ::2] *= 2
    total = (value // 10 + value % 10).sum(axis=1)
    return np.hstack([columns, digits(-total % 10, 1)])


def _weights(alphabet: str, columns: Bytes, first: int) -> Ints:
    table = np.zeros(256, dtype=np.int64)
    for value, letter in enumerate(alphabet):
        table[ord(letter)] = value
    weights = np.arange(first, first - columns.shape[1], -1)
    weighed: Ints = (table[columns] * weights).sum(axis=1)
    return weighed


def with_curp_check(columns: Bytes) -> Bytes:
    """A CURP's seventeen characters followed by its check digit."""
    return np.hstack([columns, digits(-_weights(CURP_VALUES, columns, 18) % 10, 1)])


def with_rfc_check(columns: Bytes) -> Bytes:
    """An RFC followed by its check character; a company's shorter one is weighed as if indented."""
    pad = np.full((len(columns), 12 - columns.shape[1]), ord(" "), dtype=np.uint8)
    rest = -_weights(RFC_VALUES, np.hstack([pad, columns]), 13) % 11
    return np.hstack([columns, np.frombuffer(b"0123456789A", dtype=np.uint8)[rest][:, None]])


def birth_digits(birth: NDArray[np.datetime64]) -> Bytes:
    """YYMMDD of each date."""
    months = birth.astype("datetime64[M]")
    month = months.astype(np.int64)
    day = (birth - months.astype("datetime64[D]")).astype(np.int64) + 1
    return digits((month // 12 + 1970) % 100 * 10_000 + (month % 12 + 1) * 100 + day, 6)


def curp_columns(birth: NDArray[np.datetime64], man: Flags, state: Ints, rng: Generator) -> Bytes:
    """The first seventeen characters of people's CURPs; `state` indexes `STATES`, -1 is abroad."""
    n = len(birth)
    names = np.stack([rng.choice(t, n) for t in (LETTERS, CONSONANTS, LETTERS, LETTERS)], axis=1)
    sex = np.where(man, ord("H"), ord("M")).astype(np.uint8)[:, None]
    codes = np.frombuffer("".join([*STATES, "NE"]).encode(), dtype=np.uint8).reshape(-1, 2)
    inner = rng.choice(CONSONANTS, (n, 3))
    young = birth >= np.datetime64("2000-01-01")
    mark = np.where(young, ord("A"), ord("0")) + rng.integers(0, 4, n)
    last = mark.astype(np.uint8)[:, None]
    return np.hstack([names, birth_digits(birth), sex, codes[state], inner, last])


def rfc_columns(founded: NDArray[np.datetime64], rng: Generator) -> Bytes:
    """The first eleven characters of companies' RFCs."""
    n = len(founded)
    beyond = np.frombuffer(b"FGHIJKLMNPQRSTUVWXYZ", dtype=np.uint8)
    mark = np.full((n, 1), ord("V"), dtype=np.uint8)
    home = rng.choice(beyond, (n, 1))
    return np.hstack([rng.choice(LETTERS, (n, 3)), birth_digits(founded), mark, home])


def passports(rng: Generator, n: int) -> Texts:
    """Passports of the neighbouring countries, numbered in a series none of them prints (ZZ)."""
    countries = np.array(["GTM", "HND", "SLV", "VEN", "HTI", "USA", "CUB", "COL"])
    country = rng.choice(countries, n, p=[0.25, 0.2, 0.12, 0.13, 0.08, 0.12, 0.06, 0.04])
    number = text(digits(rng.choice(10**7, n, replace=False), 7))
    return np.char.add(np.char.add(country, ":ZZ"), number)


def imeis(handset: Ints, rng: Generator) -> Texts:
    """One IMEI for each distinct handset: a few models are everywhere, most are rare."""
    n = len(handset)
    models = rng.choice(10**6, 400, replace=False) + 86_000_000
    model = models[np.minimum((400 * rng.random(n) ** 2.5).astype(np.int64), 399)]
    serial = rng.choice(10**6 if n < 800_000 else 10**7, n, replace=False) % 10**6
    return text(with_luhn(np.hstack([digits(model, 8), digits(serial, 6)])))


def iccids(carrier: Ints, serial: Ints, width: Ints) -> Texts:
    """SIM numbers: 89, country 52, the carrier's issuer number, the factory's serial, Luhn."""
    head = digits(895_200_0 + 11 + carrier * 7, 7)
    out = np.empty(len(serial), dtype="U20")
    for wide in np.unique(width):
        rows = width == wide
        body = np.hstack([head[rows], digits(serial[rows], int(wide) - 8)])
        out[rows] = text(with_luhn(body))
    return out
