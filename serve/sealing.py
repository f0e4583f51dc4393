"""Boxes that whoever fills them cannot open again: contacts for notices, and events for the worker.

A box is HPKE (RFC 9180, X25519, AES-256-GCM) to a public key whose secret half lies elsewhere. Sealing
one costs about 0.1 ms, so a stream of events seals one fresh key that way and then only uses that;
the key lives in memory until the stream ends, and whoever takes the storage has not got it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from detector.errors import BadInput, KeyMissing
from serve import keyfile
from serve.vault import LENGTH_BYTES, NONCE_BYTES, NotOpened

SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
CONTACT_BYTES = 128
FORMAT = 1
STREAM = b"simvigia/stream/1"


def sealed(content: bytes, public: X25519PublicKey, purpose: str) -> bytes:
    """A box that only the other half of `public` opens, and only for the same purpose."""
    return SUITE.encrypt(content, public, info=purpose.encode())


def unsealed(box: bytes, private: X25519PrivateKey, purpose: str) -> bytes:
    """What is in a box. Raises NotOpened."""
    try:
        return SUITE.decrypt(box, private, info=purpose.encode())
    except (InvalidTag, ValueError):
        raise NotOpened("a sealed box is damaged, or is for another key or purpose") from None


def sealed_contact(contact: str, public: X25519PublicKey) -> bytes:
    """A contact for notices; all boxes have one size. Raises BadInput where it is too long."""
    text = contact.encode()
    if len(text) > CONTACT_BYTES - 1:
        raise BadInput(f"a contact has at most {CONTACT_BYTES - 1} bytes")
    filled = bytes([len(text)]) + text + bytes(CONTACT_BYTES - 1 - len(text))
    return sealed(filled, public, "contact")


def contact_in(box: bytes, private: X25519PrivateKey) -> str:
    """The contact in a box, for whoever sends notices. Raises NotOpened."""
    held = unsealed(box, private, "contact")
    return held[1 : 1 + held[0]].decode()


@dataclass(slots=True)
class Sealer:
    """Seals a stream of events; `header` goes before them. For one process and one writer."""

    header: bytes
    _cipher: AESGCM = field(repr=False)
    _count: int = 0

    @classmethod
    def fresh(cls, public: X25519PublicKey) -> Sealer:
        """A stream under a new random key."""
        key = os.urandom(32)
        return cls(sealed(key, public, STREAM.decode()), AESGCM(key))

    def seal(self, content: bytes) -> bytes:
        """The next event: its place in the stream, then its box, padded to a multiple of 256 bytes."""
        place = self._count.to_bytes(NONCE_BYTES, "big")
        self._count += 1
        head = len(content).to_bytes(LENGTH_BYTES, "big")
        filled = head + content + bytes(-(LENGTH_BYTES + len(content)) % 256)
        return place + self._cipher.encrypt(place, filled, STREAM)


@dataclass(frozen=True, slots=True)
class Opener:
    """Opens a stream, for the role that has the private key."""

    _cipher: AESGCM = field(repr=False)

    @classmethod
    def of(cls, header: bytes, private: X25519PrivateKey) -> Opener:
        """Raises NotOpened where the header is for another key."""
        return cls(AESGCM(unsealed(header, private, STREAM.decode())))

    def open(self, box: bytes) -> bytes:
        """The event in a box. Raises NotOpened."""
        try:
            held = self._cipher.decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], STREAM)
        except (InvalidTag, ValueError):
            raise NotOpened("an event's box is damaged, or of another stream") from None
        length = int.from_bytes(held[:LENGTH_BYTES], "big")
        return held[LENGTH_BYTES : LENGTH_BYTES + length]


def save_private(path: Path, key: X25519PrivateKey) -> None:
    """Write a private key, readable by its owner alone; it belongs on another machine than the store."""
    secret = keyfile.text_of(key.private_bytes_raw())
    keyfile.write(path, {"format": FORMAT, "private": secret})


def private_key(path: Path) -> X25519PrivateKey:
    """The private key in a file. Raises KeyMissing."""
    held = keyfile.read(path, "private key", FORMAT)
    try:
        return X25519PrivateKey.from_private_bytes(keyfile.secret_of(held["private"]))
    except (ValueError, KeyError, TypeError):
        raise KeyMissing(f"{path.name} is not a private key") from None
