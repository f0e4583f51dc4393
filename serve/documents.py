"""The documents that are published, each by the name of its API."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from serve.api import assessments, events, imports
from serve.api.subscriptions import ABOUT, subscriptions_router, view
from serve.deliveries.addresses import Reach
from serve.deliveries.book import Book
from serve.deliveries.sealing import Vault
from serve.delivering import now
from serve.openapi import Document, published
from serve.preface import RISK
from serve.store.database import Sqlite


def registration_risk() -> Document:
    """Assessments, imports, line events and outcomes."""
    return published(RISK, (assessments.router, imports.router, events.router))


def subscriptions() -> Document:
    """Subscriptions, and the events that they bring."""
    book = Book(Sqlite(Path(":memory:")), vault=Vault(bytes(32)), view=view, now=now)
    return published(ABOUT, (subscriptions_router(book, reach=Reach()),))


DOCUMENTS: dict[str, Callable[[], Document]] = {
    RISK.name: registration_risk,
    ABOUT.name: subscriptions,
}
