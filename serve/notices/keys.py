"""The notifier's keys, in a file of their own: no other key of ours derives them, and none is derived.

`register` files people and folios, `letters` closes what waits to be sent, `contacts` is the private half
that opens contacts. The public file has only the other half: with it a process enrols and tells nobody.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from detector.errors import KeyMissing
from serve import keyfile
from serve.deliveries.sealing import Vault
from serve.notices.lockbox import Lockbox
from serve.notices.sealed import Contacts

FORMAT, WHAT = 1, "notifier's key file"


@dataclass(frozen=True, slots=True)
class NoticeKeys:
    """The secrets. Their text form shows none."""

    register: bytes = field(repr=False)
    letters: bytes = field(repr=False)
    public: bytes
    private: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        held = (self.register, self.letters, self.public, self.private)
        if any(len(key) != 32 for key in held if key is not None):
            raise KeyMissing("the notifier's keys have 32 bytes each")

    @classmethod
    def fresh(cls) -> Self:
        """New random keys."""
        private = X25519PrivateKey.generate()
        public = private.public_key().public_bytes_raw()
        return cls(os.urandom(32), os.urandom(32), public, private.private_bytes_raw())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Raises KeyMissing where the file is none of ours; its text is never quoted."""
        held = keyfile.read(path, WHAT, FORMAT)
        try:
            names = ("register", "letters", "public")
            register, letters, public = (keyfile.secret_of(held[name]) for name in names)
            private = keyfile.secret_of(held["private"]) if "private" in held else None
        except (ValueError, KeyError, TypeError):
            raise KeyMissing(f"{path.name} is not a {WHAT}") from None
        return cls(register, letters, public, private)

    def save(self, path: Path) -> None:
        """Write a file that is not there yet. Raises KeyMissing: another's would orphan the register."""
        if path.exists():
            raise KeyMissing(f"{path.name} exists already and is not overwritten")
        held = {"register": self.register, "letters": self.letters, "public": self.public}
        if self.private is not None:
            held["private"] = self.private
        texts = {name: keyfile.text_of(key) for name, key in held.items()}
        keyfile.write(path, {"format": FORMAT} | texts)

    def closing(self) -> NoticeKeys:
        """The same without the half that opens contacts."""
        return NoticeKeys(self.register, self.letters, self.public)

    def box(self) -> Lockbox:
        """Where people are filed."""
        return Lockbox(self.register)

    def contacts(self) -> Contacts:
        """What closes contacts, and opens them where it may."""
        private = X25519PrivateKey.from_private_bytes(self.private) if self.private else None
        return Contacts(X25519PublicKey.from_public_bytes(self.public), private)

    def vault(self) -> Vault:
        """What closes letters on their way."""
        return Vault(self.letters)
