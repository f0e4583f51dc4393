"""From the event log to what the notifier needs of a registration: tokens, a day, a state, two digits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from detector import logbook
from detector.registration import MISSING, Registrations
from serve.deliveries.queue import moment
from serve.notices.answered import Noted
from serve.notices.manners import MEXICO
from serve.notices.notifier import Case
from serve.store.books import Books

OLDEST = timedelta(days=8)  # a registration's last stage is its seventh day
ALIKE = ("block", "handset", "device", "contact", "agent")  # strangers do not share these


def person(identity: int) -> bytes:
    """An identity's token as the register of enrolments is asked with it."""
    return identity.to_bytes(8, "little", signed=True)


def cases(books: Books, answers: Sequence[Noted], *, now: int) -> dict[int, Case]:
    """By number, the registrations that were answered and are young enough to be news.

    `now` is the service's clock in microseconds. One read of each table, whoever they are about.
    """
    known = books.known([one.folio for one in answers])
    sequences = {one.number: known[one.folio][0] for one in answers if one.folio in known}
    places = {sequence: i for i, sequence in enumerate(dict.fromkeys(sequences.values()))}
    entries = books.entries(list(places))
    own = logbook.read([entries[s] for s in places], books.carriers()).registrations
    oldest = now - OLDEST // timedelta(microseconds=1)
    rows = {number: places[sequence] for number, sequence in sequences.items()}
    return {
        one.number: _case(own, rows[one.number], one)
        for one in answers
        if one.number in rows and int(own.at[rows[one.number]]) >= oldest
    }


def _case(own: Registrations, row: int, told: Noted) -> Case:
    contact, last_two = int(own.contact[row]), int(own.last_two[row])
    return Case(
        person=person(int(own.identity[row])),
        assessment_id=UUID(bytes=told.folio),
        carrier=own.carriers[own.carrier[row]],
        on=moment(int(own.at[row])).astimezone(MEXICO).date(),
        state=f"{int(own.place[row]) // 1000:02d}",
        last_two=None if last_two == MISSING else last_two,
        decision=told.decision,
        line=person(int(own.line[row])),
        contact=person(contact) if contact else None,
        alike=frozenset(f"{name}/{key}" for name in ALIKE if (key := int(getattr(own, name)[row]))),
    )
