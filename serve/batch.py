"""Questions that came together, behind the door: rows, and which question each of them is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from detector.intake import Arriving
from serve.answers import Assessment
from serve.judge import told, v8
from serve.store.books import Answer
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

    def told(self, answer: Answer, row: int) -> Assessment:
        """An answer about a row as it leaves the engine."""
        event = self.questions[self.places[row]].event
        return told(
            answer,
            folio=self.folios[row],
            carrier=str(event["carrier_id"]),
            registration_id=str(event["registration_id"]),
        )

    def imported(self, rows: Sequence[int]) -> np.ndarray:
        """Whether each of some rows is of the past."""
        return np.array([self.questions[self.places[row]].imported for row in rows], np.bool_)
