"""Whether the root that comes with an identity's token is the one that came with it before.

The root (the part of a CURP that comes from the birth record) follows from the identity, so two roots of one
identity mean that somebody's tokens are not what they say: a client that makes them up, or a custodian that
answers one carrier under another key. Only who sends the token can open what is kept of it.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence

from serve.engine import Asked, Question
from serve.store.database import Connection

ID, MARK = 16, 8
PREFIX = "tok1:"


class Roots:
    """Reads and writes over one connection. `key` is 32 secret bytes."""

    def __init__(self, own: Connection, key: bytes) -> None:
        self._own, self._key = own, key

    def disagreeing(self, asked: Sequence[Asked]) -> list[str]:
        """The carriers of questions whose root is not the first that came. Raises Unavailable."""
        told = [
            (q.event, *self._row(q.event))
            for q in asked
            if isinstance(q, Question) and _sent(q.event)
        ]
        if not told:
            return []
        known = {
            bytes(id_): bytes(mark)
            for id_, mark in self._own.found(
                "SELECT id, mark FROM roots WHERE id IN", list({id_ for _, id_, _ in told})
            )
        }
        wrong, fresh = list[str](), dict[bytes, bytes]()
        for event, id_, mark in told:
            first = known.get(id_) or fresh.setdefault(id_, mark)
            if not hmac.compare_digest(first, mark):
                wrong.append(str(event["carrier_id"]))
        if fresh:
            with self._own.writing():
                self._own.run_many(
                    "INSERT INTO roots (id, mark) VALUES (?, ?) ON CONFLICT (id) DO NOTHING",
                    list(fresh.items()),
                )
        return wrong

    def forget(self, identity: str) -> None:
        """Leave nothing of an identity's token, inside `own.writing()`."""
        self._own.run("DELETE FROM roots WHERE id = ?", [self._place(identity)[:ID]])

    def _place(self, identity: str) -> bytes:
        return hmac.digest(self._key, identity.encode(), "sha512")

    def _row(self, event: Mapping[str, object]) -> tuple[bytes, bytes]:
        made, root = self._place(str(event["identity_value"])), str(event["identity_root"]).encode()
        return made[:ID], hmac.digest(made[ID:], root, "sha256")[:MARK]


def _sent(event: Mapping[str, object]) -> bool:
    return all(
        str(event.get(name, "")).startswith(PREFIX) for name in ("identity_value", "identity_root")
    )
