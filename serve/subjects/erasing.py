"""The end of what a store knows of one person, and the proof of it.

What stays of a registration is that it happened: when, at which carrier, what was done, as nobody's. So
the country's wave and a replay stay true, and the same question is still not counted twice.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from detector import logbook
from detector.errors import BadInput
from detector.lifecycle import STAGES
from detector.records import without
from detector.running import Entries
from serve.audit import ledger
from serve.disputes import book
from serve.enginekeys import LOG
from serve.later import attach_ids, line_events
from serve.review import rulings
from serve.shelf import Shelf, record_ids
from serve.store.books import Books
from serve.store.forgetting import forget
from serve.subjects.holds import held
from serve.subjects.known import sequences

A_DAY = 100  # erasures that one store takes a day
KIND = "erasure"
BY_FOLIO = ("cases", "case_votes", "case_notes", "look_ups", "answered", "dispute_words",
            "dispute_labels", "disputes", "allow_notes")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased: registrations, and records of other keys that held them."""

    registrations: int
    records: int


def erase(books: Books, subject: int, *, at: datetime, carrier: str | None = None) -> Erased:
    """Erase a person, or only what one carrier told of them, in one transaction.

    Raises BadInput while a dispute is open or somebody's hold stands, and beyond a day's number.
    """
    with books.own.writing():
        _allowed(books, subject, at)
        mine = sequences(books, subject, carrier=carrier)
        filed = books.filed(mine)
        folios = [folio for folio, _ in filed.values()]
        _undisputed(books, folios)
        records = _from_records(books, mine)
        flags = _anonymous(books, mine)
        _from_journal(books, flags)
        _elsewhere(books, mine, folios)
        scope = "carrier" if carrier else "person"
        facts = {"scope": scope, "registrations": str(len(mine))}
        name = books.seals.subject(subject).hex()
        ledger.note(books.own, KIND, at=at, facts=facts, subject=name)
        books.own.run(
            "INSERT INTO erasures (day, since) VALUES (?, ?)",
            [ledger.day_number(at), books.last_sequence() + 1],
        )
    return Erased(len(mine), records)


def _allowed(books: Books, subject: int, at: datetime) -> None:
    if held(books.own, books.seals, subject, at):
        raise BadInput("an authority's hold stands on this person: nothing is erased until it ends")
    day = ledger.day_number(at)
    done = int(books.own.rows("SELECT COUNT(*) FROM erasures WHERE day = ?", [day])[0][0])
    if done >= A_DAY:
        raise BadInput(f"{A_DAY} people were erased today: go on tomorrow, or ask why so many")


def _undisputed(books: Books, folios: Sequence[bytes]) -> None:
    open_ = [d for d in book.of(books.own, folios).values() if d.state != book.RESOLVED]
    if open_:
        raise BadInput("a dispute about a line in this name is open: erase after its outcome")


def _from_records(books: Books, mine: Sequence[int]) -> int:
    """Take registrations out of the histories of all their keys; how many that were."""
    shelf, ids = Shelf(books), set[bytes]()
    kept = books.entries(mine)
    page = logbook.read(list(kept.values()), books.carriers()) if kept else None
    if page is not None:
        ids |= {id_ for row in record_ids(page.registrations) for id_ in row if id_}
    events = line_events(mine, books.events(mine))
    ids |= {id_ for i in range(len(events)) for id_ in attach_ids(events, i) if id_}
    shelf.fetch(ids)
    for id_ in ids:
        shelf.put(id_, without(shelf[id_], mine))
    shelf.write(asked_since=0)
    return len(ids)


def _anonymous(books: Books, mine: Sequence[int]) -> dict[int, int]:
    """Leave nobody's rows in the log; their flags by row since the beginning."""
    kept = books.entries(mine)
    if not kept:
        return {}
    rows, flags = logbook.anonymous(logbook.read(list(kept.values()), books.carriers()))
    forget(books, list(kept))
    names = books.seals.rows("log", kept)
    books.own.run_many(
        "UPDATE registrations SET entry = ? WHERE id = ?",
        [
            (books.seals.for_worker(LOG, name, os.urandom(16) + row), name)
            for name, row in zip(names, rows, strict=True)
        ],
    )
    return dict(zip([s - 1 for s in kept], flags.tolist(), strict=True))


def _from_journal(books: Books, flags: Mapping[int, int]) -> None:
    after, base = 0, 0
    while page := books.journal(after):
        for id_, text in page:
            entries = Entries.unpacked(text)
            again = entries.anonymous(flags, base=base).packed()
            if again != text:
                books.put_journal(id_, again)
            base += len(entries.rows)
            after = id_


def _elsewhere(books: Books, mine: Sequence[int], folios: Sequence[bytes]) -> None:
    """Cases, words, look-ups, stages to come, and what opens the audit log's commitments."""
    for table in BY_FOLIO:
        sql = f"DELETE FROM {table} WHERE folio = ?"  # noqa: S608 - names of ours
        books.own.run_many(sql, [(folio,) for folio in folios])
    numbers = [(sequence,) for sequence in mine]
    rulings.forget(books.own, mine)
    books.own.run_many("DELETE FROM audit_salts WHERE source = 'decision' AND item = ?", numbers)
    items = books.seals.items("due", ((s, stage) for s in mine for stage in range(len(STAGES))))
    books.own.run_many("DELETE FROM due WHERE item = ?", [(item,) for item in items])


def left(books: Books, subject: int) -> int:
    """What a second look finds in a person's name: the proof of an erasure is that it is nothing."""
    return len(sequences(books, subject))
