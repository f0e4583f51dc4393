"""A signed statement of how long the log is and what it says: whoever keeps one can prove a rewrite.

The text is a signed note as transparency logs write it (C2SP tlog-checkpoint): the log's name, the
number of records, the root in base64, when it was signed; then the Ed25519 signature.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from detector.errors import BadInput, KeyMissing

ED25519 = b"\x01"  # the signature type of a signed note
NAME = re.compile(r"[^\s+]{1,100}")
DASH = "\u2014"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The log called `origin` held `size` records with this root at a moment."""

    origin: str
    size: int
    root: bytes
    at: datetime

    def text(self) -> str:
        """What is signed."""
        root = base64.b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\nat {self.at.isoformat()}\n"


def signed(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """The checkpoint as a note that anybody may keep."""
    if not NAME.fullmatch(checkpoint.origin):
        raise BadInput("a log's name has no blanks and no plus sign")
    mark = _mark(checkpoint.origin, key.public_key())
    signature = base64.b64encode(mark + key.sign(checkpoint.text().encode())).decode()
    return f"{checkpoint.text()}\n{DASH} {checkpoint.origin} {signature}\n"


def opened(note: str, key: Ed25519PublicKey) -> Checkpoint:
    """The checkpoint in a note. Raises BadInput unless this key signed it as it stands."""
    try:
        text, _, last = note.partition("\n\n")
        origin, size, root, at = text.split("\n")
        dash, name, signature = last.rstrip("\n").split(" ")
        held = base64.b64decode(signature, validate=True)
        moment = datetime.fromisoformat(at.removeprefix("at ")).astimezone(UTC)
        made = Checkpoint(origin, int(size), base64.b64decode(root, validate=True), moment)
    except ValueError:
        raise BadInput("this is not a checkpoint of an audit log") from None
    if (dash, name, held[:4]) != (DASH, origin, _mark(origin, key)) or made.size < 0:
        raise BadInput("the checkpoint is not signed by the log's key")
    try:
        key.verify(held[4:], f"{text}\n".encode())
    except InvalidSignature:
        raise BadInput("the checkpoint is not signed by the log's key") from None
    return made


def _mark(name: str, key: Ed25519PublicKey) -> bytes:
    """The four bytes by which a note says whose signature it bears."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + key.public_bytes_raw()).digest()[:4]


def signing_key(path: Path) -> Ed25519PrivateKey:
    """The key in a file of 32 bytes in hexadecimal. Raises KeyMissing."""
    return Ed25519PrivateKey.from_private_bytes(_held(path))


def public_key(path: Path) -> Ed25519PublicKey:
    """The public key in a file of 32 bytes in hexadecimal. Raises KeyMissing."""
    return Ed25519PublicKey.from_public_bytes(_held(path))


def _held(path: Path) -> bytes:
    try:
        held = bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError):
        raise KeyMissing(f"{path.name} holds no Ed25519 key of 32 bytes in hexadecimal") from None
    if len(held) != 32:
        raise KeyMissing(f"{path.name} holds no Ed25519 key of 32 bytes in hexadecimal")
    return held
