"""What is known of the whole country: kept in memory by whoever may open the store's journal."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from detector.exposure import Exposure, exposure
from detector.registration import Registrations
from detector.rings import RingViews
from detector.running import FACT, FACTS, ROW, Asks, Entries, Running
from detector.wave import Wave
from serve.grouping import BOX
from serve.reference.known import MEMBERS, OFFICIALS
from serve.reference.live import Tables, known_of
from serve.store.books import Books

NO_FACTS = np.empty(0, FACT)
NO_ROWS = np.empty(0, ROW)
TOLD = {MEMBERS: "breaches", OFFICIALS: "officials"}
NOBODY = Asks(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64))


class Country(ABC):
    """What an answer needs to know of the whole country: the clock of events, the wave, rings, carriers' codes,
    breaches and officials."""

    def __init__(self, books: Books, tables: Tables | None = None) -> None:
        self._books, self._tables = books, tables
        self._journal = 0
        self.carriers: tuple[str, ...] = ()

    @property
    @abstractmethod
    def n(self) -> int:
        """How many registrations there are."""

    @property
    @abstractmethod
    def newest(self) -> int:
        """The newest registration's moment, in microseconds."""

    @property
    @abstractmethod
    def observed(self) -> NDArray[np.int64]:
        """By carrier, since when it reports what is seen on lines."""

    @property
    @abstractmethod
    def alone(self) -> bool:
        """Whether rings and wave are not to be had now."""

    @abstractmethod
    def wave(self) -> Wave:
        """The hours that may be read by now."""

    @abstractmethod
    def forget(self) -> None:
        """Start again from the store: what is in memory may never have been committed."""

    @abstractmethod
    def catch_up(self) -> None:
        """Learn what was committed since; the caller holds the writer lock."""

    @abstractmethod
    def add(self, entries: Entries, asks: Asks = NOBODY) -> tuple[RingViews, RingViews]:
        """What a run of registrations adds, and the rings of those who ask."""

    def carrier(self, name: str) -> int:
        """The code of a carrier, given to it when it first registers."""
        if name not in self.carriers:
            self._books.add_carrier(name)
            self.carriers = self._books.carriers()
        return self.carriers.index(name)

    def exposed(self, own: Registrations) -> Exposure:
        """What is known of the identities themselves."""
        if self._tables is not None:
            return self._tables.exposure(self._books, own.identity, own.at)
        breaches, members, officials = known_of(self._books, None, own.identity)
        return exposure(
            own.identity, own.at, breaches=breaches, members=members, officials=officials
        )

    def lacking(self) -> Mapping[str, str]:
        """Of each source that answers are not given from in full, why: `stale`, `unavailable` or `none`."""
        held = self._tables.standing if self._tables is not None else dict.fromkeys(TOLD, "none")
        return {TOLD[kind]: why for kind, why in held.items()}

    def _keep(self, entries: Entries) -> None:
        self._journal += 1
        self._books.add_journal(self._journal, entries.packed())


class World(Country):
    """The country folded from the journal, for whoever may open it."""

    def __init__(self, books: Books, tables: Tables | None = None) -> None:
        super().__init__(books, tables)
        self._erased = 0
        self.forget()

    @property
    def n(self) -> int:
        """How many registrations there are."""
        return self.running.n

    @property
    def newest(self) -> int:
        """The newest registration's moment, in microseconds."""
        return self.running.newest

    @property
    def observed(self) -> NDArray[np.int64]:
        """By carrier, since when it reports what is seen on lines."""
        return self.running.observed

    @property
    def alone(self) -> bool:
        """Never: everything is here."""
        return False

    def wave(self) -> Wave:
        """The hours that may be read by now."""
        return self.running.wave()

    def forget(self) -> None:
        """Start again from the store: what is in memory may never have been committed."""
        self.running = Running()
        self._journal, self._stood = 0, 0
        self.carriers = ()

    def catch_up(self) -> None:
        """Fold in what was committed since; the caller holds the writer lock."""
        self._books.seals.keys.refresh(self._books.last_epoch())
        erased = self._books.last_erasure()
        if erased != self._erased:  # what is in memory remembers who was erased
            self.forget()
            self._erased = erased
        while found := self._books.journal(self._journal):
            for id_, packed in found:
                self.running.fold(Entries.unpacked(packed))
                self._journal = id_
        self.carriers = self._books.carriers()

    def stand(self) -> None:
        """Leave word of where the country stands, for whoever may not open the journal."""
        if self.n != self._stood:
            self._books.put_standing(self.n, self.newest)
            self._stood = self.n

    def add(self, entries: Entries, asks: Asks = NOBODY) -> tuple[RingViews, RingViews]:
        """What a run of registrations adds, and the rings of those who ask."""
        if len(entries.rows):
            self._keep(entries)
        return self.running.rings(entries, asks)

    def learn(self, sequence: int, facts: Sequence[tuple[str, int]]) -> None:
        """Facts that became known of a registration: what, and from which microsecond on."""
        rows = [(FACTS.index(what), sequence - 1, at) for what, at in facts]
        entries = Entries(NO_ROWS, np.array(rows, FACT))
        self._keep(entries)
        self.running.fold(entries)


def body_print(key: bytes, event: Mapping[str, object]) -> bytes:
    """A keyed fingerprint of a question's body, whatever the order of its fields.

    A box for the audit is another one each time that the same is sent: it does not count.
    """
    event = {name: value for name, value in event.items() if name != BOX}
    text = json.dumps(event, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.blake2b(text.encode(), key=key, digest_size=16).digest()
