"""What a store forgets by itself: the log after 90 days, vectors and verdicts after 18 months.

A row of the log shrinks to its folio, which the worker needs to find vectors and verdicts by; then that
goes too. No row goes before its later stages are answered, which an import of long ago has still to reach.
What stays is that a registration was there (its keyed name and body print: the same question is never
counted twice) and the histories, which die with their epoch. Journal rows lose the keys that tie rings
once no ring reaches back to them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from detector.lifecycle import STAGE_HOURS
from detector.registration import MICROSECONDS
from detector.rings import EPOCH, REGROWN
from detector.running import Entries
from serve.store.books import Books
from serve.store.database import Connection
from serve.store.forgetting import forget, moments, shrink

DAY = 86_400 * MICROSECONDS
LOG_DAYS, FROZEN_DAYS = 90, 548
RING_DAYS = (EPOCH + REGROWN) // 86_400 + 1
LAST_STAGE = max(STAGE_HOURS.values()) * 3_600 * MICROSECONDS
Due = tuple[int, int, int]  # moment, sequence, stage
TOGETHER = 256  # registrations in one transaction: answers wait for no more


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what is remembered, by a clock in microseconds. A chore of the service."""

    clock: Callable[[], int]
    log_days: int = LOG_DAYS
    frozen_days: int = FROZEN_DAYS

    def __call__(self, own: Connection, _: datetime) -> None:
        """Some of what has expired, in short transactions."""
        if own.seals is None or own.seals.keys.worker is None:
            return
        now, books = self.clock(), Books(own)
        self._expire(books, "log_to", min(now - self.log_days * DAY, _unanswered(books)), shrink)
        self._expire(books, "frozen_to", now - self.frozen_days * DAY, forget)
        self._untie(books, now - RING_DAYS * DAY)

    def _expire(
        self, books: Books, column: str, before: int, drop: Callable[[Books, range], None]
    ) -> None:
        while True:
            done = _cursor(books, column)
            last = done
            for sequence, at in moments(books, range(done + 1, done + 1 + TOGETHER)).items():
                if at >= before:
                    break
                last = sequence
            if last == done:
                return
            with books.own.writing():
                drop(books, range(done + 1, last + 1))
                _set(books, column, last)

    def _untie(self, books: Books, before: int) -> None:
        while True:
            done = _cursor(books, "journal_to")
            page = books.journal(done, TOGETHER)
            old = [(i, e) for i, text in page if _over(e := Entries.unpacked(text), before)]
            if not old or old[0][0] != done + 1:
                return
            with books.own.writing():
                for id_, entries in old:
                    books.put_journal(id_, entries.untied().packed())
                _set(books, "journal_to", old[-1][0])


def _unanswered(books: Books) -> int:
    """A moment before which no registration has a stage that is still to be answered."""
    return books.first_due() - LAST_STAGE


def expired(books: Books) -> int:
    """The number of the last registration whose row of the log has expired; 0 where all are there."""
    return _cursor(books, "log_to")


def reached(books: Books, until: int, most: int) -> list[Due]:
    """Later stages reached by a moment, at most `most`. What the log has forgotten is answered no more."""
    while due := books.due(until, most):
        last = expired(books)
        gone = [one for one in due if one[1] <= last]
        if not gone:
            return due
        books.drop_due(gone)
    return []


def expire_to(books: Books, sequence: int) -> None:
    """Rows of the log up to this one have expired."""
    _set(books, "log_to", sequence)


def _over(entries: Entries, before: int) -> bool:
    return bool((entries.rows["at"] < before).all())


def _cursor(books: Books, column: str) -> int:
    return int(books.own.rows(f"SELECT {column} FROM retention")[0][0])  # noqa: S608 - a name of ours


def _set(books: Books, column: str, to: int) -> None:
    books.own.run(f"UPDATE retention SET {column} = ?", [to])  # noqa: S608 - a name of ours
