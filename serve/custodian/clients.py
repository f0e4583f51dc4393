"""Who may ask the custodian, and how much: the limit is what stands between a key and all identities."""

from __future__ import annotations

import hashlib
import hmac
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from detector.errors import BadInput


@dataclass(frozen=True, slots=True)
class Client:
    """One asker: the SHA-256 of its random credential; elements per second, and how many at once."""

    name: str
    credential: bytes
    rate: float
    burst: int


def credential_hash(credential: str) -> bytes:
    """What of a credential is kept. Credentials are random, so an unsalted hash hides them."""
    return hashlib.sha256(credential.encode()).digest()


def load(path: Path) -> tuple[Client, ...]:
    """The clients in a JSON file. Raises BadInput where it is none; nothing of it is quoted."""
    try:
        held = json.loads(path.read_text("utf-8"))["clients"]
        clients = tuple(
            Client(
                str(c["name"]),
                bytes.fromhex(c["credential_sha256"]),
                float(c["rate"]),
                int(c["burst"]),
            )
            for c in held
        )
    except (OSError, ValueError, KeyError, TypeError):
        raise BadInput(f"{path.name} is not a list of a custodian's clients") from None
    if not clients or any(len(c.credential) != 32 or min(c.rate, c.burst) <= 0 for c in clients):
        raise BadInput(f"{path.name} lists no client, or one with a bad credential or limit")
    return clients


class Budgets:
    """A bucket of elements per client. Counts are the only thing held, and only in memory."""

    def __init__(self, clients: tuple[Client, ...], clock: Callable[[], float]) -> None:
        self._clients, self._clock = clients, clock
        self._held = {client.name: (float(client.burst), clock()) for client in clients}

    def client(self, credential: str) -> Client | None:
        """Whose credential this is; every one is compared, so that the time taken tells nothing."""
        given, found = credential_hash(credential), None
        for client in self._clients:
            if hmac.compare_digest(client.credential, given):
                found = client
        return found

    def wait(self, client: Client, elements: int) -> int:
        """Spend, or the seconds after which there will be enough. 0 says that it was spent."""
        now = self._clock()
        left, then = self._held[client.name]
        left = min(float(client.burst), left + (now - then) * client.rate)
        lacking = elements - left
        self._held[client.name] = (left if lacking > 0 else -lacking, now)
        return max(1, math.ceil(lacking / client.rate)) if lacking > 0 else 0
