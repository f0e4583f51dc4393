"""The engine's own keys: what names and seals the rows of a store, and what opens its log.

Two files for two roles. The *engine's ring* is for whoever answers: a secret that names rows for the
life of the store, and per epoch a secret that seals histories and the public halves of two key pairs.
The *worker's ring* holds the private halves, for whoever reads the log, and belongs elsewhere.

Nothing can be re-sealed without the token that comes with a request, so a record moves to the newest
epoch when it is touched, and what nobody touched for an epoch dies with its key: the retention limit,
and the shredder of old backups.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from detector.errors import KeyMissing
from serve import keyfile
from serve.keyed import Keyed

FORMAT = 2
SECRET_BYTES = 32
MARK_BYTES = 16
LOG, FROZEN = "log", "frozen"  # what happened; what models learn from, which is kept for longer
USES = (LOG, FROZEN)
AUDIT = "audit"  # who somebody is in coarse groups: opens with the audit's key, which the worker has not got


@dataclass(frozen=True, slots=True)
class EngineKey:
    """One epoch, numbered from 1: its secret, and whom the log is sealed to. Its text form shows no secret."""

    epoch: int
    secret: bytes = field(repr=False)
    seal_to: Mapping[str, bytes] = field(default_factory=dict)  # public halves, by use

    rows: Keyed = field(init=False, repr=False, compare=False)  # what `vault` makes rows with

    def __post_init__(self) -> None:
        if len(self.secret) != SECRET_BYTES or not 0 < self.epoch < 2**32:
            raise KeyMissing("an engine key is 32 bytes with an epoch from 1")
        object.__setattr__(self, "rows", Keyed(self.secret, hashlib.sha512))

    @property
    def mark(self) -> bytes:
        """What a store keeps to know its key again; it tells nothing of the key."""
        return hmac.digest(self.secret, b"simvigia/engine/mark", "sha256")[:MARK_BYTES]

    def public(self, use: str) -> X25519PublicKey:
        """Whom boxes of a use are sealed to."""
        return X25519PublicKey.from_public_bytes(self.seal_to[use])

    @property
    def audited(self) -> bool:
        """Whether anybody audits: without a key of theirs no groups are kept."""
        return AUDIT in self.seal_to


@dataclass(frozen=True, slots=True)
class EngineKeys:
    """The keys in use, the newest last, and the secret that names rows."""

    keys: tuple[EngineKey, ...]
    index: bytes = field(repr=False)

    def __post_init__(self) -> None:
        epochs = [key.epoch for key in self.keys]
        if not epochs or epochs != sorted(set(epochs)):
            raise KeyMissing("a key ring holds keys of rising epochs, at least one")
        if len(self.index) != SECRET_BYTES:
            raise KeyMissing("a key ring names rows under a secret of 32 bytes")

    @property
    def newest(self) -> EngineKey:
        """The key that seals."""
        return self.keys[-1]

    def of(self, epoch: int) -> EngineKey | None:
        """The key of an epoch, unless it was destroyed."""
        return next((key for key in self.keys if key.epoch == epoch), None)

    def destroyed(self, epoch: int) -> EngineKeys:
        """The ring without an old key. Raises KeyMissing for the newest, or one that is not there."""
        if epoch == self.newest.epoch or self.of(epoch) is None:
            raise KeyMissing(f"the ring holds no older key of epoch {epoch}")
        return EngineKeys(tuple(key for key in self.keys if key.epoch != epoch), self.index)

    def audited_by(self, public: bytes) -> EngineKeys:
        """The ring with the audit's public key, for what is sealed from now on."""
        newest = replace(self.newest, seal_to={**self.newest.seal_to, AUDIT: public})
        return EngineKeys((*self.keys[:-1], newest), self.index)

    def check(self, marks: Mapping[int, bytes]) -> None:
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
                EngineKey(
                    int(k["epoch"]),
                    keyfile.secret_of(k["secret"]),
                    _publics(k["seal_to"]),
                )
                for k in held["keys"]
            ]
            index = keyfile.secret_of(held["index"])
        except (ValueError, KeyError, TypeError):
            raise KeyMissing(f"{path.name} is not an engine key ring") from None
        return cls(tuple(keys), index)

    def save(self, path: Path) -> None:
        """Write the file whole or not at all, readable by its owner alone."""
        keys = [
            {
                "epoch": k.epoch,
                "secret": keyfile.text_of(k.secret),
                "seal_to": {use: keyfile.text_of(public) for use, public in k.seal_to.items()},
            }
            for k in self.keys
        ]
        keyfile.write(path, {"format": FORMAT, "index": keyfile.text_of(self.index), "keys": keys})


@dataclass(frozen=True, slots=True)
class WorkerKeys:
    """What opens the log: private keys by use and epoch."""

    private: Mapping[tuple[str, int], X25519PrivateKey] = field(repr=False)

    def destroyed(self, epoch: int, *, uses: tuple[str, ...] = (LOG,)) -> WorkerKeys:
        """Without an epoch's keys of some uses: what they sealed opens no more, in no backup either."""
        gone = {(use, epoch) for use in uses}
        return WorkerKeys({name: key for name, key in self.private.items() if name not in gone})

    @classmethod
    def load(cls, path: Path) -> Self:
        """Raises KeyMissing where the file is none of ours; its text is never quoted."""
        held = keyfile.read(path, "worker key ring", FORMAT)
        try:
            return cls(
                {
                    (str(k["use"]), int(k["epoch"])): X25519PrivateKey.from_private_bytes(
                        keyfile.secret_of(k["private"])
                    )
                    for k in held["keys"]
                }
            )
        except (ValueError, KeyError, TypeError):
            raise KeyMissing(f"{path.name} is not a worker key ring") from None

    def save(self, path: Path) -> None:
        """Write the file whole or not at all; it belongs on another machine than the engine's ring."""
        keys = [
            {"use": use, "epoch": epoch, "private": keyfile.text_of(key.private_bytes_raw())}
            for (use, epoch), key in sorted(self.private.items(), key=lambda item: item[0])
        ]
        keyfile.write(path, {"format": FORMAT, "keys": keys})


def fresh() -> tuple[EngineKeys, WorkerKeys]:
    """Both rings with one random epoch."""
    key, private = _epoch(1)
    return EngineKeys((key,), os.urandom(SECRET_BYTES)), WorkerKeys(private)


def rotated(ring: EngineKeys, worker: WorkerKeys) -> tuple[EngineKeys, WorkerKeys]:
    """Both rings with a new random epoch as the newest."""
    key, private = _epoch(ring.newest.epoch + 1)
    if ring.newest.audited:
        key = replace(key, seal_to={**key.seal_to, AUDIT: ring.newest.seal_to[AUDIT]})
    return EngineKeys((*ring.keys, key), ring.index), WorkerKeys({**worker.private, **private})


def _publics(held: Mapping[str, str]) -> dict[str, bytes]:
    """Public halves by use; every ring has those of the worker, and the audit's where somebody audits."""
    return {
        use: keyfile.secret_of(held[use]) for use in (*USES, AUDIT) if use in USES or use in held
    }


def _epoch(number: int) -> tuple[EngineKey, dict[tuple[str, int], X25519PrivateKey]]:
    private = {(use, number): X25519PrivateKey.generate() for use in USES}
    public = {use: key.public_key().public_bytes_raw() for (use, _), key in private.items()}
    return EngineKey(number, os.urandom(SECRET_BYTES), public), private
