"""The carrier's side: its own cases, acknowledged and answered. For several threads, over one connection."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from serve.disputes import book
from serve.disputes.book import ACKNOWLEDGED, OPEN, RESOLVED, Dispute
from serve.disputes.holding import Told
from serve.disputes.labels import found
from serve.store.books import Books
from serve.store.database import Connection


class Closed(Exception):
    """The case has its outcome, and it is another one."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A case with the carrier's own name for the registration, and what counts of what was said."""

    dispute: Dispute
    registration_id: str
    said: str
    overdue: bool
    look_asked: bool


class Cases:
    """Cases as carriers see them. `changed` hears of every change, inside the transaction."""

    def __init__(self, own: Connection, *, changed: Told, now: Callable[[], datetime]) -> None:
        self._own, self._changed, self.now = own, changed, now
        self._one = threading.Lock()

    def page(
        self, carriers: Collection[str], *, open_only: bool, page: int, most: int
    ) -> tuple[list[Shown], int]:
        """Cases of the carriers, the one that is due first on top; and how many there are."""
        with self._one:
            found, total = book.page(self._own, carriers, open_only=open_only, page=page, most=most)
            return [self._shown(one) for one in found], total

    def overdue(self, carriers: Collection[str]) -> int:
        """How many cases of the carriers should have been looked at by now."""
        with self._one:
            found = book.overdue(self._own, self.now())
        return sum(found.get(carrier, 0) for carrier in carriers)

    def find(self, name: UUID, carriers: Collection[str]) -> Shown:
        """One case. Raises Unknown."""
        with self._one:
            return self._shown(book.find(self._own, name, carriers))

    def acknowledge(self, name: UUID, carriers: Collection[str]) -> Shown:
        """The carrier has seen it. Again, or after the outcome, it changes nothing. Raises Unknown."""
        with self._one, self._own.writing():
            case = book.find(self._own, name, carriers)
            if case.state == OPEN:
                case = replace(case, state=ACKNOWLEDGED, acknowledged_at=self.now())
                self._save(case)
            return self._shown(case)

    def resolve(self, name: UUID, carriers: Collection[str], outcome: str) -> Shown:
        """What the carrier found by looking again; its label supersedes the holder's.

        Raises Unknown, and Closed where another outcome was given before.
        """
        with self._one, self._own.writing():
            case, at = book.find(self._own, name, carriers), self.now()
            if case.state == RESOLVED:
                if case.outcome != outcome:
                    raise Closed
                return self._shown(case)
            case = replace(case, state=RESOLVED, resolved_at=at, outcome=outcome)
            book.find_out(self._own, case.folio, outcome, at=at)
            if label := found(outcome):
                book.owe(self._own, case.folio, label, at=at)
            self._save(case)
            return self._shown(case)

    def _save(self, case: Dispute) -> None:
        book.save(self._own, case)
        self._changed(self._own, case)

    def _shown(self, case: Dispute) -> Shown:
        return shown(self._own, case, self.now())


def shown(own: Connection, case: Dispute, at: datetime) -> Shown:
    """A case as its carrier sees it: not by whom it was said, nor whether anybody is enrolled."""
    books = Books(own)
    _, registration_id = books.named(case.folio)
    words = list(book.words(own, [case.folio])[case.folio].values())
    asked = bool(book.looks_asked(own, [case.folio]))
    return Shown(case, registration_id, words[-1], case.overdue(at), asked)
