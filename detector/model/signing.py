"""Statements that only the holder of a key can have made: Ed25519 over canonical JSON.

Who promotes holds the signing key; the service holds the public one and can check but not promote.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from detector.errors import BadInput, KeyMissing

Statement = Mapping[str, Any]
SECRET_MODE = 0o600
SEED_BYTES = 32


def canonical(statement: Statement) -> bytes:
    """One spelling for one content."""
    return json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


@dataclass(frozen=True, slots=True)
class Seal:
    """The public half: says whether a signed text is genuine."""

    key: Ed25519PublicKey

    @classmethod
    def of(cls, text: str) -> Self:
        """From its base64 text. Raises KeyMissing if it is not one."""
        try:
            return cls(Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True)))
        except ValueError as fault:
            raise KeyMissing("the promotion seal is not an Ed25519 public key in base64") from fault

    def text(self) -> str:
        """As base64, for the service's settings."""
        return base64.b64encode(self.key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()

    def opened(self, signed: str) -> dict[str, Any]:
        """The statement in a signed text. Raises BadInput where it is not genuine."""
        try:
            outer = json.loads(signed)
            statement: dict[str, Any] = outer["statement"]
            self.key.verify(base64.b64decode(outer["signature"]), canonical(statement))
        except (ValueError, KeyError, TypeError, InvalidSignature) as fault:
            raise BadInput("a promotion is not signed with the promotion key") from fault
        return statement


@dataclass(frozen=True, slots=True)
class Signer:
    """The secret half. Its text is never printed nor logged."""

    key: Ed25519PrivateKey

    @classmethod
    def generate(cls, path: Path) -> Self:
        """A new key in a file that only its owner reads. Raises BadInput where the file exists."""
        made = cls(Ed25519PrivateKey.generate())
        try:
            path.touch(mode=SECRET_MODE, exist_ok=False)
        except FileExistsError as fault:
            raise BadInput(f"{path.name} exists: a key is never overwritten") from fault
        path.write_text(base64.b64encode(made.key.private_bytes_raw()).decode() + "\n", "ascii")
        return made

    @classmethod
    def load(cls, path: Path) -> Self:
        """The key in a file. Raises KeyMissing where there is none of the right shape."""
        try:
            seed = base64.b64decode(path.read_text("ascii").strip(), validate=True)
        except (OSError, ValueError) as fault:
            raise KeyMissing(f"{path.name} holds no promotion key") from fault
        if len(seed) != SEED_BYTES:
            raise KeyMissing(f"{path.name} holds no promotion key of {SEED_BYTES} bytes")
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def seal(self) -> Seal:
        """The public half."""
        return Seal(self.key.public_key())

    def signed(self, statement: Statement) -> str:
        """The statement with its signature, as text."""
        signature = base64.b64encode(self.key.sign(canonical(statement))).decode()
        return json.dumps({"statement": dict(statement), "signature": signature}, sort_keys=True)

    def __repr__(self) -> str:
        """Without the secret."""
        return "Signer()"
