"""Whether a number is still whose it was: not where it changed hands, carrier or card in the last 30 days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np

from detector import logbook
from detector.records import ENTRY
from detector.registration import OPERATIONS
from serve.notices.notifier import Unsettled
from serve.shelf import PLACE, record_id
from serve.store.books import Books
from serve.store.database import Connection

LATELY = timedelta(days=30) // timedelta(microseconds=1)
STAYS = OPERATIONS.index("link_existing")  # the line goes on with whoever had it


def moved_lately(clock: Callable[[], int]) -> Unsettled:
    """By the service's clock, in microseconds, and what the engine remembers of the line.

    A mark that is no line's (an e-mail address) is nowhere in the histories, with the same first look.
    """

    def unsettled(own: Connection, mark: bytes) -> bool:
        books, since = Books(own), clock() - LATELY
        key = record_id(PLACE["line"], int.from_bytes(mark[:8], "little", signed=True))
        held = np.frombuffer(books.history(key), ENTRY)
        kept = books.entries(held["sequence"][held["at"] > since].tolist())
        lately = logbook.read(list(kept.values()), books.carriers()).registrations
        return bool((lately.operation != STAYS).any())

    return unsettled
