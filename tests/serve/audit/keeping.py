"""A keeper of the audit log over a standing engine's store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from serve.audit.keeper import Keeper
from serve.audit.ledger import State, state
from serve.audit.log import records
from serve.audit.records import Entry
from serve.audit.storage import StoreStorage
from serve.store.books import Books
from serve.store.database import Connection, connect
from tests.serve.audit.logs import KEY
from tests.serve.engine.standing import START, Standing


class Clock:
    """A time that a test sets."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    def later(self, **time: float) -> None:
        self.at += timedelta(**time)


def keeper(standing: Standing, clock: Clock, model: Callable[[], str] = lambda: "m1") -> Keeper:
    return Keeper(
        lambda: Books(connect(standing.url)), signer=KEY, now=clock, key_id="k1", model=model
    )


def recorded(kept: Keeper, books: Books) -> list[Entry]:
    """All of the log, after the keeper has done what there is to do."""
    while kept.turn(books):
        pass
    return entries(books.own)


def entries(own: Connection) -> list[Entry]:
    return [Entry.unpacked(record.entry) for record in records(StoreStorage(own))]


def ended(own: Connection) -> State:
    return state(own)
