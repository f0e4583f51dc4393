"""Looks answers up: what was said about a registration, as it stands now."""

from __future__ import annotations

from detector.intake import folios
from detector.pseudonym import Pseudonymiser
from serve.answers import Assessment, Unknown
from serve.judge import told, v8
from serve.review.rulings import standing
from serve.store.books import Books


class Reader:
    """Looks answers up, over a connection of its own. One thread at a time."""

    def __init__(self, books: Books, pseudonymiser: Pseudonymiser) -> None:
        self._books = books
        self._door = pseudonymiser

    def named(self, carrier_id: str, registration_id: str) -> Assessment:
        """The latest stage of a carrier's registration. Raises Unknown."""
        asked = {"carrier_id": carrier_id, "registration_id": registration_id}
        return self.find(v8(folios([asked], self._door)[0]))

    def find(self, folio: bytes) -> Assessment:
        """The latest stage of what is filed under a folio. Raises Unknown."""
        self._books.seals.keys.refresh()
        known = self._books.known([folio])
        if folio not in known:
            raise Unknown
        return latest(self._books, known[folio][0], folio)


def latest(books: Books, sequence: int, folio: bytes) -> Assessment:
    """A registration's assessment as it stands. Raises Unknown where its time is over."""
    answers = books.answers_to({folio: sequence})
    if folio not in answers:
        raise Unknown
    carrier, registration_id = books.named(folio)
    answer = max(answers[folio], key=lambda a: (a.moment, a.stage))
    said = told(answer, folio=folio, carrier=carrier, registration_id=registration_id)
    return standing(books.own, sequence, said)
