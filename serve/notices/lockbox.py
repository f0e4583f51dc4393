"""Rows that only open for who brings the identity's token: no list of them says who they are about.

The row's name and the key of its content are both derived from the token. Content is padded to one
size, and looking for somebody who is not there costs the same work.
"""

from __future__ import annotations

import hmac
import json
import os
from dataclasses import dataclass
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from detector.errors import KeyMissing

SIZE = 2_048  # bytes of every content
NONCE = 12


class Seals(Protocol):
    """Something that closes and opens: a vault, or the notifier's key for contacts."""

    def seal(self, content: bytes, place: str) -> bytes:
        """The content, closed."""
        ...

    def open(self, sealed: bytes, place: str) -> bytes:
        """The content again. Raises KeyMissing."""
        ...


@dataclass(frozen=True, slots=True)
class Row:
    """Where a person's rows are filed, and the key to their content."""

    name: bytes
    _key: bytes

    def seal(self, content: dict[str, Any]) -> bytes:
        """The content, closed and of one size. Raises ValueError where it is too long."""
        text = json.dumps(content).encode()
        if len(text) > SIZE:
            raise ValueError(f"content of more than {SIZE} bytes")
        nonce = os.urandom(NONCE)
        return nonce + AESGCM(self._key).encrypt(nonce, text.ljust(SIZE), self.name)

    def open(self, sealed: bytes) -> dict[str, Any]:
        """The content again. Raises KeyMissing where the row is another's or was changed."""
        try:
            text = AESGCM(self._key).decrypt(sealed[:NONCE], sealed[NONCE:], self.name)
        except InvalidTag:
            raise KeyMissing("a row does not open under the key that is here") from None
        found: dict[str, Any] = json.loads(text)
        return found


class Lockbox:
    """Finds the row of a token. `key` is the register's own, of 32 bytes, used for nothing else."""

    def __init__(self, key: bytes) -> None:
        if len(key) != 32:
            raise KeyMissing("the register's key has 32 bytes")
        self._key = key
        self._nobody = self.row(b"\0nobody")
        self._empty = self._nobody.seal({})

    def row(self, person: bytes) -> Row:
        """The row of an identity's token."""
        derived = hmac.digest(self._key, b"person\0" + person, "sha512")
        return Row(derived[:32], derived[32:])

    def mark(self, kind: str, text: str) -> bytes:
        """A keyed hash of something that is only ever compared: a code, a folio."""
        return hmac.digest(self._key, f"{kind}\0{text}".encode(), "sha256")

    def opened(self, row: Row, sealed: bytes | None) -> dict[str, Any] | None:
        """The content, or None where there is none: the same work either way."""
        if sealed is None:
            self._nobody.open(self._empty)
            return None
        return row.open(sealed)
