"""What a store keeps by an identity's token outside the histories: where a newer one leads, and its root."""

from __future__ import annotations

from detector.pseudonym import Key
from serve.delivering import derived
from serve.forwarding import Forwarding
from serve.roots import Roots
from serve.store.database import Connection


class Tokens:
    """Over one connection. `key` is the service's."""

    def __init__(self, own: Connection, key: Key) -> None:
        self._own = own
        self._forwarding = Forwarding(own, derived(key, "forwarding"))
        self._roots = Roots(own, derived(key, "roots"))

    def first(self, typed: str) -> str:
        """What a person was first met under, where a token of the custodian's newer key was typed."""
        return self._forwarding.first(typed)

    def forget(self, typed: str) -> None:
        """Leave nothing of a token that was typed, nor of the one that it leads to."""
        first = self.first(typed)
        with self._own.writing():
            for token in {typed, first}:
                self._forwarding.forget(token)
                self._roots.forget(token)
