"""What a store knows of one person. Done by the worker: it reads the whole log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np

from detector import logbook
from detector.lifecycle import STAGES
from detector.registration import LABEL_SOURCES, MICROSECONDS, OPERATIONS
from serve.judge import told
from serve.store.books import Books

PAGE = 10_000


@dataclass(frozen=True, slots=True)
class Known:
    """One registration in a person's name, in words that tell it to them."""

    sequence: int
    folio: bytes
    carrier: str
    registration_id: str
    day: date
    state: str  # of INEGI, two digits; empty where it is not known
    last_two: str
    operation: str
    answers: tuple[tuple[str, str, tuple[str, ...]], ...]  # stage, decision, codes of reasons
    verdicts: tuple[tuple[date, str, str], ...]  # day, label, source
    asked: tuple[tuple[date, str], ...]  # who looked it up, and on which day


def sequences(books: Books, subject: int, *, carrier: str | None = None) -> list[int]:
    """Every registration in the log in a person's name (of one carrier, where one is named)."""
    return [s for page in _pages(books) for s in _mine(page, subject, carrier)]


def _pages(books: Books) -> Iterator[logbook.Page]:
    carriers, last = books.carriers(), books.last_sequence()
    for low in range(0, last, PAGE):
        kept = books.entries(range(low + 1, min(low + PAGE, last) + 1))
        if kept:
            yield logbook.read(list(kept.values()), carriers)


def _mine(page: logbook.Page, subject: int, carrier: str | None) -> list[int]:
    own = page.registrations
    mine = own.identity == subject
    if carrier is not None:
        mine &= np.array(own.carriers, object)[own.carrier] == carrier
    found: list[int] = own.sequence[mine].tolist()
    return found


def known(books: Books, subject: int) -> list[Known]:
    """Everything in a person's name, oldest first."""
    return [_known(books, sequence) for sequence in sequences(books, subject)]


def _known(books: Books, sequence: int) -> Known:
    folio, entry = books.filed([sequence])[sequence]
    own = logbook.read([entry], books.carriers()).registrations
    carrier, registration_id = own.carriers[own.carrier[0]], logbook.registration_id(entry)
    answers = books.answers([sequence]).get(sequence, [])
    said = [told(a, folio=folio, carrier=carrier, registration_id=registration_id) for a in answers]
    asked = books.own.rows("SELECT day, client FROM look_ups WHERE folio = ? ORDER BY id", [folio])
    return Known(
        sequence,
        folio,
        carrier,
        registration_id,
        _day(int(own.at[0])),
        f"{int(own.place[0]) // 1000:02d}" if own.place[0] else "",
        f"{int(own.last_two[0]):02d}" if own.last_two[0] >= 0 else "",
        OPERATIONS[own.operation[0]],
        tuple(
            (STAGES[a.stage], one.decision, one.reasons)
            for a, one in zip(answers, said, strict=True)
        ),
        tuple((_day(v.at), v.label, LABEL_SOURCES[v.source]) for v in books.verdicts([sequence])),
        tuple((_day(day * 86_400 * MICROSECONDS), client) for day, client in asked),
    )


def _day(at: int) -> date:
    return datetime.fromtimestamp(at / MICROSECONDS, UTC).date()
