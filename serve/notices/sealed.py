"""Contacts at rest, under HPKE (RFC 9180): whoever enrols can close them, only the notifier opens them.

The suite is DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM. The place that a contact is for is
bound in. Needs a cryptographer's review before a country relies on it.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from detector.errors import KeyMissing

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_INFO = b"simvigia/contacts/1 "


class Contacts:
    """Seals to a public key. Opens where the private one is here too, which is with the notifier alone."""

    def __init__(self, public: X25519PublicKey, private: X25519PrivateKey | None = None) -> None:
        self._public, self._private = public, private

    def seal(self, content: bytes, place: str) -> bytes:
        """The content, closed."""
        return _SUITE.encrypt(content, self._public, _INFO + place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """The content again. Raises KeyMissing where the key is not here or the bytes were changed."""
        if self._private is None:
            raise KeyMissing("contacts open only where the notifier's private key is")
        try:
            return _SUITE.decrypt(sealed, self._private, _INFO + place.encode())
        except (InvalidTag, ValueError):
            raise KeyMissing("a contact does not open under the notifier's key") from None
