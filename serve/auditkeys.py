"""The audit's own key: it opens who somebody is in coarse groups, and nothing else does.

One file, which belongs to whoever audits and on no machine that answers or works. Its public half is copied
into the engine's ring (`EngineKey.seal_to`), by epochs that begin after it too. A new key is added behind the
others, so that what older ones sealed still opens; deleting one from the file is the end of what it sealed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from detector.errors import KeyMissing
from serve import keyfile

FORMAT = 1
WHAT = "audit key"
AUDIT_FILE = "SIMVIGIA_AUDIT_KEY_FILE"
AUDIT_NAME = "audit.key"


@dataclass(frozen=True, slots=True)
class AuditKeys:
    """Private keys, the newest last."""

    private: tuple[X25519PrivateKey, ...] = field(repr=False)

    @property
    def public(self) -> bytes:
        """The public half of the newest."""
        return self.private[-1].public_key().public_bytes_raw()

    def with_fresh(self) -> AuditKeys:
        """With a new random key as the newest."""
        return AuditKeys((*self.private, X25519PrivateKey.generate()))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Raises KeyMissing where the file is none of ours; its text is never quoted."""
        held = keyfile.read(path, WHAT, FORMAT)
        try:
            secrets = [keyfile.secret_of(text) for text in held["keys"]]
            keys = tuple(X25519PrivateKey.from_private_bytes(secret) for secret in secrets)
        except (ValueError, KeyError, TypeError):
            raise KeyMissing(f"{path.name} is not an {WHAT}") from None
        if not keys:
            raise KeyMissing(f"{path.name} holds no key")
        return cls(keys)

    def save(self, path: Path) -> None:
        """Write the file whole or not at all."""
        texts = [keyfile.text_of(key.private_bytes_raw()) for key in self.private]
        keyfile.write(path, {"format": FORMAT, "keys": texts})


def named(environment: Mapping[str, str] = os.environ) -> AuditKeys | None:
    """The keys of the file that the environment names; None where it names none. Raises KeyMissing."""
    path = environment.get(AUDIT_FILE)
    return AuditKeys.load(Path(path)) if path else None
