"""The tables of disputes: a case for each registration that somebody answered for, and every word said.

Whoever writes is inside `own.writing()`. Times are kept by the hour.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast
from uuid import UUID, uuid4

from serve.answers import Unknown
from serve.deliveries.queue import micros, moment
from serve.disputes.clock import due
from serve.disputes.labels import Label, Said, Side
from serve.store.coarse import hour, hour_of
from serve.store.database import Connection, Row

CARRIER = "carrier"  # beside the sides of serve.disputes.labels: who looks again
CONFIRMED = "confirmed_misuse"
OPEN, ACKNOWLEDGED, RESOLVED = STATES = ("open", "acknowledged", "resolved")
_ALL = (
    "SELECT id, folio, carrier, state, opened_at, due_at, acknowledged_at, resolved_at, outcome"
    " FROM disputes"
)


@dataclass(frozen=True, slots=True)
class Dispute:
    """A case at a carrier. `outcome` is what it found, of serve.disputes.labels.OUTCOMES."""

    id: UUID
    folio: bytes
    carrier: str
    state: str
    opened_at: datetime
    due_at: datetime
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    outcome: str | None = None

    def overdue(self, at: datetime) -> bool:
        """Whether the carrier should have looked by now."""
        return self.state != RESOLVED and at > self.due_at


def opened(own: Connection, folio: bytes, carrier: str, at: datetime) -> Dispute:
    """A new case of a registration."""
    made = Dispute(uuid4(), folio, carrier, OPEN, hour_of(at), due(at))
    own.run(
        "INSERT INTO disputes (id, folio, carrier, state, opened_at, due_at) VALUES (?, ?, ?, ?, ?, ?)",
        [
            str(made.id),
            folio,
            carrier,
            STATES.index(OPEN),
            micros(made.opened_at),
            micros(made.due_at),
        ],
    )
    return made


def of(own: Connection, folios: Collection[bytes]) -> dict[bytes, Dispute]:
    """The cases of some registrations, by folio."""
    found = own.found(_ALL + " WHERE folio IN", list(folios))
    return {made.folio: made for made in map(_dispute, found)}


def find(own: Connection, name: UUID, carriers: Collection[str]) -> Dispute:
    """A case of one of the carriers. Raises Unknown, also for others'."""
    found = own.rows(_ALL + " WHERE id = ?", [str(name)])
    made = _dispute(found[0]) if found else None
    if made is None or made.carrier not in carriers:
        raise Unknown
    return made


def page(
    own: Connection, carriers: Collection[str], *, open_only: bool, page: int, most: int
) -> tuple[list[Dispute], int]:
    """Cases of some carriers, the one that is due first on top; and how many there are."""
    if not carriers:
        return [], 0
    where = f" WHERE carrier IN ({','.join('?' * len(carriers))})"
    wanted: list[object] = [*sorted(carriers)]
    if open_only:
        where, wanted = f"{where} AND state <> ?", [*wanted, STATES.index(RESOLVED)]
    order = " ORDER BY CASE state WHEN ? THEN 1 ELSE 0 END, due_at, id LIMIT ? OFFSET ?"
    rows = own.rows(
        _ALL + where + order, [*wanted, STATES.index(RESOLVED), most, (page - 1) * most]
    )
    [(total,)] = own.rows(f"SELECT COUNT(*) FROM disputes{where}", wanted)  # noqa: S608
    return [_dispute(row) for row in rows], int(total)


def overdue(own: Connection, at: datetime) -> dict[str, int]:
    """How many cases each carrier should have looked at by now."""
    sql = "SELECT carrier, COUNT(*) FROM disputes WHERE state <> ? AND due_at < ? GROUP BY carrier"
    return {
        carrier: int(count)
        for carrier, count in own.rows(sql, [STATES.index(RESOLVED), micros(at)])
    }


def every(own: Connection) -> Iterable[Dispute]:
    """All cases."""
    return map(_dispute, own.rows(_ALL))


def save(own: Connection, dispute: Dispute) -> None:
    """What changed of a case: its state, clock and outcome."""
    own.run(
        "UPDATE disputes SET state = ?, due_at = ?, acknowledged_at = ?, resolved_at = ?, outcome = ?"
        " WHERE id = ?",
        [
            STATES.index(dispute.state),
            micros(dispute.due_at),
            _stored(dispute.acknowledged_at),
            _stored(dispute.resolved_at),
            dispute.outcome,
            str(dispute.id),
        ],
    )


def reopened(dispute: Dispute, at: datetime) -> Dispute:
    """The case again at its beginning, with a clock of its own."""
    return replace(
        dispute,
        state=OPEN,
        due_at=due(at),
        acknowledged_at=None,
        resolved_at=None,
        outcome=None,
    )


def say(own: Connection, folio: bytes, side: Side, said: Said, *, at: datetime) -> None:
    """Write down a word."""
    own.run(
        "INSERT INTO dispute_words (folio, side, said, at) VALUES (?, ?, ?, ?)",
        [folio, side, said, hour(micros(at))],
    )


def words(own: Connection, folios: Collection[bytes]) -> dict[bytes, dict[Side, Said]]:
    """The last word of each side about some registrations; the side that spoke last comes last."""
    rows = own.found("SELECT folio, id, side, said FROM dispute_words WHERE folio IN", list(folios))
    last: dict[bytes, dict[Side, Said]] = {}
    for folio, _, side, said in sorted(rows, key=lambda row: int(row[1])):
        if side == CARRIER:
            continue
        of_one = last.setdefault(bytes(folio), {})
        of_one.pop(side, None)
        of_one[cast("Side", side)] = cast("Said", said)
    return last


def look_asked(own: Connection, assessment: UUID, at: datetime) -> bool:
    """Note that a person is to look at a registration; False where that was asked before."""
    sql = (
        "INSERT INTO portal_reviews (assessment, asked_at) VALUES (?, ?) "
        "ON CONFLICT (assessment) DO NOTHING RETURNING 1"
    )
    return bool(own.rows(sql, [str(assessment), hour(micros(at))]))


def looks_asked(own: Connection, folios: Collection[bytes]) -> set[bytes]:
    """Of which registrations somebody asked that a person looks."""
    names = {str(UUID(bytes=folio)): folio for folio in folios}
    rows = own.found("SELECT assessment FROM portal_reviews WHERE assessment IN", list(names))
    return {names[name] for (name,) in rows}


def find_out(own: Connection, folio: bytes, outcome: str, *, at: datetime) -> None:
    """Write down what a carrier found; it stays when the case is opened again."""
    own.run(
        "INSERT INTO dispute_words (folio, side, said, at) VALUES (?, ?, ?, ?)",
        [folio, CARRIER, outcome, hour(micros(at))],
    )


def looked(own: Connection, folio: bytes) -> bool:
    """Whether the carrier has ever looked again at a registration."""
    sql = "SELECT 1 FROM dispute_words WHERE folio = ? AND side = ?"
    return bool(own.rows(sql, [folio, CARRIER]))


def confirmed(own: Connection) -> set[bytes]:
    """Registrations whose last look by the carrier confirmed misuse."""
    rows = own.rows("SELECT folio, said FROM dispute_words WHERE side = ? ORDER BY id", [CARRIER])
    last = {bytes(folio): said for folio, said in rows}
    return {folio for folio, said in last.items() if said == CONFIRMED}


def owe(own: Connection, folio: bytes, label: Label, *, at: datetime) -> None:
    """A label that the engine is to be told."""
    own.run(
        "INSERT INTO dispute_labels (folio, label, source, confidence, made_at) VALUES (?, ?, ?, ?, ?)",
        [folio, label.label, label.source, label.confidence, hour(micros(at))],
    )


def owed(own: Connection, most: int = 100) -> list[tuple[int, bytes, Label]]:
    """Labels that the engine was not told yet, the oldest first."""
    rows = own.rows(
        "SELECT id, folio, label, source, confidence FROM dispute_labels"
        " WHERE reported_at IS NULL ORDER BY id LIMIT ?",
        [most],
    )
    return [(id_, bytes(folio), Label(*rest)) for id_, folio, *rest in rows]


def paid(own: Connection, id_: int, at: datetime) -> None:
    """The engine took a label."""
    own.run("UPDATE dispute_labels SET reported_at = ? WHERE id = ?", [hour(micros(at)), id_])


def _stored(at: datetime | None) -> int | None:
    return None if at is None else hour(micros(at))


def _dispute(row: Row) -> Dispute:
    name, folio, carrier, state, opened_at, due_at, acknowledged, resolved, outcome = row
    return Dispute(
        UUID(name),
        bytes(folio),
        carrier,
        STATES[state],
        moment(opened_at),
        moment(due_at),
        None if acknowledged is None else moment(acknowledged),
        None if resolved is None else moment(resolved),
        outcome,
    )
