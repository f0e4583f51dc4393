"""Which coarse groups a registration is of, at the door and for the audit alone.

Of an identity in clear the door says it itself; who blinds identities elsewhere seals it to the audit there and
sends the box along. Whether a place is rural is told by a list of the operator's.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from detector.errors import BadInput
from serve.store.groups import RURAL, UNKNOWN, URBAN, Group

RURAL_PLACES = "SIMVIGIA_RURAL_PLACES"
BOX = "audit_box"  # the column of a tokenised registration


@dataclass(frozen=True, slots=True)
class Grouping:
    """Makes groups; `rural` are municipalities (INEGI) that count as rural, all others being urban."""

    rural: frozenset[int] = field(default_factory=frozenset)

    @classmethod
    def load(cls, environment: Mapping[str, str]) -> Grouping:
        """With the list that the environment names, one code of five digits a line. Raises BadInput."""
        name = environment.get(RURAL_PLACES)
        return cls(_places(Path(name)) if name else frozenset())

    def groups(
        self, codes: Sequence[int], places: Sequence[int], events: Sequence[Mapping[str, object]]
    ) -> list[Group]:
        """One for each registration."""
        return [
            Group(self._place(place), code, b"" if code else _box(event))
            for code, place, event in zip(codes, places, events, strict=True)
        ]

    def _place(self, place: int) -> int:
        if not self.rural or not place:
            return UNKNOWN
        return RURAL if place in self.rural else URBAN


def _box(event: Mapping[str, object]) -> bytes:
    text = event.get(BOX)
    return base64.urlsafe_b64decode(f"{text}=") if text else b""


def _places(path: Path) -> frozenset[int]:
    try:
        lines = path.read_text("utf-8").split()
    except (OSError, UnicodeDecodeError):
        raise BadInput(f"cannot read the rural places in {path.name}") from None
    for number, line in enumerate(lines, 1):
        if not (line.isascii() and line.isdigit() and len(line) == 5):
            raise BadInput(f"{path.name}, line {number}: not a municipality's code of five digits")
    return frozenset(map(int, lines))
