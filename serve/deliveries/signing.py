"""Standard Webhooks signatures of `id.timestamp.payload`: v1a (Ed25519) for all, v1 (HMAC) by agreement.

While a key is replaced, the new and the old one both sign: a receiver changes over when it likes. A
client's v1 secret is derived from the service's own, so none is stored.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from detector.errors import KeyMissing

SECRET, PRIVATE, PUBLIC = "whsec_", "whsk_", "whpk_"


class Key(Protocol):
    """Something that signs."""

    def signature(self, content: bytes) -> str:
        """The scheme's name, a comma, and the signature in base64."""
        ...


@dataclass(frozen=True, slots=True)
class Shared:
    """A secret known to both sides (v1, HMAC-SHA256)."""

    secret: bytes

    def signature(self, content: bytes) -> str:
        """HMAC-SHA256 of the content."""
        return f"v1,{_text(hmac.digest(self.secret, content, 'sha256'))}"

    def text(self) -> str:
        """As the standard writes it, to be handed to the receiver."""
        return SECRET + _text(self.secret)


@dataclass(frozen=True, slots=True)
class Asymmetric:
    """A key that only we hold; anybody can check (v1a, Ed25519)."""

    private: Ed25519PrivateKey

    @classmethod
    def read(cls, text: str) -> Self:
        """From `whsk_` and the base64 of 32 bytes. Raises KeyMissing."""
        return cls(Ed25519PrivateKey.from_private_bytes(_bytes(text, PRIVATE)))

    def signature(self, content: bytes) -> str:
        """Ed25519 over the content."""
        return f"v1a,{_text(self.private.sign(content))}"

    def public(self) -> str:
        """As the standard writes it, to be published."""
        return PUBLIC + _text(self.private.public_key().public_bytes_raw())


@dataclass(frozen=True, slots=True)
class Keyring:
    """The service's own keys, the newest first; those that are on their way out sign too."""

    keys: tuple[Asymmetric, ...]
    masters: tuple[bytes, ...] = ()

    def of_client(self, client: str) -> list[Key]:
        """What signs for one client."""
        return [*(client_secret(master, client) for master in self.masters), *self.keys]

    def published(self) -> list[str]:
        """The public keys that receivers check with."""
        return [key.public() for key in self.keys]


def client_secret(master: bytes, client: str) -> Shared:
    """One client's own v1 secret."""
    kdf = HKDF(SHA256(), 32, salt=None, info=b"simvigia webhook v1\0" + client.encode())
    return Shared(kdf.derive(master))


def shared_secret(text: str) -> Shared:
    """A secret agreed with a gateway: `whsec_` and the base64 of 24 to 64 bytes. Raises KeyMissing."""
    return Shared(_bytes(text, SECRET))


def headers(message: str, body: bytes, *, at: datetime, keys: Sequence[Key]) -> dict[str, str]:
    """The three headers of an attempt. The name stays over attempts, the time does not."""
    stamp = str(int(at.timestamp()))
    content = b".".join((message.encode(), stamp.encode(), body))
    return {
        "webhook-id": message,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(key.signature(content) for key in keys),
    }


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _bytes(text: str, prefix: str) -> bytes:
    least, most = (32, 32) if prefix == PRIVATE else (24, 64)
    try:
        content = base64.b64decode(text.removeprefix(prefix), validate=True)
    except ValueError:
        content = b""
    if not text.startswith(prefix) or not least <= len(content) <= most:
        raise KeyMissing(f"a webhook key is {prefix} and the base64 of {least} to {most} bytes")
    return content
