"""The registration behind the folio that a clerk handed out, for whoever also knows its identity.

A folio is forty bits: a guess for one person's only folio hits once in 1.1e12. So it opens nothing by
itself, and guesses are counted per address and over all.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from detector import logbook
from detector.registration import MICROSECONDS
from serve.judge import told
from serve.store.books import Books
from serve.words import families

LETTERS = 8
HANDED = ("step_up", "hold")
MEXICO = ZoneInfo("America/Mexico_City")


@dataclass(frozen=True, slots=True)
class Record:
    """A registration as its person may see it. `families` are reasons in the words of serve.words."""

    assessment: UUID
    carrier: str
    day: date
    state: str
    last_two: str | None
    decision: str
    families: tuple[str, ...]


def prefix(folio: str) -> bytes:
    """The bytes that a typed folio stands for; empty where it cannot be one."""
    # The digits 0, 1 and 8 are not in a folio: a person who types them means the letters.
    letters = "".join(c for c in folio.upper() if c.isalnum()).translate(
        str.maketrans("018", "OIB")
    )
    try:
        return base64.b32decode(letters) if len(letters) == LETTERS else b""
    except binascii.Error:
        return b""


def found(books: Books, folio: str, subject: int) -> Record | None:
    """The registration of that folio in that name that was told `step_up` or `hold` at some stage."""
    begins = prefix(folio)
    for sequence, name in books.beginning(begins) if begins else ():
        row = logbook.read([books.entries([sequence])[sequence]], books.carriers())
        if int(row.registrations.identity[0]) != subject:
            continue
        record = _record(books, sequence, name, row)
        if record is not None:
            return record
    return None


def _record(books: Books, sequence: int, name: bytes, row: logbook.Page) -> Record | None:
    carrier, registration_id = books.named(name)
    said = [
        told(answer, folio=name, carrier=carrier, registration_id=registration_id)
        for answer in books.answers([sequence])[sequence]
    ]
    handed = [one for one in said if one.decision in HANDED]
    if not handed:
        return None
    own = row.registrations
    made = datetime.fromtimestamp(int(own.at[0]) / MICROSECONDS, UTC).astimezone(MEXICO)
    digits = int(own.last_two[0])
    return Record(
        assessment=UUID(bytes=name),
        carrier=carrier,
        day=made.date(),
        state=f"{int(own.place[0]) // 1_000:02d}",
        last_two=f"{digits:02d}" if digits >= 0 else None,
        decision=handed[-1].decision,
        families=tuple(families(handed[-1].reasons)),
    )
