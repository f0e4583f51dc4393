"""Labels on their way from a dispute to the engine: told at least once, in order, by a chore."""

from __future__ import annotations

import asyncio
from datetime import datetime

import structlog

from serve.answers import Desk, Outcome, Refused, Unavailable, Unknown
from serve.disputes import book
from serve.store.books import Books
from serve.store.database import Connection

PATIENCE = 10.0  # seconds for the engine to take one: it may be ending


class Telling:
    """A chore of the dispatcher's thread. Where the engine cannot take a label now, it tries again."""

    def __init__(self) -> None:
        self.desk: Desk | None = None

    def __call__(self, own: Connection, at: datetime) -> None:
        """Tell what is owed. Raises Unavailable where the engine cannot take it now."""
        if self.desk is None:
            return
        books = Books(own)
        for id_, folio, label in book.owed(own):
            carrier, registration_id = books.named(folio)
            outcome = Outcome(carrier, registration_id, label.label, label.source, label.confidence)
            try:
                asyncio.run(_told(self.desk, outcome))
            except (Unknown, Refused) as fault:
                structlog.get_logger().error("dispute.label_refused", fault=type(fault).__name__)
            with own.writing():
                book.paid(own, id_, at)


async def _told(desk: Desk, outcome: Outcome) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            await desk.report_outcome(outcome)
    except TimeoutError:
        raise Unavailable from None
