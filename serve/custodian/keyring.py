"""The custodian's keys: one per epoch, the newest last, in a file that only its owner may read.

A key may be one half of a key that two custodians hold: each makes its own, nobody ever has the
whole, and a client adds both answers. The file is the only thing a custodian keeps.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Self

from detector.errors import KeyMissing
from serve import keyfile
from serve.custodian import group
from serve.custodian.group import BadElement

KEY_ID = re.compile(r"[a-z0-9-]{1,32}")
FORMAT = 1


@dataclass(frozen=True)
class EpochKey:
    """The secret scalar of one epoch. Its text form never shows it."""

    id: str
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not KEY_ID.fullmatch(self.id):
            raise KeyMissing("a key id is 1 to 32 of a-z, 0-9 and -")
        try:
            group.scalar(self.secret)
        except BadElement:
            raise KeyMissing("a custodian's key is not a scalar of the group") from None

    @classmethod
    def fresh(cls, key_id: str) -> Self:
        """A new random key."""
        return cls(key_id, group.random_scalar())

    @cached_property
    def public(self) -> bytes:
        """What everybody may know of it, and checks proofs with."""
        return group.base_product(self.secret)

    def halves(self) -> tuple[EpochKey, EpochKey]:
        """Two keys whose sum is this one; either alone tells nothing of it."""
        one = group.random_scalar()
        return EpochKey(self.id, one), EpochKey(self.id, group.scalar_difference(self.secret, one))


@dataclass(frozen=True, slots=True)
class Ring:
    """The keys in use, the newest last."""

    keys: tuple[EpochKey, ...]

    def __post_init__(self) -> None:
        if len({key.id for key in self.keys}) != len(self.keys):
            raise KeyMissing("two keys of the ring have one id")

    def __getitem__(self, key_id: str) -> EpochKey:
        """Raises KeyMissing."""
        for key in self.keys:
            if key.id == key_id:
                return key
        raise KeyMissing("the ring has no such key")

    def with_key(self, key: EpochKey) -> Ring:
        """The ring with a newer key. Raises KeyMissing where its id is taken."""
        return Ring((*self.keys, key))

    def without(self, key_id: str) -> Ring:
        """The ring once a key is destroyed: what was made with it can never be made again."""
        gone = self[key_id]
        return Ring(tuple(key for key in self.keys if key is not gone))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Raises KeyMissing where the file is none of ours; its text is never quoted."""
        held = keyfile.read(path, "key ring", FORMAT)
        try:
            keys = [EpochKey(k["id"], keyfile.secret_of(k["secret"])) for k in held["keys"]]
        except (ValueError, KeyError, TypeError):
            raise KeyMissing(f"{path.name} is not a key ring") from None
        return cls(tuple(keys))

    def save(self, path: Path) -> None:
        """Write the file whole or not at all, readable by its owner alone."""
        keys = [{"id": key.id, "secret": keyfile.text_of(key.secret)} for key in self.keys]
        keyfile.write(path, {"format": FORMAT, "keys": keys})
