"""Proof that a batch was evaluated with the key that everybody knows (RFC 9497 section 2.2).

Without it a custodian could answer each carrier under another key, and the engine would never see the
same person twice. One proof of 64 bytes covers a batch.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from serve.custodian import group
from serve.custodian.group import BadElement
from serve.custodian.oprf import VOPRF, context, framed, hash_to_scalar

PROOF_BYTES = 64
LARGEST_BATCH = 2**16 - 1


def proof(key: bytes, asked: Sequence[bytes], answered: Sequence[bytes], chance: bytes) -> bytes:
    """GenerateProof over a batch; `chance` is a random scalar that is used for nothing else."""
    public = group.base_product(key)
    combined = _combined(_weights(public, asked, answered), asked)
    challenge = _challenge(
        public,
        combined,
        group.product(key, combined),
        group.base_product(chance),
        group.product(chance, combined),
    )
    return challenge + group.scalar_difference(chance, group.scalar_product(challenge, key))


def holds(public: bytes, asked: Sequence[bytes], answered: Sequence[bytes], proof: bytes) -> bool:
    """VerifyProof: whether the answers were made with the secret of this public key."""
    if len(asked) != len(answered) or len(proof) != PROOF_BYTES:
        return False
    try:
        return _verified(public, asked, answered, (group.scalar(proof[:32]), proof[32:]))
    except BadElement:
        return False


def _verified(
    public: bytes, asked: Sequence[bytes], answered: Sequence[bytes], proof: tuple[bytes, bytes]
) -> bool:
    challenge, response = proof[0], group.scalar(proof[1])
    weights = _weights(public, asked, answered)
    combined, product = _combined(weights, asked), _combined(weights, answered)
    own = group.total(group.base_product(response), group.product(challenge, public))
    other = group.total(group.product(response, combined), group.product(challenge, product))
    return hmac.compare_digest(challenge, _challenge(public, combined, product, own, other))


def _weights(public: bytes, asked: Sequence[bytes], answered: Sequence[bytes]) -> list[bytes]:
    if not 0 < len(asked) <= LARGEST_BATCH:
        raise BadElement("a batch to prove is empty, or too large")
    seed = hashlib.sha512(framed(public) + framed(b"Seed-" + context(VOPRF))).digest()
    return [
        hash_to_scalar(
            framed(seed) + i.to_bytes(2, "big") + framed(c) + framed(d) + b"Composite", VOPRF
        )
        for i, (c, d) in enumerate(zip(asked, answered, strict=True))
    ]


def _combined(weights: Sequence[bytes], elements: Sequence[bytes]) -> bytes:
    """The weighted sum of the elements."""
    result = group.product(weights[0], elements[0])
    for weight, element in zip(weights[1:], elements[1:], strict=True):
        result = group.total(result, group.product(weight, element))
    return result


def _challenge(*elements: bytes) -> bytes:
    return hash_to_scalar(b"".join(map(framed, elements)) + b"Challenge", VOPRF)
