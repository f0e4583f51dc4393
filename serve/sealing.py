"""Boxes that whoever fills them cannot open: contacts for notices, events for the worker, groups for the audit.

A box is HPKE (RFC 9180, X25519, AES-256-GCM) to a public key whose secret half lies elsewhere. Sealing
one costs about 0.1 ms, so a stream of events seals one fresh key that way and then only uses that;
the key lives in memory until the stream ends, and whoever takes the storage has not got it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from detector.errors import BadInput
from detector.identity.groups import CODES
from serve.vault import NONCE_BYTES, NotOpened, padded, unpadded

SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
CONTACT_BYTES = 128
GROUP, GROUP_BYTES = "group", 2
STREAM = "simvigia/stream/1"


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


def sealed_group(code: int, public: X25519PublicKey) -> bytes:
    """A code of `detector.identity.groups` for the audit, by a client who blinds identities itself."""
    return sealed(code.to_bytes(GROUP_BYTES, "big"), public, GROUP)


def group_in(box: bytes, private: X25519PrivateKey) -> int:
    """The code in such a box. Raises NotOpened."""
    held = unsealed(box, private, GROUP)
    code = int.from_bytes(held, "big")
    if len(held) != GROUP_BYTES or code >= CODES:
        raise NotOpened("a sealed box holds no code of a group")
    return code


@dataclass(slots=True)
class Sealer:
    """Seals a stream of boxes; `header` goes before them. For one process and one writer."""

    header: bytes
    _cipher: AESGCM = field(repr=False)
    count: int = 0

    @classmethod
    def fresh(cls, public: X25519PublicKey, purpose: str) -> Sealer:
        """A stream under a new random key, which only the other half of `public` opens for this purpose."""
        key = os.urandom(32)
        return cls(sealed(key, public, f"{STREAM}/{purpose}"), AESGCM(key))

    def seal(self, content: bytes, about: bytes, step: int) -> bytes:
        """The next box: its place in the stream, then the content, filled up to a multiple of `step` bytes.

        It opens only as `about` the same, so that a box put into another row is refused.
        """
        place = self.count.to_bytes(NONCE_BYTES, "big")
        self.count += 1
        return place + self._cipher.encrypt(place, padded(content, step), about)


@dataclass(frozen=True, slots=True)
class Opener:
    """Opens a stream, for the role that has the private key."""

    _cipher: AESGCM = field(repr=False)

    @classmethod
    def of(cls, header: bytes, private: X25519PrivateKey, purpose: str) -> Opener:
        """Raises NotOpened where the header is for another key or purpose."""
        return cls(AESGCM(unsealed(header, private, f"{STREAM}/{purpose}")))

    def open(self, box: bytes, about: bytes) -> bytes:
        """What is in a box. Raises NotOpened."""
        try:
            held = self._cipher.decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], about)
        except (InvalidTag, ValueError):
            raise NotOpened("a box of the log is damaged, or of another row or stream") from None
        return unpadded(held)
