"""An authority's word that a person is not to be erased yet. Kept under a keyed hash; it ends by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from detector.errors import BadInput
from serve.audit import ledger
from serve.deliveries.queue import micros
from serve.store.books import Books
from serve.store.database import Connection
from serve.store.seals import Seals

LONGEST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Hold:
    """Who asked, under which reference, and until when."""

    authority: str
    reference: str
    until: datetime


def hold(books: Books, subject: int, asked: Hold, *, at: datetime) -> None:
    """Take a hold down. Raises BadInput without an authority and a reference, or for an impossible end."""
    if not asked.authority.strip() or not asked.reference.strip():
        raise BadInput("a hold names the authority and its written reference")
    if not 0 < (asked.until - at).days + 1 <= LONGEST_DAYS:
        raise BadInput(f"a hold ends in the future, within {LONGEST_DAYS} days; it can be renewed")
    with books.own.writing():
        books.own.run(
            "INSERT INTO legal_holds (subject, authority, reference, made_at, until)"
            " VALUES (?, ?, ?, ?, ?)",
            [books.seals.subject(subject), asked.authority, asked.reference, micros(at),
             micros(asked.until)],
        )  # fmt: skip
        ledger.note(
            books.own,
            "hold",
            at=at,
            facts={"event": "legal hold"},
            subject=books.seals.subject(subject).hex(),
        )


def held(own: Connection, seals: Seals, subject: int, at: datetime) -> bool:
    """Whether somebody's hold stands on a person."""
    found = own.rows(
        "SELECT 1 FROM legal_holds WHERE subject = ? AND until > ? LIMIT 1",
        [seals.subject(subject), micros(at)],
    )
    return bool(found)
