"""An engine that answers without the worker's key, and a worker over the same store, on a real socket."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from detector.model.artefact import Model
from serve.engine import Asked, Engine, Question, Told
from serve.judge import Judge
from serve.store.books import Books
from serve.store.database import connect
from serve.store.keys import ENGINE_FILE, StoreKeys
from serve.working.country import Afar
from serve.working.country import Told as CountryTold
from serve.working.line import STAND, Answering, Line
from tests.builders import pseudonymiser
from tests.serve.engine.standing import BODY_KEY, Standing, micros


class Apart(Standing):
    """`engine` is the worker's, `front` the one that answers; both go by the clock of `now`."""

    def __init__(self, url: str, model: Callable[[], Model | None] = lambda: None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="line")
        self._line: Answering | None = None
        self.asking: Line | None = None
        super().__init__(url, model)
        self.come_back()
        self.answering()

    def answering(self) -> None:
        """A fresh process that answers."""
        if self.asking is not None:
            self.asking.close()
            self.front_books.own.close()
        keys = StoreKeys.of(Path(os.environ[ENGINE_FILE]), None)
        self.front_books = Books(connect(self.url, keys))
        self.asking = Line(self._path, timeout=5.0)
        self.front = Engine(
            self.front_books,
            pseudonymiser=pseudonymiser(),
            body_key=BODY_KEY,
            judge=Judge(self.model, policy="p"),
            clock=lambda: micros(self.now),
            country=Afar(self.front_books, self.tables, self.asking),
        )

    @property
    def _path(self) -> Path:
        return Path(self._folder.name) / "line"

    def go_down(self) -> None:
        """The worker ends."""
        assert self._line
        self._line.stop()

    def come_back(self) -> None:
        """A worker that has nothing in memory."""
        self.restart()
        self._line = Answering(self._path, {STAND: CountryTold(Books(connect(self.url)))})
        self._line.start()

    def take(self, *asked: Asked, at: datetime | None = None) -> list[Told]:
        """Questions go to the one, reports to the other, each run of a kind in one transaction."""
        self.now = at or self.now
        told: list[Told] = []
        run: list[Asked] = []
        for one in asked:
            if run and isinstance(run[0], Question) != isinstance(one, Question):
                told += self._taken(run)
                run = []
            run.append(one)
        return told + (self._taken(run) if run else [])

    def _taken(self, run: list[Asked]) -> list[Told]:
        if not isinstance(run[0], Question):
            return self.engine.take(run)
        told = self.front.take(run)
        while self.following and self.engine.follow():
            pass
        return told

    following = True  # whether the worker follows at once; else only when it takes a report

    def close(self) -> None:
        """Give everything back."""
        self.go_down()
        if self.asking is not None:
            self.asking.close()
        self.front_books.own.close()
        super().close()
        self._folder.cleanup()
