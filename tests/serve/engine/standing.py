"""An engine over a store, with a clock that a test sets, and ways to look at what it answered."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from detector.lifecycle import STAGES
from detector.model.artefact import Model
from detector.registration import DataFolder
from detector.signals import features
from serve.answers import Assessment, LineEvent
from serve.engine import Asked, Engine, Question, Told
from serve.judge import Judge, stored_vector, told
from serve.knowing import tell
from serve.reading import Reader
from serve.reference.live import Tables
from serve.reference.notice import Provenance, of_folder
from serve.reference.places import place_of
from serve.replay import differences, exported
from serve.store.books import Answer, Books
from serve.store.database import connect
from serve.world import World
from tests.builders import pseudonymiser, registration

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEEDS = range(max(int(os.environ.get("SIMVIGIA_EXAMPLES", "20")) // 10, 1))
BODY_KEY, TABLES_KEY = b"k" * 32, b"t" * 32


def micros(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)


def question(at: datetime = START, *, imported: bool = False, **changes: Any) -> Question:
    """A registration in which every value is its own, made at that moment."""
    cells = registration(registered_at=at.isoformat(), **changes)
    event = {name: value for name, value in cells.items() if value is not None}
    return Question(event, imported)


def seen(of: Question, at: datetime, kind: str = "first_attach", **more: Any) -> LineEvent:
    return LineEvent(
        str(of.event["carrier_id"]), str(of.event["registration_id"]), at, kind, **more
    )


class Standing:
    """One worker over a store."""

    def __init__(self, url: str, model: Callable[[], Model | None] = lambda: None) -> None:
        self.url, self.model, self.now = url, model, START
        self.restart()

    def restart(self) -> None:
        """As a new process would: nothing in memory."""
        own = connect(self.url)
        self.books = Books(own)
        self.tables = Tables(place_of(self.url, own), TABLES_KEY)
        self.engine = Engine(
            self.books,
            pseudonymiser=pseudonymiser(),
            body_key=BODY_KEY,
            judge=Judge(self.model, policy="p"),
            clock=lambda: micros(self.now),
            country=World(self.books, self.tables),
        )

    def close(self) -> None:
        self.books.own.close()

    def take(self, *asked: Asked, at: datetime | None = None) -> list[Told]:
        """Everything in one transaction, at a moment of the worker's clock."""
        self.now = at or self.now
        return self.engine.take(asked)

    def answered(self, *asked: Asked, at: datetime | None = None) -> list[Assessment]:
        """As `take`, where nothing is refused."""
        found = self.take(*asked, at=at)
        for one in found:
            assert isinstance(one, Assessment), one
        return found  # type: ignore[return-value]

    def settle(self, at: datetime) -> int:
        """As the worker does when nobody asks: all later stages that are due, and how many they were."""
        self.now, done = at, 0
        while found := self.engine.settle(micros(at)):
            done += found
        return done

    def quiet(self) -> None:
        """As the worker does once nobody waits: later stages that registrations have reached."""
        while self.engine.catch_up():
            pass

    def stages(self, of: Question) -> list[str]:
        """The stages at which a registration was answered."""
        return [
            STAGES[answer.stage]
            for answer in self.books.answers([self.number(of)])[self.number(of)]
        ]

    def number(self, of: Question) -> int:
        """The sequence number of a registration."""
        found = Reader(self.books, pseudonymiser()).named(
            str(of.event["carrier_id"]), str(of.event["registration_id"])
        )
        return self.books.known([found.assessment_id.bytes])[found.assessment_id.bytes][0]

    def told(self, of: Question) -> list[Assessment]:
        """What was said about a registration at each stage."""
        number = self.number(of)
        names = str(of.event["carrier_id"]), str(of.event["registration_id"])
        return [
            told(
                answer,
                folio=self.books.folios([number])[number],
                carrier=names[0],
                registration_id=names[1],
            )
            for answer in self.books.answers([number])[number]
        ]

    def feature(self, of: Question, name: str, place: int = 0) -> float:
        """A number of the vector that a registration was answered from, first at activation."""
        answer = self.books.answers([self.number(of)])[self.number(of)][place]
        names = [f.name for f in features(STAGES[answer.stage])]
        return float(stored_vector(answer)[names.index(name)])

    def exported(self) -> DataFolder:
        """The log as a data folder."""
        return exported(self.books, self.tables)

    def tell(self, folder: DataFolder) -> None:
        """Tell the store of a folder's breaches and officials, as another process would."""
        own = connect(self.url)
        tables = Tables(place_of(self.url, own), TABLES_KEY)
        tell(Books(own), tables, of_folder(folder, Provenance("test", "test", START.date())))
        own.close()

    def differing(self) -> list[str]:
        """What a replay of the store's events finds different; fails where there is nothing to compare."""
        found = list(differences(self.books, tables=self.tables))
        assert found
        return [str(one) for one in found if one is not None]


def bend(books: Books, answer: Answer) -> None:
    """Put another answer where one was given, as whoever has all keys could."""
    folios = books.folios([answer.sequence])
    name = books.seals.answer(folios[answer.sequence], answer.stage)
    with books.own.writing():
        books.own.run("DELETE FROM assessments WHERE id = ?", [name])
        books.add_answers([answer], folios)
        books.own.run("DELETE FROM given WHERE id = ?", [books.last_given()])


def later(**time: float) -> datetime:
    """So long after START."""
    return START + timedelta(**time)
