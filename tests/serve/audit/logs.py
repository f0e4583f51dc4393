"""Logs for tests: in memory, so that every byte can be bent."""

from __future__ import annotations

from datetime import UTC, date, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from serve.audit.log import HEADER, OVERHEAD, Log
from serve.audit.records import Entry, commitment

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
SALT = bytes(range(32))


class Memory:
    """Storage in memory."""

    def __init__(self, held: bytes = b"") -> None:
        self.held = bytearray(held)

    def append(self, data: bytes) -> None:
        self.held += data

    def read(self, start: int, length: int) -> bytes:
        return bytes(self.held[start : start + length])

    def size(self) -> int:
        return len(self.held)

    def cut(self, size: int) -> None:
        del self.held[size:]


def entry(number: int, kind: str = "decision") -> Entry:
    committed = commitment({"registration": number}, SALT)
    return Entry(kind, date(2026, 11, 23), committed, {"model": f"m{number % 3}"})


def log(count: int) -> tuple[Log, Memory]:
    storage = Memory()
    made = Log(storage)
    made.append([entry(i) for i in range(count)])
    return made, storage


def pieces(held: bytes) -> list[bytes]:
    """The log's bytes, record by record."""
    out, at = [], 0
    while at < len(held):
        end = at + OVERHEAD + HEADER.unpack_from(held, at)[0]
        out.append(held[at:end])
        at = end
    return out
