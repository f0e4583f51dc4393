"""How a token of the custodian's new key leads to the history that began under its last one.

While the custodian's key rotates, a client sends both tokens of each value. The engine goes on with the
token under which it first met the value, and notes under the new one where that leads: a row whose id and
key come from the new token, so that the table tells nothing to whoever has not got it. No history is
touched, no score changes, and what is sent with the new token alone, afterwards, is the same person's.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from detector.intake.tokenised import KEY_COLUMNS
from serve.answers import LineEvent
from serve.engine import Asked, Question
from serve.store.database import Connection

PREVIOUS = "previous"  # of an event: tokens under the last key, by column
NONCE, ID = 12, 16
COLUMNS = tuple(KEY_COLUMNS.values())
Event = Mapping[str, object]


class Forwarding:
    """Reads and writes over one connection. `key` is 32 secret bytes."""

    def __init__(self, own: Connection, key: bytes) -> None:
        self._own, self._key = own, key

    def lead(self, asked: Sequence[Asked]) -> list[Asked]:
        """The same, each token as it was first met. Raises Unavailable."""
        told = [_Sent.of(one) for one in asked]
        wanted = {t for one in told for pair in one.pairs.values() for t in pair if t}
        if not any(one.old for one in told) and not self._any():
            return list(asked)
        first = self._first(wanted)
        fresh: dict[str, str] = {}
        for one in told:
            for new, old in one.pairs.values():
                if old and old != new and new not in first and new not in fresh:
                    fresh[new] = first.get(old, old)
        self._note(fresh)
        return [one.led(first | fresh) for one in told]

    def first(self, token: str) -> str:
        """The token under which a value was first met."""
        return self._first([token]).get(token, token)

    def forget(self, token: str) -> None:
        """Let a token lead nowhere, inside `own.writing()`."""
        self._own.run("DELETE FROM forwards WHERE id = ?", [self._row(token)[0]])

    def _any(self) -> bool:
        return bool(self._own.rows("SELECT 1 FROM forwards LIMIT 1"))

    def _row(self, token: str) -> tuple[bytes, bytes]:
        made = hmac.digest(self._key, token.encode(), "sha512")
        return made[:ID], made[ID : ID + 32]

    def _first(self, tokens: Iterable[str]) -> dict[str, str]:
        rows = {token: self._row(token) for token in tokens}
        found = {
            bytes(id_): bytes(box)
            for id_, box in self._own.found(
                "SELECT id, box FROM forwards WHERE id IN", [id_ for id_, _ in rows.values()]
            )
        }
        return {
            token: AESGCM(key).decrypt(found[id_][:NONCE], found[id_][NONCE:], id_).decode()
            for token, (id_, key) in rows.items()
            if id_ in found
        }

    def _note(self, fresh: Mapping[str, str]) -> None:
        if not fresh:
            return
        rows = []
        for new, first in fresh.items():
            (id_, key), nonce = self._row(new), os.urandom(NONCE)
            rows.append((id_, nonce + AESGCM(key).encrypt(nonce, first.encode(), id_)))
        with self._own.writing():
            self._own.run_many(
                "INSERT INTO forwards (id, box) VALUES (?, ?) ON CONFLICT (id) DO NOTHING", rows
            )


class _Sent:
    """What was asked, and the tokens in it: each as it is now, and as it was under the last key."""

    def __init__(self, asked: Asked, now: Event, old: Mapping[str, str]) -> None:
        self.asked, self.old = asked, old
        self.pairs = {
            column: (str(now[column]), old.get(column, ""))
            for column in COLUMNS
            if str(now.get(column, "")).startswith("tok1:")
        }

    @classmethod
    def of(cls, asked: Asked) -> _Sent:
        if isinstance(asked, Question):
            held = asked.event.get(PREVIOUS)
            return cls(asked, asked.event, held if isinstance(held, Mapping) else {})
        return cls(
            asked, {"imei": asked.imei} if isinstance(asked, LineEvent) and asked.imei else {}, {}
        )

    def led(self, first: Mapping[str, str]) -> Asked:
        tokens = {column: first.get(new, new) for column, (new, _) in self.pairs.items()}
        if isinstance(self.asked, Question):
            event = {n: v for n, v in self.asked.event.items() if n != PREVIOUS}
            return replace(self.asked, event=event | tokens)
        if isinstance(self.asked, LineEvent) and tokens:
            return replace(self.asked, imei=tokens["imei"])
        return self.asked
