"""The group ristretto255 as RFC 9497 needs it, over libsodium; every element and scalar is 32 bytes.

An element that is not canonical, is the identity, or is of another length is refused wherever it
comes from outside. The library in use takes an element whose highest bit is set for the one without
it, against RFC 9496 section 4.3.1, so canonical form is checked here first. Its messages are not
passed on.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import rbcl  # type: ignore[import-untyped]  # it ships no types

from detector.errors import BadInput

ELEMENT_BYTES = SCALAR_BYTES = 32
FIELD = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
IDENTITY = bytes(ELEMENT_BYTES)

if os.name == "posix":
    # Each process writes the library to a file of its own (3 MB) and leaves it: once loaded it may go.
    Path(sys.modules["rbcl._sodium"].lib_path).unlink(missing_ok=True)


class BadElement(BadInput):
    """An element or scalar that the protocol does not allow: wrong length, not canonical, or neutral."""


def scalar(value: bytes) -> bytes:
    """The scalar itself. Raises BadElement unless it is canonical and not zero."""
    if len(value) != SCALAR_BYTES or not 0 < int.from_bytes(value, "little") < ORDER:
        raise BadElement("a scalar is not canonical, or is zero")
    return value


def random_scalar() -> bytes:
    """A scalar that nobody can guess, never zero."""
    return bytes(rbcl.crypto_core_ristretto255_scalar_random())


def reduced(digest: bytes) -> bytes:
    """The scalar that 64 uniform bytes stand for."""
    return bytes(rbcl.crypto_core_ristretto255_scalar_reduce(digest))


def inverses(scalars: Sequence[bytes]) -> list[bytes]:
    """The inverse of each: one inversion for all of them, and three products each."""
    if not scalars:
        return []
    running = [scalars[0]]
    for each in scalars[1:]:
        running.append(scalar_product(running[-1], each))
    rest, out = bytes(rbcl.crypto_core_ristretto255_scalar_invert(running[-1])), []
    for i in range(len(scalars) - 1, 0, -1):
        out.append(scalar_product(rest, running[i - 1]))
        rest = scalar_product(rest, scalars[i])
    return [rest, *reversed(out)]


def scalar_product(one: bytes, other: bytes) -> bytes:
    """Both multiplied."""
    return bytes(rbcl.crypto_core_ristretto255_scalar_mul(one, other))


def scalar_difference(one: bytes, other: bytes) -> bytes:
    """One less the other."""
    return bytes(rbcl.crypto_core_ristretto255_scalar_sub(one, other))


def of_digest(digest: bytes) -> bytes:
    """The element that 64 uniform bytes stand for. Raises BadElement for the identity."""
    element = bytes(rbcl.crypto_core_ristretto255_from_hash(digest))
    if element == IDENTITY:
        raise BadElement("a value maps to the identity element")
    return element


def base_product(factor: bytes) -> bytes:
    """A scalar times the generator: a public key."""
    return bytes(rbcl.crypto_scalarmult_ristretto255_base(factor))


def product(factor: bytes, element: bytes) -> bytes:
    """A scalar times an element. Raises BadElement for a bad element, or where the identity results."""
    _require_canonical(element)
    try:
        return bytes(rbcl.crypto_scalarmult_ristretto255(factor, element))
    except RuntimeError:
        raise BadElement("an element is not of the group") from None


def total(one: bytes, other: bytes) -> bytes:
    """Both added. Raises BadElement for a bad element, or where the identity results."""
    _require_canonical(one)
    _require_canonical(other)
    try:
        result = bytes(rbcl.crypto_core_ristretto255_add(one, other))
    except (RuntimeError, TypeError):
        raise BadElement("an element is not of the group") from None
    if result == IDENTITY:
        raise BadElement("a sum is the identity")
    return result


def _require_canonical(element: bytes) -> None:
    """Raises BadElement unless the bytes may be an element: 32, below the prime, even, not zero."""
    number = int.from_bytes(element, "little")
    if len(element) != ELEMENT_BYTES or not 0 < number < FIELD or number & 1:
        raise BadElement("an element is not canonical, or is the identity")


def is_element(value: bytes) -> bool:
    """Whether these bytes are an element that may come from outside."""
    try:
        _require_canonical(value)
    except BadElement:
        return False
    return bool(rbcl.crypto_core_ristretto255_is_valid_point(value))


def elements(packed: bytes) -> list[bytes]:
    """The elements that lie one after another; checked when they are first used.

    Raises BadElement where the length is no multiple of 32.
    """
    if len(packed) % ELEMENT_BYTES:
        raise BadElement("elements must be a multiple of 32 bytes")
    return [packed[i : i + ELEMENT_BYTES] for i in range(0, len(packed), ELEMENT_BYTES)]
