"""How much one asker may ask of whom in a day before somebody is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["client", "point_of_sale", "agent"]
ROLES: tuple[Role, ...] = ("client", "point_of_sale", "agent")
RULES = ("budget", "abandoned", "repeated", "read_again", "root")
LEAST_ABANDONED = {"client": 200, "point_of_sale": 20, "agent": 10}


@dataclass(frozen=True, slots=True)
class Rules:
    """Per day (UTC). Questions of one agent, point of sale and client; questions about one subject.

    `abandoned` is the share of an asker's questions that may end without a registration, judged from
    LEAST_ABANDONED on. `readings` is how often one assessment may be read. With `refuse`, who was told of
    gets 429 for the rest of the day; scores never change.
    """

    agent: int = 200
    point_of_sale: int = 1_000
    client: int = 1_000_000
    subject: int = 3
    abandoned: float = 0.2
    readings: int = 20
    refuse: bool = False

    def budget(self, role: Role) -> int:
        """Questions that an asker of this role has."""
        limit: int = getattr(self, role)
        return limit


@dataclass(frozen=True, slots=True)
class Alarm:
    """An asker went over a rule for the first time on this day. `handle` is a keyed hash of its name."""

    rule: str
    role: Role
    carrier: str
    handle: str
    asked: int
    abandoned: int
