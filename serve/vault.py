"""Records that only a request can open: row id and key come from its token and the engine's key.

    64 bytes = HMAC-SHA512(engine key, "simvigia/row/1" | kind | token)
             = row id (16) | key of the record (32) | left over (16)

A copy of the storage holds random ids and boxes of a few sizes; even with the engine's key nothing in
it opens without the token. A box is AES-256-GCM, bound to its row id and epoch, so a box put into
another row or under another epoch does not open. Needs a cryptographer's review.
"""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from detector.errors import BadInput
from serve.enginekeys import EngineKey

SIZES = (128, 512, 2_048, 8_192, 20_480, 40_960)  # bytes of a box's content, its length included
LENGTH_BYTES, EPOCH_BYTES, NONCE_BYTES, TAG_BYTES = 4, 4, 12, 16
OVERHEAD = EPOCH_BYTES + NONCE_BYTES + TAG_BYTES
ROW_ID_BYTES = 16
DOMAIN = b"simvigia/row/1"


class NotOpened(BadInput):
    """A box that this key does not open: damaged, of another row, or of another key."""


@dataclass(frozen=True, slots=True)
class Row:
    """Where a token's record lies in one epoch, and what opens it. Its text form shows no key."""

    epoch: int
    id: bytes
    key: bytes = field(repr=False)

    def seal(self, content: bytes, step: int = 0) -> bytes:
        """A box in the smallest of SIZES that fits, or filled up to a multiple of `step`."""
        nonce = os.urandom(NONCE_BYTES)
        epoch = self.epoch.to_bytes(EPOCH_BYTES, "big")
        sealed = AESGCM(self.key).encrypt(nonce, padded(content, step), self.id + epoch)
        return epoch + nonce + sealed

    def open(self, box: bytes) -> bytes:
        """What was sealed. Raises NotOpened."""
        epoch = self.epoch.to_bytes(EPOCH_BYTES, "big")
        if len(box) < OVERHEAD or box[:EPOCH_BYTES] != epoch:
            raise NotOpened("a record's box is damaged, or of another epoch")
        nonce = box[EPOCH_BYTES : EPOCH_BYTES + NONCE_BYTES]
        try:
            held = AESGCM(self.key).decrypt(
                nonce, memoryview(box)[EPOCH_BYTES + NONCE_BYTES :], self.id + epoch
            )
        except InvalidTag:
            raise NotOpened("a record's box is damaged, or of another row or key") from None
        return unpadded(held)


def row(key: EngineKey, kind: str, token: bytes) -> Row:
    """The row of a token (all of its bytes) among records of a kind, such as `identity`."""
    if not token or not kind:
        raise BadInput("a row needs a kind and a token")
    name = kind.encode()
    text = DOMAIN + bytes([len(name)]) + name + token
    made = hmac.digest(key.secret, text, "sha512")
    return Row(key.epoch, made[:16], made[16:48])


def padded(content: bytes, step: int = 0) -> bytes:
    """Content behind its length, filled up to one of SIZES or to a multiple: of `step`, else of the largest."""
    needed = len(content) + LENGTH_BYTES
    sizes = () if step else SIZES
    step = step or SIZES[-1]
    size = next((size for size in sizes if needed <= size), -(-needed // step) * step)
    return b"".join((len(content).to_bytes(LENGTH_BYTES, "big"), content, bytes(size - needed)))


def unpadded(held: bytes) -> bytes:
    """The content. Raises NotOpened where the length makes no sense."""
    length = int.from_bytes(held[:LENGTH_BYTES], "big")
    if length > len(held) - LENGTH_BYTES:
        raise NotOpened("a record's box holds no record")
    return held[LENGTH_BYTES : LENGTH_BYTES + length]
