"""Identifiers of made-up people and things, each from a number by one recipe for honest and bad alike.

No CURP here can have been issued to a person: its second letter is a consonant other than X, where the
registry always writes the first inner vowel of a surname, or X where there is none.
"""

from __future__ import annotations

import numpy as np

from detector.lands.strangers.places import STATES

CONSONANTS = np.frombuffer(b"BCDFGHJKLMNPQRSTVWYZ", np.uint8)
LETTERS = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", np.uint8)
INITIALS = np.frombuffer(b"AABBCCCCDEFFGGGGGHHHJLLLMMMMMNOPPRRRRRSSTVVZ", np.uint8)
HOMOCLAVE = np.frombuffer(b"123456789ABCDEFGHIJKLMNPQRSTUV", np.uint8)
CURP_ORDER = b"0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ"  # & stands for the letter with the tilde
WORTH = np.zeros(256, np.int64)
WORTH[np.frombuffer(CURP_ORDER, np.uint8)] = np.arange(37)
WORTH[32] = 37
RFC_DIGITS = np.frombuffer(b"0123456789A", np.uint8)
SYLLABLES = np.array(
    [
        "ba",
        "ce",
        "di",
        "fo",
        "lu",
        "ma",
        "ne",
        "pi",
        "ro",
        "sa",
        "te",
        "vi",
        "xo",
        "yu",
        "za",
        "ka",
        "mi",
        "no",
        "pe",
        "ri",
    ]
)
MAIL = np.array(["correo.example", "buzon.example", "mail.example", "carta.example"])
STATE_LETTERS = np.frombuffer("".join(s[0] for s in STATES).encode() + b"NE", np.uint8).reshape(
    -1, 2
)


def mixed(keys: np.ndarray, salt: int) -> np.ndarray:
    """Numbers without visible order, one for each key (splitmix64)."""
    with np.errstate(over="ignore"):
        z = keys.astype(np.uint64) + np.uint64((salt * 0x9E3779B97F4A7C15) & (2**64 - 1))
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def below(keys: np.ndarray, salt: int, limit: int) -> np.ndarray:
    """A number below `limit` for each key."""
    return (mixed(keys, salt) % np.uint64(limit)).astype(np.int64)


def texts(matrix: np.ndarray) -> np.ndarray:
    """Rows of bytes as text."""
    rows = np.ascontiguousarray(matrix, np.uint8)
    flat = rows.view(f"S{matrix.shape[1]}").ravel()
    return flat.astype("U").astype(object)


def digits(numbers: np.ndarray, width: int) -> np.ndarray:
    """Decimal digits as a matrix of bytes, leading zeros kept."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    return (numbers[:, None] // powers % 10 + 48).astype(np.uint8)


def dated(days: np.ndarray) -> np.ndarray:
    """YYMMDD of days since 1970, as bytes."""
    date = days.astype("datetime64[D]")
    month = date.astype("datetime64[M]").astype(np.int64)
    day = (date - date.astype("datetime64[M]")).astype(np.int64) + 1
    return digits((month // 12 + 1970) % 100 * 10000 + (month % 12 + 1) * 100 + day, 6)


def curps(
    rng: np.random.Generator, female: np.ndarray, born: np.ndarray, state: np.ndarray
) -> np.ndarray:
    """Matrix of CURPs; `state` is a position in STATES, or their number for abroad."""
    size = len(female)
    out = np.zeros((size, 18), np.uint8)
    out[:, 0] = rng.choice(INITIALS, size)
    out[:, 1] = rng.choice(CONSONANTS, size)
    out[:, 2:4] = rng.choice(INITIALS, (size, 2))
    out[:, 4:10] = dated(born)
    out[:, 10] = np.where(female, ord("M"), ord("H"))
    out[:, 11:13] = STATE_LETTERS[state]
    out[:, 13:16] = rng.choice(CONSONANTS, (size, 3))
    late = born >= 10957  # 2000
    out[:, 16] = np.where(late, rng.choice(LETTERS[:10], size), rng.integers(48, 58, size))
    return checked(out)


def checked(curp: np.ndarray) -> np.ndarray:
    """The same with the right last digit."""
    total = (WORTH[curp[:, :17]] * np.arange(18, 1, -1)).sum(1)
    curp[:, 17] = (10 - total % 10) % 10 + 48
    return curp


def siblings(rng: np.random.Generator, curp: np.ndarray) -> np.ndarray:
    """Other CURPs with the same root: another homoclave."""
    other = curp.copy()
    step = rng.integers(1, 9, len(curp))
    digit = (other[:, 16] >= 48) & (other[:, 16] <= 57)
    as_digit, as_letter = (other[:, 16] - 48 + step) % 10 + 48, (other[:, 16] - 65 + step) % 10 + 65
    other[:, 16] = np.where(digit, as_digit, as_letter)
    return checked(other)


def company_rfcs(rng: np.random.Generator, founded: np.ndarray) -> np.ndarray:
    """RFCs (12) of companies founded on these days."""
    names = rng.choice(LETTERS, (len(founded), 3))
    return _rfcs(rng, names, dated(founded))


def trader_rfcs(rng: np.random.Generator, curp: np.ndarray) -> np.ndarray:
    """RFCs (13) of persons in business: their CURP's first ten characters."""
    return _rfcs(rng, curp[:, :4], curp[:, 4:10])


def _rfcs(rng: np.random.Generator, names: np.ndarray, date: np.ndarray) -> np.ndarray:
    body = np.hstack([names, date, rng.choice(HOMOCLAVE, (len(date), 2))])
    width = body.shape[1] + 1
    total = (WORTH[body] * np.arange(width, 1, -1)).sum(1) + (481 if width == 12 else 0)
    return np.hstack([body, RFC_DIGITS[(11 - total % 11) % 11][:, None]])


def with_luhn(body: np.ndarray) -> np.ndarray:
    """Digits with their Luhn digit behind them."""
    value = body[:, ::-1].astype(np.int64) - 48
    value[:, ::2] *= 2
    value[value > 9] -= 9
    return np.hstack([body, ((10 - value.sum(1) % 10) % 10 + 48).astype(np.uint8)[:, None]])


def imeis(keys: np.ndarray, salt: int) -> np.ndarray:
    """Fifteen digits: one of some hundred made-up models, popular ones oftener, and a serial."""
    rank = (400 * (below(keys, salt, 10**6) / 1e6) ** 2.5).astype(np.int64)
    tac = 35000000 + below(rank, salt + 1, 999_999)
    return with_luhn(np.hstack([digits(tac, 8), digits(below(keys, salt + 2, 10**6), 6)]))


def iccids(issuer: np.ndarray, serial: np.ndarray, width: np.ndarray) -> np.ndarray:
    """`8952`, the issuer, a serial, Luhn; 19 digits, or 20 where the issuer prints so many."""
    out = np.empty(len(serial), object)
    for size in np.unique(width):
        rows = width == size
        head = digits(issuer[rows] + 895200, 6)
        out[rows] = texts(with_luhn(np.hstack([head, digits(serial[rows], int(size) - 7)])))
    return out


def devices(keys: np.ndarray, vendor: np.ndarray, salt: int) -> np.ndarray:
    """What a vendor's fingerprint of a device looks like: each vendor sees another text."""
    high, low = mixed(keys * 8 + vendor, salt), mixed(keys * 8 + vendor, salt + 1)
    forms = ("{:016x}{:016x}", "fp-{:016x}", "D{:020d}")
    return np.array(
        [forms[v].format(int(a), int(b)) for v, a, b in zip(vendor % 3, high, low, strict=True)],
        object,
    )


def addresses(keys: np.ndarray, salt: int) -> np.ndarray:
    """IPv4, for one network in eight IPv6."""
    a = below(keys, salt, 2**32)
    six = below(keys, salt + 1, 8) == 0
    first = np.array([187, 189, 201, 177])[a % 4]
    return np.array(
        [
            f"2806:10{x % 97:02x}:{x >> 8 & 0xFFFF:x}:{x >> 3 & 0xF:x}::{x >> 24 | 1:x}"
            if s
            else f"{f}.{128 + (x >> 25 & 127)}.{x >> 8 & 255}.{x >> 16 & 255}"
            for x, s, f in zip(a.tolist(), six.tolist(), first.tolist(), strict=True)
        ],
        object,
    )


def mails(keys: np.ndarray, salt: int) -> np.ndarray:
    """Addresses in domains that do not exist."""
    a = [SYLLABLES[below(keys, salt + i, len(SYLLABLES))] for i in range(5)]
    number, domain = below(keys, salt + 6, 1000), MAIL[below(keys, salt + 7, len(MAIL))]
    rows = zip(*a, number, domain, strict=True)
    return np.array([f"{p}{q}.{r}{s}{t}{n}@{d}" for p, q, r, s, t, n, d in rows], object)
