"""Records that only a request can open: row id and key come from its token and the engine's key.

    64 bytes = HMAC-SHA512(engine key, "simvigia/row/1" | kind | token)
             = row id (16) | key of the record (32) | id of a second row (16)

A copy of the storage holds random ids and boxes of a few sizes; even with the engine's key nothing in
it opens without the token. A box is AES-256-GCM, bound to its row id and epoch, so a box put into
another row or under another epoch does not open. A token may have a second row under the same key
(`Row.beside`). Needs a cryptographer's review.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from detector.errors import BadInput
from serve.enginekeys import EngineKey

# Bytes of a box's content, its length included: such that a row fills SQLite's pages of 4,096 bytes, whose
# rows go on, where they are longer than 1,002 bytes, in pages of their own.
SIZES = (112, 256, 936, 4_512, 8_608, 20_880, 40_960)
LENGTH_BYTES, EPOCH_BYTES, NONCE_BYTES, TAG_BYTES = 4, 4, 12, 16
OVERHEAD = EPOCH_BYTES + NONCE_BYTES + TAG_BYTES
ROW_ID_BYTES, KEY_BYTES = 16, 32
DOMAIN = b"simvigia/row/1"


class NotOpened(BadInput):
    """A box that this key does not open: damaged, of another row, or of another key."""


class Row:
    """Where a token's record lies in one epoch, and what opens it. Its text form shows no key.

    A plain class: a registration has a dozen, each opened and sealed again, so the cipher is made once.
    """

    __slots__ = ("_about", "_beside", "_cipher", "epoch", "id")

    def __init__(self, epoch: int, id_: bytes, cipher: AESGCM, beside: bytes) -> None:
        self.epoch, self.id = epoch, id_
        self._about = id_ + epoch.to_bytes(EPOCH_BYTES, "big")
        self._beside, self._cipher = beside, cipher

    def __repr__(self) -> str:
        return f"Row(epoch={self.epoch}, id={self.id!r})"

    @property
    def beside(self) -> Row:
        """The second row of the same token; what is sealed for one of the two opens as that one only."""
        return Row(self.epoch, self._beside, self._cipher, self.id)

    def seal(self, content: bytes, step: int = 0) -> bytes:
        """A box in the smallest of SIZES that fits, or filled up to a multiple of `step`."""
        nonce, about = os.urandom(NONCE_BYTES), self._about
        return (
            about[-EPOCH_BYTES:] + nonce + self._cipher.encrypt(nonce, padded(content, step), about)
        )

    def open(self, box: bytes) -> bytes:
        """What was sealed. Raises NotOpened."""
        about = self._about
        if len(box) < OVERHEAD or box[:EPOCH_BYTES] != about[-EPOCH_BYTES:]:
            raise NotOpened("a record's box is damaged, or of another epoch")
        nonce = box[EPOCH_BYTES : EPOCH_BYTES + NONCE_BYTES]
        try:
            held = self._cipher.decrypt(nonce, memoryview(box)[EPOCH_BYTES + NONCE_BYTES :], about)
        except InvalidTag:
            raise NotOpened("a record's box is damaged, or of another row or key") from None
        return unpadded(held)


def row(key: EngineKey, kind: str, token: bytes, *, name: bytes = b"") -> Row:
    """The row of a token (all of its bytes) among records of a kind, such as `identity`.

    It lies where the token says, or under a `name` that was made otherwise.
    """
    if not token or not kind:
        raise BadInput("a row needs a kind and a token")
    made = key.rows.digest(_beginning(kind) + token)
    end = ROW_ID_BYTES + KEY_BYTES
    cipher = AESGCM(made[ROW_ID_BYTES:end])
    return Row(key.epoch, name or made[:ROW_ID_BYTES], cipher, made[end:])


@lru_cache(maxsize=256)
def _beginning(kind: str) -> bytes:
    name = kind.encode()
    return DOMAIN + bytes([len(name)]) + name


def padded(content: bytes, step: int = 0) -> bytes:
    """Content behind its length, filled up to one of SIZES or to a multiple: of `step`, else of the largest."""
    needed = len(content) + LENGTH_BYTES
    if not step and needed <= SIZES[-1]:
        size = SIZES[bisect_left(SIZES, needed)]
    else:
        step = step or SIZES[-1]
        size = -(-needed // step) * step
    return len(content).to_bytes(LENGTH_BYTES, "big") + content + bytes(size - needed)


def unpadded(held: bytes) -> bytes:
    """The content. Raises NotOpened where the length makes no sense."""
    length = int.from_bytes(held[:LENGTH_BYTES], "big")
    if length > len(held) - LENGTH_BYTES:
        raise NotOpened("a record's box holds no record")
    return held[LENGTH_BYTES : LENGTH_BYTES + length]
