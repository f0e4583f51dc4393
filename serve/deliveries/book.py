"""The subscriptions as the API works with them: one connection, one at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from serve.answers import Assessment
from serve.deliveries import subscriptions
from serve.deliveries.outbox import Subscribers, View
from serve.deliveries.sealing import Vault
from serve.deliveries.subscriptions import Subscription, Wish
from serve.store.database import Connection


class Book:
    """Adds, finds, lists and deletes subscriptions. Every call may raise Unavailable."""

    def __init__(
        self, own: Connection, *, vault: Vault, view: View, now: Callable[[], datetime]
    ) -> None:
        self._own, self._vault, self._now = own, vault, now
        self._subscribers = Subscribers(view, now=now)
        self._one = threading.Lock()

    def now(self) -> datetime:
        """The time by this book's clock."""
        return self._now()

    def add(self, wish: Wish, first: Assessment | None = None) -> Subscription:
        """Begin one, and tell it the assessment it begins with. Raises Exists and TooMany."""
        with self._one, self._own.writing():
            made = subscriptions.add(self._own, wish, vault=self._vault, at=self._now())
            if first is not None:
                self._subscribers.tell_first(self._own, made, first)
        return made

    def find(self, subscription_id: str, client: str) -> Subscription:
        """One of the client's own. Raises Unknown."""
        with self._one:
            return subscriptions.find(self._own, subscription_id, client)

    def page(self, client: str, *, page: int, per_page: int) -> tuple[list[Subscription], int]:
        """Some of the client's own, and how many there are."""
        with self._one:
            return subscriptions.listed(self._own, client, page=page, per_page=per_page)

    def delete(self, subscription_id: str, client: str) -> None:
        """End one for good. Raises Unknown."""
        with self._one, self._own.writing():
            subscriptions.delete(self._own, subscription_id, client, at=self._now())
