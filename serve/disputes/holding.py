"""What the portal asks of disputes: the lines in a name, and what their holder says of each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import numpy as np

from detector import logbook
from detector.decision import DECISIONS, STEP_UP
from detector.records import ENTRY
from detector.registration import MICROSECONDS
from serve.answers import Unknown
from serve.disputes import book
from serve.disputes.book import Dispute
from serve.disputes.clock import MEXICO
from serve.disputes.labels import Said, Side, disagreed, follows
from serve.judge import told
from serve.portal.holding import HeldLine, State, Ticket
from serve.review.rulings import standing
from serve.shelf import PLACE, record_id
from serve.store.books import Books
from serve.store.database import Connection

Told = Callable[[Connection, Dispute], None]


class Disputes:
    """Implements `serve.portal.holding.Holding` over a connection of its own; for several threads.

    `changed` hears of every case that is new or another than it was, inside the transaction.
    """

    def __init__(self, own: Connection, *, changed: Told) -> None:
        self._own, self._changed = own, changed
        self._books = Books(own)
        self._one = threading.Lock()

    def lines(self, subject: int, at: datetime) -> Sequence[HeldLine]:
        """The lines in this name that are known here, the newest first."""
        del at
        with self._one:
            rows = self._registered(subject)
            filed = self._books.folios(list(rows))
            cases = book.of(self._own, list(filed.values()))
            said = book.words(self._own, list(filed.values()))
            asked = book.looks_asked(self._own, list(filed.values()))
            return [
                replace(
                    self._line(sequence, filed[sequence], rows[sequence], cases, said),
                    look_asked=filed[sequence] in asked,
                )
                for sequence in sorted(rows, reverse=True)
            ]

    def asked(self, subject: int, at: datetime) -> Sequence[tuple[str, date]]:
        """Which carriers asked about this name, and on which day, the newest first."""
        del at
        with self._one:
            rows = self._registered(subject)
        return [
            (page.registrations.carriers[page.registrations.carrier[0]], _day(page))
            for _, page in sorted(rows.items(), reverse=True)
        ]

    def answer(self, assessment: UUID, said: Said, by: Side, at: datetime) -> Ticket:
        """Take an answer; the case it belongs to. The same answer again changes nothing.

        Raises Unknown for a line that is not known here.
        """
        folio = assessment.bytes
        with self._one, self._own.writing():
            known = self._books.known([folio])
            if folio not in known:
                raise Unknown
            before = book.words(self._own, [folio]).get(folio, {})
            case = book.of(self._own, [folio]).get(folio)
            if case is not None and before.get(by) == said:
                return ticket(case)
            carrier, _ = self._books.named(folio)
            book.say(self._own, folio, by, said, at=at)
            label = follows(before, by, said)
            if label and not (by == "folio" and book.looked(self._own, folio)):
                book.owe(self._own, folio, label, at=at)
            return ticket(self._heard(case, folio, carrier, at=at))

    def ask_to_look(self, assessment: UUID, at: datetime) -> Ticket:
        """That a person of the carrier looks; the case. Asked twice it is asked once.

        Raises Unknown for a line that is not known here.
        """
        folio = assessment.bytes
        with self._one, self._own.writing():
            known = self._books.known([folio])
            if folio not in known:
                raise Unknown
            case = book.of(self._own, [folio]).get(folio)
            if not book.look_asked(self._own, assessment, at) and case is not None:
                return ticket(case)
            if not book.words(self._own, [folio]).get(folio):
                book.say(self._own, folio, "folio", "not_sure", at=at)
            carrier, _ = self._books.named(folio)
            return ticket(self._heard(case, folio, carrier, at=at))

    def _heard(self, case: Dispute | None, folio: bytes, carrier: str, *, at: datetime) -> Dispute:
        """The case as it stands after a word that is new."""
        if case is None:
            case = book.opened(self._own, folio, carrier, at)
        elif case.state == book.RESOLVED:
            case = book.reopened(case, at)
            book.save(self._own, case)
        self._changed(self._own, case)
        return case

    def _registered(self, subject: int) -> dict[int, logbook.Page]:
        """Rows of the log in a name, by sequence."""
        key = record_id(PLACE["identity"], subject)
        record = self._books.history(key) if subject else b""
        sequences = np.unique(np.frombuffer(record, ENTRY)["sequence"]).tolist()
        kept, carriers = self._books.entries(sequences), self._books.carriers()
        pages = {sequence: logbook.read([row], carriers) for sequence, row in kept.items()}
        return {s: p for s, p in pages.items() if int(p.registrations.identity[0]) == subject}

    def _line(
        self,
        sequence: int,
        folio: bytes,
        page: logbook.Page,
        cases: dict[bytes, Dispute],
        said: dict[bytes, dict[Side, Said]],
    ) -> HeldLine:
        own, words = page.registrations, said.get(folio, {})
        last = max(self._books.answers([sequence])[sequence], key=lambda a: (a.moment, a.stage))
        carrier = own.carriers[own.carrier[0]]
        stands = standing(
            self._own, sequence, told(last, folio=folio, carrier=carrier, registration_id="")
        )
        digits = int(own.last_two[0])
        return HeldLine(
            assessment=UUID(bytes=folio),
            carrier=carrier,
            day=_day(page),
            state=f"{int(own.place[0]) // 1_000:02d}",
            last_two=f"{digits:02d}" if digits >= 0 else None,
            decision_open=DECISIONS.index(stands.decision) >= STEP_UP,
            ticket=ticket(cases[folio]) if folio in cases else None,
            said=list(words.values())[-1] if words else None,
            disagreed=disagreed(words),
        )


def ticket(case: Dispute) -> Ticket:
    """A case as the portal shows it."""
    state: State = case.state  # type: ignore[assignment]
    return Ticket(
        case.id, case.opened_at, case.due_at.astimezone(MEXICO).date(), state, case.outcome
    )


def _day(page: logbook.Page) -> date:
    at = int(page.registrations.at[0]) / MICROSECONDS
    return datetime.fromtimestamp(at, UTC).astimezone(MEXICO).date()
