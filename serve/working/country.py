"""Where the country stands, told by the worker to those who may not open the journal, and how they hear it.

They send what a run of registrations adds, and hear of the rings that these would join: nothing but what they
ask for with its keys. What is sent is not committed yet. So it is kept beside what was folded from the
journal, and where the journal says something else, as after a transaction that never happened, all is folded
anew.
"""

from __future__ import annotations

import os
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.registration import NEVER, OPERATIONS
from detector.rings import RING_NUMBERS, RingViews
from detector.running import CARRIERS, Asks, Entries, Running
from detector.wave import Wave
from detector.windows import F
from serve.answers import Unavailable
from serve.reference.live import Tables
from serve.store.books import Books
from serve.working.arrays import packed, unpacked
from serve.working.line import STAND, Line
from serve.world import NOBODY, Country

NUMBER = 8  # bytes of each number before the entries of a question
_LANES = CARRIERS * len(OPERATIONS)
NO_WAVE = Wave(0, np.zeros(1), np.zeros((1, F)), np.zeros((_LANES, 1)))


class Told:
    """The worker's end. Any thread may ask."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._lock = threading.Lock()
        self._waves = int.from_bytes(os.urandom(6), "big")  # numbers waves; no two workers' agree
        self._wave: Wave | None = None
        self._begin()

    def __call__(self, question: bytes) -> bytes:
        """What a run of registrations adds (its number in the journal, the wave that is known, the entries) and
        where the country stands then. Raises Unavailable where the journal is not that far."""
        journal, known = (int.from_bytes(question[at : at + NUMBER], "big") for at in (0, NUMBER))
        with self._lock:
            rings = self._added(journal, question[2 * NUMBER :])
            return self._said(rings, known)

    def catch_up(self) -> None:
        """Fold what was committed so far, before anybody waits for it."""
        with self._lock:
            self._catch_up()

    def _begin(self) -> None:
        self._running = Running()
        self._committed = self._folded = 0
        self._ahead: dict[int, bytes] = {}
        self._erased = self._books.last_erasure()

    def _added(self, journal: int, entries: bytes) -> RingViews:
        self._catch_up()
        if journal != self._folded + 1:
            self._begin()
            self._catch_up()
        if journal != self._folded + 1:
            raise Unavailable
        rings, _ = self._running.rings(Entries.unpacked(entries), NOBODY)
        self._folded, self._ahead[journal] = journal, entries
        return rings

    def _catch_up(self) -> None:
        """Fold what was committed since; anew where it is not what was expected."""
        self._books.seals.keys.refresh(self._books.last_epoch())
        if self._books.last_erasure() != self._erased:  # what is in memory remembers who was erased
            self._begin()
        while found := self._books.journal(self._committed):
            for id_, entries in found:
                if id_ > self._folded:
                    self._running.fold(Entries.unpacked(entries))
                    self._folded = id_
                elif self._ahead.pop(id_, None) != entries:
                    self._begin()
                    break
                self._committed = id_

    def _said(self, rings: RingViews, known: int) -> bytes:
        running = self._running
        wave = running.wave()
        if wave is not self._wave:
            self._wave, self._waves = wave, self._waves + 1
        told: dict[str, NDArray[Any]] = {
            "observed": running.observed,
            "numbers": rings.numbers,
            "ring": rings.ring,
            "waves": np.array([self._waves]),
        }
        if known != self._waves:
            told |= {
                "start": np.array([wave.start]),
                "total": wave.total,
                "flagged": wave.flagged,
                "streams": wave.streams,
            }
        return packed(told)


class Afar(Country):
    """The country for whoever may not open the journal: its clock is in the store, the rest the worker tells.

    Where the worker does not answer, registrations are answered without rings and wave.
    """

    def __init__(self, books: Books, tables: Tables | None, line: Line) -> None:
        super().__init__(books, tables)
        self._line = line
        self._wave, self._waves = NO_WAVE, 0
        self.forget()

    @property
    def n(self) -> int:
        """How many registrations there are."""
        return self._n

    @property
    def newest(self) -> int:
        """The newest registration's moment, in microseconds."""
        return self._newest

    @property
    def observed(self) -> NDArray[np.int64]:
        """By carrier, since when it reports what is seen on lines; as of the last run that was added."""
        return self._observed

    @property
    def alone(self) -> bool:
        """Whether the worker did not answer about the last run that was added."""
        return self._alone

    def wave(self) -> Wave:
        """The hours that may be read by now."""
        return NO_WAVE if self._alone else self._wave

    def forget(self) -> None:
        """Nothing here is ahead of the store but what `catch_up` reads anew."""
        self._n, self._newest, self._alone = 0, -NEVER, True
        self._observed = np.full(CARRIERS, NEVER, np.int64)

    def catch_up(self) -> None:
        """Read where the country stands. Raises Unavailable for a store whose worker never started."""
        self._books.seals.keys.refresh(self._books.last_epoch())
        self._journal = self._books.last_journal()
        standing = self._books.standing()
        if standing is None and self._journal:
            raise Unavailable
        self._n, self._newest = standing or (0, -NEVER)
        self.carriers = self._books.carriers()

    def add(self, entries: Entries, asks: Asks = NOBODY) -> tuple[RingViews, RingViews]:
        """What a run of registrations adds, and their rings. Nobody asks at later moments here."""
        del asks
        self._keep(entries)
        self._n += len(entries.rows)
        self._newest = max(self._newest, int(entries.rows["at"].max()))
        self._books.put_standing(self._n, self._newest)
        try:
            rings = self._heard(entries)
        except Unavailable:
            rings = _nothing_known(len(entries.rows))
            self._observed, self._alone = np.full(CARRIERS, NEVER, np.int64), True
        return rings, _nothing_known(0)

    def _heard(self, entries: Entries) -> RingViews:
        numbers = (self._journal, self._waves)
        head = b"".join(number.to_bytes(NUMBER, "big") for number in numbers)
        told = unpacked(self._line.ask(STAND, head + entries.packed()))
        self._observed, self._alone = told["observed"], False
        if "start" in told:
            parts = (told[name] for name in ("total", "flagged", "streams"))
            self._wave = Wave(int(told["start"][0]), *parts)
        self._waves = int(told["waves"][0])
        return RingViews(told["numbers"], told["ring"])


def _nothing_known(n: int) -> RingViews:
    """As where a registration comes late: nothing can be said of its rings."""
    return RingViews(np.full((n, len(RING_NUMBERS)), np.nan, np.float32), np.full(n, -1, np.int64))
