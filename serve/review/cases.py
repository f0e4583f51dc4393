"""Cases: opened with the answer that held or asked for more, claimed, voted on, ended or lapsed.

Everything here works on one connection; what writes is for inside `own.writing()`. Times are
microseconds since 1970 UTC, by the engine's clock; what is kept says the hour only (a claim: the minute)
and the score to the percent.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from detector.decision import HOLD
from serve.answers import Unknown
from serve.review.policy import HOUR, MINUTE, ReviewPolicy
from serve.store.books import Books
from serve.store.coarse import hour, minute, percent
from serve.store.database import Connection, Row

COLUMNS = ("folio, carrier, stage, decision, score, opened_at, due_at, claimed_by,"
           " claimed_until, ended, ended_at")  # fmt: skip
UNASKED = 1_000
MISUSE, LEGITIMATE, LAPSED = "fraud", "legitimate", "lapsed"
ORDERS = {
    "risk": "decision DESC, score DESC, opened_at, folio",
    "age": "opened_at, folio",
}


class Taken(Exception):
    """Somebody else has the case, or it needs another reviewer than the one who asks."""


@dataclass(frozen=True, slots=True)
class Case:
    """A registration that people look at; `ended` is empty while it waits.

    `needs` reviewers have to agree (`review.seconds`): nobody can before that was asked.
    """

    folio: bytes
    sequence: int
    carrier: str
    stage: int
    decision: int
    score: float
    opened_at: int
    due_at: int
    claimed_by: str = ""
    claimed_until: int = 0
    ended: str = ""
    ended_at: int = 0
    needs: int = UNASKED

    def held_by(self, at: int) -> str:
        """Who has claimed it, at a moment; empty for nobody."""
        return self.claimed_by if self.claimed_until > at else ""


def put(own: Connection, case: Case) -> None:
    """Open a case, or open it again at a later stage."""
    own.run(
        "INSERT INTO cases (folio, carrier, stage, decision, score, opened_at, due_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (folio) DO UPDATE SET stage = excluded.stage,"
        " decision = excluded.decision, score = excluded.score, due_at = excluded.due_at,"
        " ended = NULL, ended_at = NULL",
        [case.folio, case.carrier, case.stage, case.decision, percent(case.score),
         hour(case.opened_at), hour(case.due_at)],
    )  # fmt: skip


def known(own: Connection, folio: bytes) -> Case | None:
    """The case of a registration, if it ever had one."""
    found = own.rows(f"SELECT {COLUMNS} FROM cases WHERE folio = ?", [folio])  # noqa: S608
    return next(iter(_cases(own, found)), None)


def find(own: Connection, folio: bytes, carriers: Collection[str]) -> Case:
    """A case of one of the carriers. Raises Unknown."""
    found = known(own, folio)
    if found is None or found.carrier not in carriers:
        raise Unknown
    return found


def waiting(
    own: Connection, carriers: Collection[str], *, order: str, page: int, most: int
) -> tuple[list[Case], int]:
    """A page of the queue and how many wait."""
    if not carriers:
        return [], 0
    marks = ",".join("?" * len(carriers))
    # what follows is put together from our own words and marks; values go beside it
    where = f"FROM cases WHERE ended IS NULL AND carrier IN ({marks})"
    names = sorted(carriers)
    total = int(own.rows(f"SELECT COUNT(*) {where}", names)[0][0])
    found = own.rows(
        f"SELECT {COLUMNS} {where} ORDER BY {ORDERS[order]} LIMIT ? OFFSET ?",
        [*names, most, (page - 1) * most],
    )
    return _cases(own, found), total


def claim(own: Connection, case: Case, *, reviewer: str, at: int, policy: ReviewPolicy) -> None:
    """Take a case for a while; one that ended is opened again. Raises Taken."""
    if case.held_by(at) not in {"", reviewer}:
        raise Taken
    if case.ended:
        own.run("DELETE FROM case_votes WHERE folio = ?", [case.folio])
        own.run(
            "UPDATE cases SET ended = NULL, ended_at = NULL, due_at = ? WHERE folio = ?",
            [hour(at + int(policy.hold_hours * HOUR)), case.folio],
        )
    elif reviewer in (said := votes(own, case.folio)) and not agreed(said, case.needs):
        raise Taken
    own.run(
        "UPDATE cases SET claimed_by = ?, claimed_until = ? WHERE folio = ?",
        [reviewer, minute(at + int(policy.claim_minutes * MINUTE)), case.folio],
    )


def let_go(own: Connection, case: Case, *, reviewer: str, at: int) -> None:
    """Give a case back. Raises Taken unless it is the reviewer's."""
    if case.held_by(at) != reviewer:
        raise Taken
    _unclaim(own, case.folio)


def votes(own: Connection, folio: bytes) -> dict[str, bool]:
    """Who has voted on a case, and whether for misuse."""
    found = own.rows(
        "SELECT reviewer, fraud FROM case_votes WHERE folio = ? ORDER BY at, reviewer", [folio]
    )
    return {reviewer: bool(fraud) for reviewer, fraud in found}


def vote(own: Connection, case: Case, *, reviewer: str, fraud: bool, at: int) -> str:
    """A reviewer's verdict; the label that enough reviewers agree on by now, or nothing. Raises Taken."""
    if case.held_by(at) != reviewer:
        raise Taken
    own.run(
        "INSERT INTO case_votes (folio, reviewer, fraud, at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (folio, reviewer) DO UPDATE SET fraud = excluded.fraud, at = excluded.at",
        [case.folio, reviewer, int(fraud), hour(at)],
    )
    label = agreed(votes(own, case.folio), case.needs)
    if not label:
        _unclaim(own, case.folio)
    return label


def agreed(said: Mapping[str, bool], needs: int) -> str:
    """The label that enough reviewers have given, or nothing."""
    for label, fraud in ((MISUSE, True), (LEGITIMATE, False)):
        if sum(one == fraud for one in said.values()) >= needs:
            return label
    return ""


def end(own: Connection, folio: bytes, how: str, *, at: int) -> None:
    """The case is over."""
    own.run(
        "UPDATE cases SET ended = ?, ended_at = ?, claimed_by = NULL, claimed_until = NULL"
        " WHERE folio = ?",
        [how, hour(at), folio],
    )


def overdue(own: Connection, at: int, most: int = 200) -> list[Case]:
    """Cases that nobody decided in time."""
    found = own.rows(
        f"SELECT {COLUMNS} FROM cases WHERE ended IS NULL AND due_at <= ? ORDER BY due_at LIMIT ?",  # noqa: S608
        [at, most],
    )
    return _cases(own, found)


def add_note(own: Connection, case: Case, text: str, *, reviewer: str, at: int) -> None:
    """Write a note on a case."""
    own.run(
        "INSERT INTO case_notes (folio, reviewer, at, text) VALUES (?, ?, ?, ?)",
        [case.folio, reviewer, hour(at), text],
    )


def notes(own: Connection, folio: bytes) -> list[tuple[str, int, str]]:
    """Reviewer, moment and text of each note, the oldest first."""
    sql = "SELECT reviewer, at, text FROM case_notes WHERE folio = ? ORDER BY id"
    return [(reviewer, at, text) for reviewer, at, text in own.rows(sql, [folio])]


def ended(own: Connection, carriers: Collection[str], *, since: int) -> list[tuple[str, bool, int]]:
    """How cases ended since a moment: how, whether it was a hold, and how many."""
    if not carriers:
        return []
    marks = ",".join("?" * len(carriers))
    sql = (
        "SELECT ended, decision, COUNT(*) FROM cases WHERE ended IS NOT NULL AND ended_at >= ? "  # noqa: S608
        f"AND carrier IN ({marks}) GROUP BY ended, decision ORDER BY ended, decision"
    )
    found = own.rows(sql, [since, *sorted(carriers)])
    return [(how, decision == HOLD, int(count)) for how, decision, count in found]


def _unclaim(own: Connection, folio: bytes) -> None:
    own.run("UPDATE cases SET claimed_by = NULL, claimed_until = NULL WHERE folio = ?", [folio])


def _cases(own: Connection, rows: Sequence[Row]) -> list[Case]:
    """Rows as cases, with the numbers of their registrations."""
    folios = [bytes(row[0]) for row in rows]
    known = Books(own).known(folios) if folios else {}
    return [_case(row, known[folio][0]) for row, folio in zip(rows, folios, strict=True)]


def _case(row: Row, sequence: int) -> Case:
    by, until, how, when = row[7:]
    values = (bytes(row[0]), sequence, *row[1:7], by or "", until or 0, how or "", when or 0)
    return Case(*values)
