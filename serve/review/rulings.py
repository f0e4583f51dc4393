"""What stands instead of an answer since somebody decided, or since nobody did in time.

An answer stays as it was given; a ruling is a row of its own beside it. Only who reads the present state
of a registration asks for rulings, and only where the answer had stopped somebody.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from detector.decision import DECISIONS, STEP_UP
from detector.lifecycle import STAGES
from serve.answers import Assessment
from serve.store.database import Connection

BY_VERDICT, BY_TIME = "verdict", "time"


@dataclass(frozen=True, slots=True)
class Ruling:
    """From a moment on (microseconds) a registration's stage has this decision."""

    sequence: int
    stage: int
    at: int
    decision: int
    why: str


def add(own: Connection, ruling: Ruling) -> None:
    """Write one down, inside `own.writing()`."""
    own.run(
        "INSERT INTO rulings (sequence, stage, at, decision, why) VALUES (?, ?, ?, ?, ?)",
        [ruling.sequence, ruling.stage, ruling.at, ruling.decision, ruling.why],
    )


def rulings(own: Connection) -> dict[tuple[int, int], Ruling]:
    """All that stand, by sequence and stage."""
    found = own.rows("SELECT sequence, stage, at, decision, why FROM rulings ORDER BY id")
    return {(made.sequence, made.stage): made for made in (Ruling(*row) for row in found)}


def standing(own: Connection, sequence: int, said: Assessment) -> Assessment:
    """An assessment with the decision that stands now."""
    if DECISIONS.index(said.decision) < STEP_UP:
        return said
    found = own.rows(
        "SELECT decision FROM rulings WHERE sequence = ? AND stage = ? ORDER BY id DESC LIMIT 1",
        [sequence, STAGES.index(said.stage)],
    )
    return ruled(said, int(found[0][0])) if found else said


def ruled(said: Assessment, decision: int) -> Assessment:
    """An assessment under another decision; what only the old one carried is left out."""
    return replace(
        said,
        decision=DECISIONS[decision],
        reasons=said.reasons if decision else (),
        folio=said.folio if decision >= STEP_UP else None,
        repeated=False,
    )
