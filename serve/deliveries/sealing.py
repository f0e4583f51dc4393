"""Secrets at rest: what must be read again to be used (a sink's access token), under AES-256-GCM."""

from __future__ import annotations

import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from detector.errors import KeyMissing

MARK, NONCE = 4, 12  # bytes: which key, and what makes a sealing unlike the next


class Vault:
    """Seals under the newest key and opens under every key it was given.

    The place (a row's name) is bound in: a sealed value moved to another row does not open.
    """

    def __init__(self, *keys: bytes) -> None:
        if not keys or any(len(key) != 32 for key in keys):
            raise KeyMissing("a vault needs at least one key of 32 bytes")
        self._newest = _mark(keys[0])
        self._keys = {_mark(key): AESGCM(key) for key in keys}

    def seal(self, content: bytes, place: str) -> bytes:
        """The content, closed."""
        nonce = os.urandom(NONCE)
        closed = self._keys[self._newest].encrypt(nonce, content, place.encode())
        return self._newest + nonce + closed

    def open(self, sealed: bytes, place: str) -> bytes:
        """The content again. Raises KeyMissing where the key is not here or the bytes were changed."""
        key = self._keys.get(sealed[:MARK])
        nonce, closed = sealed[MARK : MARK + NONCE], sealed[MARK + NONCE :]
        try:
            if key is not None:
                return key.decrypt(nonce, closed, place.encode())
        except (InvalidTag, ValueError):
            pass
        raise KeyMissing("what was sealed does not open under any key that is here")


def _mark(key: bytes) -> bytes:
    return hashlib.sha256(b"simvigia vault mark\0" + key).digest()[:MARK]
