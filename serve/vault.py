"""Records that only a request can open: row id and key come from its token and the engine's key.

    64 bytes = HMAC-SHA512(engine key, "simvigia/row/1" | kind | token)
             = row id (16) | key of the record (32) | key of its fingerprints (16)

A copy of the storage holds random ids and boxes of a few sizes; even with the engine's key nothing in
it opens without the token. A box is AES-256-GCM, bound to its row id and epoch, so a box put into
another row or under another epoch does not open. Needs a cryptographer's review.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from detector.errors import BadInput
from detector.registration import Int64
from serve.enginekeys import EngineKey, EngineKeys

SIZES = (512, 2_048, 8_192, 32_768)  # bytes of a box's content, its length included
LENGTH_BYTES, EPOCH_BYTES, NONCE_BYTES, TAG_BYTES = 4, 4, 12, 16
OVERHEAD = EPOCH_BYTES + NONCE_BYTES + TAG_BYTES
LARGEST = SIZES[-1] - LENGTH_BYTES
ROW_ID_BYTES = 16
FINGERPRINT_BITS = 48
DOMAIN = b"simvigia/row/1"


class NotOpened(BadInput):
    """A box that this key does not open: damaged, of another row, or of another key."""


@dataclass(frozen=True, slots=True)
class Row:
    """Where a token's record lies in one epoch, and what opens it. Its text form shows no key."""

    epoch: int
    id: bytes
    key: bytes = field(repr=False)
    prints: bytes = field(repr=False)

    def seal(self, content: bytes) -> bytes:
        """A box in the smallest size that fits. Raises BadInput where none does."""
        nonce = os.urandom(NONCE_BYTES)
        epoch = self.epoch.to_bytes(EPOCH_BYTES, "big")
        sealed = AESGCM(self.key).encrypt(nonce, padded(content), self.id + epoch)
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
    return Row(key.epoch, made[:16], made[16:48], made[48:])


@dataclass(frozen=True, slots=True)
class Found:
    """A record that was opened: what it holds, and the older rows to drop once it is written anew."""

    content: bytes | None
    stale: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Vault:
    """Rows of tokens under a key ring: newest first to look for, the newest to write."""

    keys: EngineKeys

    def rows(self, kind: str, token: bytes) -> tuple[Row, ...]:
        """Where the record may lie, the newest epoch first."""
        return tuple(row(key, kind, token) for key in reversed(self.keys.keys))

    def found(self, rows: tuple[Row, ...], boxes: Mapping[bytes, bytes]) -> Found:
        """The newest of the boxes that the store holds under these rows. Raises NotOpened."""
        held = [each for each in rows if each.id in boxes]
        if not held:
            return Found(None, ())
        stale = tuple(each.id for each in held if each is not rows[0])
        return Found(held[0].open(boxes[held[0].id]), stale)


def padded(content: bytes) -> bytes:
    """Content behind its length, filled up to one of SIZES. Raises BadInput where it is too long."""
    for size in SIZES:
        if len(content) <= size - LENGTH_BYTES:
            head = len(content).to_bytes(LENGTH_BYTES, "big")
            return b"".join((head, content, bytes(size - LENGTH_BYTES - len(content))))
    raise BadInput(f"a record may hold {LARGEST} bytes")


def unpadded(held: bytes) -> bytes:
    """The content. Raises NotOpened where the length makes no sense."""
    length = int.from_bytes(held[:LENGTH_BYTES], "big")
    if length > len(held) - LENGTH_BYTES:
        raise NotOpened("a record's box holds no record")
    return held[LENGTH_BYTES : LENGTH_BYTES + length]


def fingerprints(record_key: bytes, ids: Int64) -> Int64:
    """48-bit stand-ins of other keys' ids inside one record; 0 stays 0, and nothing else becomes it.

    Under another record's key the same id is another number: a line's record can say "the same holder
    as before" and cannot say who, nor can two records be joined. One AES block per id.
    """
    blocks = np.zeros((len(ids), 2), "<i8")
    blocks[:, 0] = ids
    cipher = Cipher(algorithms.AES(record_key), modes.ECB())  # noqa: S305 - a block is a whole input
    out = np.frombuffer(cipher.encryptor().update(blocks.tobytes()), "<i8").reshape(-1, 2)
    cut = out[:, 0] & ((1 << FINGERPRINT_BITS) - 1)
    return np.where(ids == 0, 0, np.where(cut == 0, 1, cut)).astype(np.int64)
