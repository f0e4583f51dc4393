"""How numbers are written down: CURP, RFC, SIM, handset, line, address, contact.

Everything here turns integers into text and knows nothing of who is honest. The identities have right
check digits and a shape that no registry can have issued:

* CURP and personal RFC: the second letter is the first inner *vowel* of the surname, or X when there is
  none. Here it is always another consonant.
* company RFC: the tax office's two marks of difference never hold the letter O. Here the first one is O.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]
Texts: TypeAlias = NDArray[np.object_]
Bytes: TypeAlias = NDArray[np.uint8]

_STATES = np.frombuffer(
    b"ASBCBSCCCSCHCLCMDFDGGTGRHGJCMCMNMSNTNLOCPLQTQRSPSLSRTCTSTLVZYNZSNE",
    np.uint8,
).reshape(-1, 2)
_LETTERS = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", np.uint8)
_CONSONANTS = np.frombuffer(b"BCDFGHJKLMNPQRSTVWYZ", np.uint8)
_DIGITS = np.frombuffer(b"0123456789", np.uint8)
_MARKS = np.frombuffer(b"123456789ABCDEFGHIJKLMNPQRSTUVWXYZ", np.uint8)
_MODELS = 900
_MAIL = ("correo.example", "buzon.example", "mensajes.example", "postal.example")


def scatter(values: Ints, salt: int) -> Ints:
    """Whole numbers below 2^62 that look drawn by chance and always come out the same (splitmix64)."""
    with np.errstate(over="ignore"):
        mixed = values.astype(np.uint64) + np.uint64((salt * 0x9E3779B97F4A7C15 + 1) % 2**64)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(2)).astype(np.int64)


def text_of(matrix: Bytes) -> Texts:
    """One text for each row of a matrix of ASCII codes."""
    width = matrix.shape[1]
    return np.ascontiguousarray(matrix).view(f"S{width}").ravel().astype(str).astype(object)


def without(values: Texts, empty: Flags) -> Texts:
    """The values, with none where `empty` says so."""
    out = values.astype(object)
    out[empty] = None
    return out


def digits_of(values: Ints, width: int) -> Bytes:
    """The decimal digits of each number, as ASCII codes, with leading zeros."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    digits: Bytes = _DIGITS[(values[:, None] // powers) % 10]
    return digits


def _with_luhn(body: Bytes) -> Bytes:
    """The digits followed by their Luhn check digit."""
    doubled = (body.astype(np.int64) - 48)[:, ::-1].copy()
    doubled[:, ::2] *= 2
    total = (doubled // 10 + doubled % 10).sum(axis=1)
    return np.hstack([body, digits_of((-total) % 10, 1)])


def _curp_value(codes: Bytes) -> Ints:
    """The place of each character in the CURP alphabet, in which an Ñ follows the N."""
    value = codes.astype(np.int64)
    letter = value - 55 + (value > ord("N"))
    return np.where(value < 58, value - 48, letter)


def curps(days: Ints, man: Flags, state: Ints, salt: int) -> Bytes:
    """18 characters for people born `days` after 1900, as a matrix; the shape is one never issued."""
    seeds = np.arange(len(days), dtype=np.int64)
    out = np.empty((len(days), 18), np.uint8)
    for column, alphabet in ((0, _LETTERS), (1, _CONSONANTS), (2, _LETTERS), (3, _LETTERS)):
        out[:, column] = alphabet[scatter(seeds, salt + column) % len(alphabet)]
    out[:, 4:10] = _date(days)
    out[:, 10] = np.where(man, ord("H"), ord("M"))
    out[:, 11:13] = _STATES[state]
    for column in (13, 14, 15):
        out[:, column] = _CONSONANTS[scatter(seeds, salt + column) % len(_CONSONANTS)]
    return with_homoclave(out, scatter(seeds, salt + 16))


def with_homoclave(curp: Bytes, choice: Ints) -> Bytes:
    """The same roots with another 17th character (a digit for those born before 2000) and its check."""
    out = curp.copy()
    young = (out[:, 4] == ord("0")) | (out[:, 4] == ord("1"))
    out[:, 16] = np.where(young, _LETTERS[choice % 8], _DIGITS[choice % 10])
    total = (_curp_value(out[:, :17]) * np.arange(18, 1, -1)).sum(axis=1)
    out[:, 17] = digits_of((-total) % 10, 1)[:, 0]
    return out


def _date(days: Ints) -> Bytes:
    when = (np.datetime64("1900-01-01") + days).astype("datetime64[D]").astype(str)
    grid = np.asarray(when, dtype="S10").view(np.uint8).reshape(-1, 10)
    return grid[:, [2, 3, 5, 6, 8, 9]]


def rfcs(days: Ints, person: Flags, salt: int) -> Texts:
    """RFCs of companies (12 characters) and of people in business (13), of shapes never issued."""
    seeds = np.arange(len(days), dtype=np.int64)
    out = np.full((len(days), 13), ord(" "), np.uint8)
    for column in range(4):
        out[:, column] = _LETTERS[scatter(seeds, salt + column) % 26]
    out[:, 1] = np.where(person, _CONSONANTS[scatter(seeds, salt + 4) % 20], out[:, 1])
    out[~person, 0] = ord(" ")
    out[:, 4:10] = _date(days)
    mark = _MARKS[scatter(seeds, salt + 5) % len(_MARKS)]
    out[:, 10] = np.where(person, mark, ord("O"))
    out[:, 11] = _MARKS[scatter(seeds, salt + 6) % len(_MARKS)]
    value = np.where(out[:, :12] == ord(" "), 37, _curp_value(out[:, :12]))
    # The tax office's alphabet has & where the CURP's has Ñ, and the blank at 37.
    rest = (-(value * np.arange(13, 1, -1)).sum(axis=1)) % 11
    out[:, 12] = np.where(rest == 10, ord("A"), 48 + rest)
    return np.array([each.strip() for each in text_of(out)], dtype=object)


def passports(ids: Ints, salt: int) -> Texts:
    """Passports of the countries that people on the road come from."""
    countries = np.array(["HND", "GTM", "VEN", "SLV", "CUB", "USA", "COL", "HTI"], dtype=object)
    number = scatter(ids, salt) % 10**8
    home = countries[scatter(ids, salt + 1) % 8]
    return np.asarray(home + ":" + text_of(digits_of(number, 8)), dtype=object)


def imeis(handsets: Ints, salt: int) -> Texts:
    """15 digits: one of 900 models, of which few are common, a serial number, and the check digit."""
    draw = (scatter(handsets, salt) % 10**6) / 10**6
    model = scatter((draw**2.2 * _MODELS).astype(np.int64), salt + 1) % 10**6
    serial = scatter(handsets, salt + 2) % 10**6
    lead = np.tile(np.frombuffer(b"35", np.uint8), (len(handsets), 1))
    return text_of(_with_luhn(np.hstack([lead, digits_of(model, 6), digits_of(serial, 6)])))


def iccids(sims: Ints, carrier: Ints, long: Flags, salt: int) -> Texts:
    """19 digits, or 20 where a carrier prints long ones; SIMs of one thousand share all but three."""
    block = scatter(sims // 1000, salt) % 10**9
    body = [
        np.tile(np.frombuffer(b"8952", np.uint8), (len(sims), 1)),
        digits_of(10 + carrier * 7, 2),
    ]
    tail = [digits_of(block, 9), digits_of(sims % 1000, 3)]
    short = text_of(_with_luhn(np.hstack(body + tail)))
    zero = digits_of(np.zeros(len(sims), np.int64), 1)
    return np.where(long, text_of(_with_luhn(np.hstack([*body, zero, *tail]))), short)


def devices(ids: Ints, salt: int) -> Texts:
    """Fingerprints of the browser, app or tablet that ran a registration."""
    return np.array([f"{value:016x}" for value in scatter(ids, salt).tolist()], dtype=object)


def addresses(ips: Ints, salt: int) -> Texts:
    """IPv4, and IPv6 in a fifth of the networks; addresses of one network share all but the host."""
    network, host = ips // 256, ips % 256
    seed = scatter(network, salt)
    parts = zip(seed.tolist(), host.tolist(), strict=True)
    return np.array([_address(mixed, last) for mixed, last in parts], dtype=object)


def _address(seed: int, host: int) -> str:
    if seed % 5 == 0:
        return f"2806:{seed >> 8 & 0xFFFF:x}:{seed >> 24 & 0xFFFF:x}:{seed >> 40 & 0xFF:x}{host:02x}::1"
    return f"{(187, 189, 201, 148)[seed % 4]}.{seed >> 8 & 0xFF}.{seed >> 16 & 0xFF}.{host}"


def contacts(ids: Ints, salt: int) -> Texts:
    """The e-mail, or for one in four the other telephone, that an applicant leaves."""
    mixed = scatter(ids, salt).tolist()
    return np.array([_contact(value) for value in mixed], dtype=object)


def _contact(value: int) -> str:
    if value % 4 == 0:
        return f"+52{(55, 33, 81, 22)[value // 4 % 4]}{value // 16 % 10**8:08d}"
    return f"{value // 4 % 36**6:x}{value % 89 + 10}@{_MAIL[value // 512 % 4]}"
