"""The key of one reference table: what stands in the file can be tried out only with it.

A row's key is AES-256 over the engine's own key of an identity, cut to 64 bits; each kind of table has a
key of its own, so that the officials' table cannot be joined with that of breaches.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from detector.errors import KeyMissing
from detector.registration import Int64

BLOCK = 16


@dataclass(frozen=True, slots=True)
class TableKey:
    """Keys the rows of one kind of table and seals its manifest. Its text form shows no secret."""

    kind: str
    row: bytes = field(repr=False)
    manifest: bytes = field(repr=False)

    @classmethod
    def derived(cls, secret: bytes, kind: str) -> Self:
        """From the engine's 32 secret bytes. Raises KeyMissing where there are fewer."""
        if len(secret) < 32:
            raise KeyMissing("the key of the reference tables must be 32 bytes or more")
        info = f"simvigia/reference/1/{kind}".encode()
        both = HKDF(algorithm=SHA256(), length=64, salt=None, info=info).derive(secret)
        return cls(kind, both[:32], both[32:])

    @property
    def id(self) -> str:
        """By which a table says whose it is; tells nothing of the key."""
        return self.seal(b"id")[:8].hex()

    def of(self, identities: Int64) -> Int64:
        """The table's key of each of the engine's identities; 0 stays 0, and nothing else becomes it."""
        blocks = np.zeros((len(identities), BLOCK // 8), "<i8")
        blocks[:, 0] = identities
        cipher = Cipher(algorithms.AES(self.row), modes.ECB())  # noqa: S305 - a block is a whole input
        out = np.frombuffer(cipher.encryptor().update(blocks.tobytes()), "<i8").reshape(-1, 2)
        made = np.where(out[:, 0] == 0, 1, out[:, 0])
        return np.where(identities == 0, 0, made).astype(np.int64)

    def seal(self, content: bytes) -> bytes:
        """What only the holder of the key can put under a manifest."""
        return hmac.digest(self.manifest, content, "sha256")
