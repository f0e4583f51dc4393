"""What the portal asks about lines and disputes, and the words both sides use. Nothing here knows HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol
from uuid import UUID

Said = Literal["mine", "not_mine", "mine_but_close", "not_sure"]
By = Literal["holder", "delegate", "folio"]
State = Literal["open", "acknowledged", "resolved"]
SAID: tuple[Said, ...] = ("mine", "not_mine", "mine_but_close", "not_sure")


@dataclass(frozen=True, slots=True)
class Ticket:
    """A case at a carrier. `due` is the day by which the carrier has to have looked.

    `outcome` is what the carrier found, once it is `resolved`.
    """

    id: UUID
    opened: datetime
    due: date
    state: State
    outcome: str | None


@dataclass(frozen=True, slots=True)
class HeldLine:
    """A line in somebody's name. `state` is INEGI's two digits; `last_two` those of the number.

    `decision_open` says whether the carrier still waits. `said` is the answer that counts,
    `disagreed` that holder and delegate said different things (both are kept), `look_asked` that a person
    was asked to look.
    """

    assessment: UUID
    carrier: str
    day: date
    state: str
    last_two: str | None
    decision_open: bool
    ticket: Ticket | None
    said: Said | None = None
    disagreed: bool = False
    look_asked: bool = False


class Holding(Protocol):
    """Lines and answers. `subject` is the identity's token as the Pseudonymiser makes it."""

    def lines(self, subject: int, at: datetime) -> Sequence[HeldLine]:
        """The lines in this name that are known here, the newest first."""
        ...

    def asked(self, subject: int, at: datetime) -> Sequence[tuple[str, date]]:
        """Which carriers asked about this name, and on which day."""
        ...

    def answer(self, assessment: UUID, said: Said, by: By, at: datetime) -> Ticket:
        """Take an answer; the case it belongs to. The same answer again changes nothing.

        A later answer supersedes an earlier one of the same person; where holder and delegate
        disagree, both are kept. Raises Unknown for a line that is not known here.
        """
        ...

    def ask_to_look(self, assessment: UUID, at: datetime) -> Ticket:
        """That a person of the carrier looks; the case. Asked twice it is asked once. Raises Unknown."""
        ...
