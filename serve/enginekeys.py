"""The engine's own keys, one per epoch: the newest seals, older ones still open, a destroyed one never.

Nothing can be re-sealed without the token that comes with a request, so a record moves to the newest
epoch when it is touched, and what nobody touched for an epoch dies with its key: the retention limit,
and the shredder of old backups.
"""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from detector.errors import KeyMissing
from serve import keyfile

FORMAT = 1
SECRET_BYTES = 32
MARK_BYTES = 16


@dataclass(frozen=True, slots=True)
class EngineKey:
    """The secret of one epoch, numbered from 1. Its text form never shows it."""

    epoch: int
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != SECRET_BYTES or not 0 < self.epoch < 2**32:
            raise KeyMissing("an engine key is 32 bytes with an epoch from 1")

    @property
    def mark(self) -> bytes:
        """What a store keeps to know its key again; it tells nothing of the key."""
        return hmac.digest(self.secret, b"simvigia/engine/mark", "sha256")[:MARK_BYTES]


@dataclass(frozen=True, slots=True)
class EngineKeys:
    """The keys in use, the newest last."""

    keys: tuple[EngineKey, ...]

    def __post_init__(self) -> None:
        epochs = [key.epoch for key in self.keys]
        if not epochs or epochs != sorted(set(epochs)):
            raise KeyMissing("a key ring holds keys of rising epochs, at least one")

    @property
    def newest(self) -> EngineKey:
        """The key that seals."""
        return self.keys[-1]

    @classmethod
    def fresh(cls) -> Self:
        """A ring of one random key."""
        return cls((EngineKey(1, os.urandom(SECRET_BYTES)),))

    def rotated(self) -> EngineKeys:
        """The ring with a new random key as the newest."""
        return EngineKeys((*self.keys, EngineKey(self.newest.epoch + 1, os.urandom(SECRET_BYTES))))

    def destroyed(self, epoch: int) -> EngineKeys:
        """The ring without an old key. Raises KeyMissing for the newest, or one that is not there."""
        if epoch == self.newest.epoch or epoch not in {key.epoch for key in self.keys}:
            raise KeyMissing(f"the ring holds no older key of epoch {epoch}")
        return EngineKeys(tuple(key for key in self.keys if key.epoch != epoch))

    def check(self, marks: dict[int, bytes]) -> None:
        """Raises KeyMissing unless these are the keys that a store was written with."""
        for key in self.keys:
            if key.epoch in marks and not hmac.compare_digest(marks[key.epoch], key.mark):
                raise KeyMissing(f"the key of epoch {key.epoch} is not the one of this store")
        if marks and max(marks) > self.newest.epoch:
            raise KeyMissing("the key ring is older than the store: the newest key is missing")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Raises KeyMissing where the file is none of ours; its text is never quoted."""
        held = keyfile.read(path, "engine key ring", FORMAT)
        try:
            keys = [
                EngineKey(int(k["epoch"]), keyfile.secret_of(k["secret"])) for k in held["keys"]
            ]
        except (ValueError, KeyError, TypeError):
            raise KeyMissing(f"{path.name} is not an engine key ring") from None
        return cls(tuple(keys))

    def save(self, path: Path) -> None:
        """Write the file whole or not at all, readable by its owner alone."""
        keys = [{"epoch": k.epoch, "secret": keyfile.text_of(k.secret)} for k in self.keys]
        keyfile.write(path, {"format": FORMAT, "keys": keys})
