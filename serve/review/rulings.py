"""What stands instead of an answer since somebody decided, or since nobody did in time.

An answer stays as it was given; a ruling is a row of its own beside it. Only who reads the present state
of a registration asks for rulings, and only where the answer had stopped somebody. They are filed under keyed
blocks of number and stage, by the hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from detector.decision import DECISIONS, STEP_UP
from detector.lifecycle import STAGES
from serve.answers import Assessment
from serve.store.coarse import hour
from serve.store.database import Connection
from serve.store.rows import seals_of

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
        "INSERT INTO rulings (sequence, item, stage, at, decision, why) VALUES (0, ?, 0, ?, ?, ?)",
        [
            _items(own, [(ruling.sequence, ruling.stage)])[0],
            hour(ruling.at),
            ruling.decision,
            ruling.why,
        ],
    )


def forget(own: Connection, sequences: Sequence[int]) -> None:
    """Leave nothing of registrations, inside `own.writing()`."""
    pairs = [(sequence, stage) for sequence in sequences for stage in range(len(STAGES))]
    own.run_many("DELETE FROM rulings WHERE item = ?", [(i,) for i in _items(own, pairs)])
    own.run_many("DELETE FROM rulings WHERE sequence = ?", [(s,) for s in sequences])


def _items(own: Connection, pairs: Sequence[tuple[int, int]]) -> list[bytes]:
    return seals_of(own).items("rulings", pairs)


def rulings(own: Connection) -> dict[tuple[int, int], Ruling]:
    """All that stand, by sequence and stage."""
    found = own.rows("SELECT item, sequence, stage, at, decision, why FROM rulings ORDER BY id")
    items = [bytes(row[0]) for row in found if row[0]]
    opened = dict(zip(items, seals_of(own).pairs("rulings", items), strict=True))
    made = (
        Ruling(*(opened[bytes(item)] if item else (sequence, stage)), *rest)
        for item, sequence, stage, *rest in found
    )
    return {(one.sequence, one.stage): one for one in made}


def standing(own: Connection, sequence: int, said: Assessment) -> Assessment:
    """An assessment with the decision that stands now."""
    if DECISIONS.index(said.decision) < STEP_UP:
        return said
    stage = STAGES.index(said.stage)
    found = own.rows(
        "SELECT decision FROM rulings WHERE item = ? OR (sequence = ? AND stage = ?)"
        " ORDER BY id DESC LIMIT 1",
        [_items(own, [(sequence, stage)])[0], sequence, stage],
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
