"""Public counts by month, state and carrier, from which nobody can be singled out.

Cells below five are left out, and so is a part whose remainder would be below five: what is published
cannot be subtracted to what is not. There are no totals, for the same reason (statistical disclosure
control: primary and complementary suppression).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from detector import logbook
from serve.deliveries.queue import moment
from serve.disputes import book
from serve.disputes.clock import MEXICO
from serve.store.books import Books
from serve.store.database import Connection

SMALLEST = 5
Key = tuple[str, str, str]  # month, state, carrier


@dataclass(frozen=True, slots=True)
class Cell:
    """Counts of one month, INEGI state and carrier; None where a count is too small to be told."""

    month: str
    state: str
    carrier: str
    disputes: int | None
    confirmed_misuse: int | None
    overturned_flags: int | None


def statistics(own: Connection, at: datetime) -> list[Cell]:
    """Every cell of the months before this one in which anything can be told, the newest first.

    A month that still grows would show single cases to whoever looks twice.
    """
    cases, sure = list(book.every(own)), book.confirmed(own)
    ended = own.rows("SELECT folio, carrier, ended_at FROM cases WHERE ended = 'legitimate'")
    states = _states(own, [*(c.folio for c in cases), *(bytes(f) for f, _, _ in ended)])
    disputes = Counter((_month(c.opened_at), states[c.folio], c.carrier) for c in cases)
    confirmed = Counter(
        (_month(c.opened_at), states[c.folio], c.carrier) for c in cases if c.folio in sure
    )
    overturned = Counter(
        (_month(moment(at)), states[bytes(folio)], carrier) for folio, carrier, at in ended
    )
    cells = told(disputes, confirmed, overturned)
    return [cell for cell in cells if cell.month < _month(at)]


def told(disputes: Counter[Key], confirmed: Counter[Key], overturned: Counter[Key]) -> list[Cell]:
    """What can be told of counts; `confirmed` is a part of `disputes`."""
    cells = [
        Cell(
            *key,
            _told(disputes[key]),
            _part(confirmed[key], disputes[key]),
            _told(overturned[key]),
        )
        for key in sorted(
            {*disputes, *overturned}, key=lambda k: (-int(k[0].replace("-", "")), k[1], k[2])
        )
    ]
    return [
        cell for cell in cells if cell.disputes is not None or cell.overturned_flags is not None
    ]


def _told(count: int) -> int | None:
    return count if count >= SMALLEST else None


def _part(part: int, whole: int) -> int | None:
    rest = whole - part
    small = any(0 < count < SMALLEST for count in (part, rest))
    return None if small or _told(whole) is None else part


def _states(own: Connection, folios: Iterable[bytes]) -> dict[bytes, str]:
    """INEGI's two digits of where registrations were made."""
    books = Books(own)
    wanted = sorted(set(folios))
    sequences = {sequence: folio for folio, (sequence, _) in books.known(wanted).items()}
    kept, carriers = books.entries(list(sequences)), books.carriers()
    return {
        sequences[
            sequence
        ]: f"{int(logbook.read([row], carriers).registrations.place[0]) // 1_000:02d}"
        for sequence, row in kept.items()
    }


def _month(at: datetime) -> str:
    return f"{at.astimezone(MEXICO):%Y-%m}"
