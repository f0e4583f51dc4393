"""Questions that came together, behind the door: rows, and which question each of them is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from detector.intake import Arriving
from serve.judge import v8
from serve.world import body_print

if TYPE_CHECKING:
    from serve.engine import Question


class Batch:
    """Questions that could be taken: rows, and where each stands among the questions."""

    def __init__(self, questions: Sequence[Question], arrived: Arriving, key: bytes) -> None:
        self.questions = questions
        self.own = arrived.registrations
        self.places = arrived.positions
        self.folios = [v8(folio) for folio in arrived.folios]
        self.groups = arrived.groups
        self.prints = [body_print(key, questions[place].event) for place in self.places]

    def events(self, rows: Sequence[int]) -> list[dict[str, object]]:
        """What was asked, by row."""
        return [self.questions[self.places[row]].event for row in rows]

    def imported(self, rows: Sequence[int]) -> np.ndarray:
        """Whether each of some rows is of the past."""
        return np.array([self.questions[self.places[row]].imported for row in rows], np.bool_)
