"""The oblivious pseudorandom function of RFC 9497 (ristretto255, SHA-512), modes 0 and 1.

The client blinds a value, the custodian multiplies it by its key, the client takes the blind off: the
custodian learns no value and the client no key. Names follow the RFC. The order of the random
scalars is an argument, so that the RFC's vectors are tests. Needs a cryptographer's review.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache

from serve.custodian import group
from serve.custodian.group import BadElement

OPRF, VOPRF = 0, 1  # RFC 9497 table 1
LONGEST_INPUT = 2**16 - 1
_PADDED = hashlib.sha512(bytes(128))  # the state after Z_pad of expand_message_xmd, RFC 9380 5.3.1


def context(mode: int) -> bytes:
    """contextString of the suite in a mode (RFC 9497 section 3.1)."""
    return b"OPRFV1-" + bytes([mode]) + b"-ristretto255-SHA512"


@cache
def _domain(name: bytes, mode: int) -> bytes:
    tag = name + context(mode)
    return tag + bytes([len(tag)])


def _expanded(message: bytes, domain: bytes) -> bytes:
    """expand_message_xmd with SHA-512 to 64 bytes, which is one block of output."""
    state = _PADDED.copy()
    state.update(message + b"\0\x40\0" + domain)
    return hashlib.sha512(state.digest() + b"\x01" + domain).digest()


def hash_to_group(value: bytes, mode: int) -> bytes:
    """The element that stands for a value. Raises BadElement for one that is too long."""
    if len(value) > LONGEST_INPUT:
        raise BadElement("a value is longer than the function takes")
    return group.of_digest(_expanded(value, _domain(b"HashToGroup-", mode)))


def hash_to_scalar(value: bytes, mode: int, tag: bytes = b"HashToScalar-") -> bytes:
    """The scalar that stands for a value."""
    return group.reduced(_expanded(value, _domain(tag, mode)))


def derived_key(seed: bytes, info: bytes, mode: int) -> bytes:
    """DeriveKeyPair: the secret key that 32 random bytes and a public label give."""
    if len(seed) != 32:
        raise BadElement("a key seed must be 32 bytes")
    start = seed + framed(info)
    for counter in range(256):
        key = hash_to_scalar(start + bytes([counter]), mode, b"DeriveKeyPair")
        if any(key):
            return key
    raise BadElement("a key seed gives no key")


def blinded(value: bytes, blind: bytes, mode: int) -> bytes:
    """Blind: what the custodian gets to see."""
    return group.product(blind, hash_to_group(value, mode))


def evaluated(key: bytes, element: bytes) -> bytes:
    """BlindEvaluate: the custodian's part. Raises BadElement."""
    return group.product(key, element)


def outputs(
    values: Sequence[bytes], blinds: Sequence[bytes], evaluations: Sequence[bytes]
) -> list[bytes]:
    """Finalize for each value: 64 bytes. Raises BadElement for an evaluation that is no element."""
    taken_off = group.inverses(blinds)
    return [
        output(value, group.product(inverse, element))
        for value, inverse, element in zip(values, taken_off, evaluations, strict=True)
    ]


def output(value: bytes, unblinded: bytes) -> bytes:
    """The last hash of Finalize."""
    return hashlib.sha512(framed(value) + framed(unblinded) + b"Finalize").digest()


def evaluated_openly(key: bytes, value: bytes, mode: int) -> bytes:
    """Evaluate: what whoever holds the key gets without blinding; the same 64 bytes."""
    return output(value, group.product(key, hash_to_group(value, mode)))


def framed(value: bytes) -> bytes:
    """A value behind its length in two bytes."""
    return len(value).to_bytes(2, "big") + value
