"""Spells numbers as carriers do: lines, SIMs, handsets, devices, addresses, contacts, folios."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.lands.villagers.arrays import Ints, mixed, part

Texts = NDArray[Any]
MAILS = ("correo.example", "buzon.example", "carta.example", "tianguis.example")


def luhn(numbers: Ints, length: int) -> Ints:
    """The check digits of numbers that have so many digits."""
    total = np.zeros(len(numbers), dtype=np.int64)
    for at in range(length):
        digit = numbers // 10**at % 10
        doubled = digit * 2 - 9 * (digit > 4)
        total += doubled if at % 2 == 0 else digit
    return (10 - total % 10) % 10


def lines(keys: Ints, state: Ints, salt: int) -> Texts:
    """Telephone numbers; each state has a few area codes."""
    area = 222 + part(state * 3 + keys % 3, salt, 770)
    step = 10 * (salt % 400_000) + 5_000_003 - salt % 2 * 6
    number = (keys % 10_000_000 * step + salt % 9_999_991) % 10_000_000
    return _texts([f"+52{a}{n:07d}" for a, n in zip(area.tolist(), number.tolist(), strict=True)])


def sims(box: Ints, slot: Ints, carrier: Ints, salt: int) -> Texts:
    """ICCIDs: those of a box differ in their last digits only."""
    issuer = 20 + 10 * carrier + part(carrier, salt, 10)
    body = (8952 * 100 + issuer) * 10**9 + part(box, salt, 10**9)
    check = _long_check(body, slot)
    cells = zip(body.tolist(), slot.tolist(), check.tolist(), strict=True)
    return _texts([f"{b}{s:03d}{c}" for b, s, c in cells])


def handsets(keys: Ints, salt: int) -> Texts:
    """IMEIs of a few hundred models, some of them sold everywhere."""
    luck = part(keys, salt, 10**6) / 10**6
    model = (luck**2.2 * 420).astype(np.int64)
    tac = 35_000_000 + part(model, salt + 1, 900_000) * 7 % 1_000_000
    body = tac * 1_000_000 + part(keys, salt + 2, 1_000_000)
    check = luhn(body, 14)
    return _texts([f"{b}{c}" for b, c in zip(body.tolist(), check.tolist(), strict=True)])


def devices(keys: Ints, salt: int) -> Texts:
    """Fingerprints of devices."""
    return _texts([f"{x:016x}" for x in mixed(keys, salt).tolist()])


def folios(count: int, salt: int) -> Texts:
    """Folios of registrations: nothing in them but that no two are the same."""
    found = mixed(np.arange(count), salt) >> np.uint64(4)
    return _texts([f"v{x:015x}" for x in found.tolist()])


def contacts(keys: Ints, salt: int, mail_share: float) -> Texts:
    """An e-mail address or a telephone number."""
    mail = part(keys, salt, 1000) < mail_share * 1000
    number = part(keys, salt + 1, 7_000_000_000) + 2_200_000_000
    words = mixed(keys, salt + 2)
    cells = zip(mail.tolist(), number.tolist(), words.tolist(), strict=True)
    return _texts([f"{w:013x}@{MAILS[w % 4]}" if m else f"+52{n}" for m, n, w in cells])


def networks(keys: Ints, salt: int, six: float) -> Texts:
    """Addresses, some of the newer kind."""
    newer = part(keys, salt, 1000) < six * 1000
    found = mixed(keys, salt + 1).tolist()
    return _texts(
        [
            f"2806:{x >> 52 & 4095:x}:{x >> 36 & 65535:x}:{x >> 20 & 65535:x}::{x & 65535:x}"
            if six_here
            else f"{187 + x % 5}.{x >> 8 & 255}.{x >> 16 & 255}.{x >> 24 & 255}"
            for six_here, x in zip(newer.tolist(), found, strict=True)
        ]
    )


def named(keys: Ints, salt: int, letter: str, below: int) -> Texts:
    """Shops and people who serve, by number."""
    return _texts([f"{letter}{x}" for x in part(keys, salt, below).tolist()])


def _long_check(body: Ints, slot: Ints) -> Ints:
    """The check digit of a body of 15 digits followed by 3 more."""
    tail, head = luhn(slot, 3), np.zeros(len(body), dtype=np.int64)
    for at in range(15):
        digit = body // 10**at % 10
        doubled = digit * 2 - 9 * (digit > 4)
        head += doubled if at % 2 else digit
    return (tail - head) % 10


def _texts(found: list[str]) -> Texts:
    cells = np.empty(len(found), dtype=object)
    cells[:] = found
    return cells
