"""The chain from answers to notices: what was answered is noted with the answer, and struck out when told.

Both are parts of transactions that happen whole or not at all, so a process may die at any moment: what
is noted is looked at again, and what is struck out has its notice in the outbox.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from serve.answers import Assessment
from serve.deliveries.queue import micros
from serve.store.database import Connection

TELLING = ("allow_notify", "step_up", "hold")
_FIRST = "activation"


@dataclass(frozen=True, slots=True)
class Noted:
    """An answer that may call for a notice. `folio` is its assessment's id."""

    number: int
    folio: bytes
    decision: str


def note(own: Connection, assessments: Sequence[Assessment]) -> None:
    """Note answers, inside the transaction that makes them: the same work whoever they are about.

    Every registration's first answer is noted, because some want to hear of each; a later stage is only
    where it asks for a notice.
    """
    rows = [
        (one.assessment_id.bytes, one.decision)
        for one in assessments
        if one.stage == _FIRST or one.decision in TELLING
    ]
    if rows:
        own.run_many("INSERT INTO answered (folio, decision, due_at) VALUES (?, ?, 0)", rows)


def noted(own: Connection, most: int, *, at: datetime) -> list[Noted]:
    """What is to be looked at by now, in the order of the answers; what was put off comes last."""
    sql = "SELECT id, folio, decision FROM answered WHERE due_at <= ? ORDER BY due_at, id LIMIT ?"
    rows = own.rows(sql, [micros(at), most])
    return [Noted(number, bytes(folio), decision) for number, folio, decision in rows]


def struck(own: Connection, numbers: Sequence[int]) -> frozenset[int]:
    """Strike out what is looked at now, inside `own.writing()`; those that nobody struck out before."""
    return frozenset(
        number
        for one in numbers
        for (number,) in own.rows("DELETE FROM answered WHERE id = ? RETURNING id", [one])
    )


def put_off(own: Connection, number: int, *, until: datetime) -> None:
    """Look at it again later, inside `own.writing()`: it must not stand in the way of the others."""
    own.run("UPDATE answered SET due_at = ? WHERE id = ?", [micros(until), number])
