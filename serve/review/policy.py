"""How long people have, as `policy.toml` says: until a held registration goes on, a claim or a note ends."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

from detector.errors import BadInput

MINUTE = 60 * 1_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True)
class ReviewPolicy:
    """The section `[review]`; what is not said there is as here."""

    hold_hours: float = 24.0  # a hold that nobody decided becomes `allow_notify`
    case_days: float = 14.0  # a case of `step_up` leaves the queue
    claim_minutes: float = 30.0
    second_share: float = 0.1  # of cases that nobody's office asks a second reviewer for
    note_days: float = 180.0  # the longest life of an allow-note

    def __post_init__(self) -> None:
        if (
            not 0 <= self.second_share <= 1
            or min(self.hold_hours, self.case_days, self.claim_minutes, self.note_days) <= 0
        ):
            raise BadInput("the section [review] of the policy holds a number that cannot be")

    @classmethod
    def load(cls, path: Path) -> Self:
        """From the policy's file. Raises BadInput naming what is wrong."""
        try:
            said = tomllib.loads(path.read_text("utf-8")).get("review", {})
            if unknown := set(said) - {field.name for field in fields(cls)}:
                raise BadInput(f"the section [review] of {path.name} has an unknown {min(unknown)}")
            return cls(**{name: float(value) for name, value in said.items()})
        except (OSError, tomllib.TOMLDecodeError, TypeError, ValueError) as fault:
            raise BadInput(f"policy {path.name} cannot be used: {type(fault).__name__}") from fault
