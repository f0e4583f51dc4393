"""What one worker keeps in memory of the whole country, folded from the store's journal."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from detector.exposure import Exposure, exposure
from detector.registration import Breaches, BreachMembers, Officials, Registrations
from detector.rings import RingViews
from detector.running import FACT, FACTS, ROW, Asks, Entries, Running
from serve.store.books import Books

NO_FACTS = np.empty(0, FACT)
NO_ROWS = np.empty(0, ROW)
NOBODY = Asks(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64))
REFERENCE = "exposure"


class World:
    """Rings, the wave, the clock of events, carriers' codes, breaches and officials."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self.forget()

    def forget(self) -> None:
        """Start again from the store: what is in memory may never have been committed."""
        self.running = Running()
        self._journal = 0
        self._exposure: tuple[bytes | None, Reference] = (None, Reference.empty())
        self._pending: list[tuple[int, int, int]] = []
        self.carriers: tuple[str, ...] = ()

    def catch_up(self) -> None:
        """Fold in what was committed since; the caller holds the writer lock."""
        while found := self._books.journal(self._journal):
            for id_, packed in found:
                self.running.fold(Entries.unpacked(packed))
                self._journal = id_
        self.carriers = self._books.carriers()

    def carrier(self, name: str) -> int:
        """The code of a carrier, given to it when it first registers."""
        if name not in self.carriers:
            self._books.add_carrier(name)
            self.carriers = self._books.carriers()
        return self.carriers.index(name)

    def exposed(self, own: Registrations) -> Exposure:
        """What is known of the identities themselves."""
        version = self._books.reference(f"{REFERENCE}-version")
        if version != self._exposure[0]:
            self._exposure = version, Reference.read(self._books.reference(REFERENCE))
        tables = self._exposure[1]
        return exposure(
            own.identity,
            own.at,
            breaches=tables.breaches,
            members=tables.members,
            officials=tables.officials,
        )

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

    def _keep(self, entries: Entries) -> None:
        self._journal += 1
        self._books.add_journal(self._journal, entries.packed())


class _Columns:
    """Columns of a file by name, whatever their type."""

    def __init__(self, file: Mapping[str, Any]) -> None:
        self._file = file

    def __getitem__(self, name: str) -> Any:
        return self._file[name]


class Reference:
    """Breaches and officials as columns, packed as one npz."""

    def __init__(self, breaches: Breaches, members: BreachMembers, officials: Officials) -> None:
        self.breaches, self.members, self.officials = breaches, members, officials

    @classmethod
    def empty(cls) -> Reference:
        """Nobody is known to be in any."""
        i8, i4, i1 = np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.int8)
        return cls(
            Breaches((), i4, np.empty(0, np.uint16)),
            BreachMembers(i8, i8, i4),
            Officials(i8, i1, i8, i8),
        )

    @classmethod
    def read(cls, packed: bytes | None) -> Reference:
        """From the store."""
        if packed is None:
            return cls.empty()
        with np.load(io.BytesIO(packed), allow_pickle=False) as file:
            held = _Columns(file)
            return cls(
                Breaches(tuple(held["ids"].tolist()), held["occurred_on"], held["leaked"]),
                BreachMembers(held["member"], held["known_at"], held["breach"]),
                Officials(held["official"], held["tier"], held["since"], held["until"]),
            )


def reference(books: Books) -> Reference:
    """Breaches and officials as the store has them now."""
    return Reference.read(books.reference(REFERENCE))


def pack_reference(breaches: Breaches, members: BreachMembers, officials: Officials) -> bytes:
    """Breaches and officials as the store keeps them."""
    out = io.BytesIO()
    np.savez(
        out,
        ids=np.array(breaches.breach_id, np.str_),
        occurred_on=breaches.occurred_on,
        leaked=breaches.fields_leaked,
        member=members.identity,
        known_at=members.known_at,
        breach=members.breach,
        official=officials.identity,
        tier=officials.tier,
        since=officials.since,
        until=officials.until,
    )
    return out.getvalue()


def body_print(key: bytes, event: Mapping[str, object]) -> bytes:
    """A keyed fingerprint of a question's body, whatever the order of its fields."""
    text = json.dumps(event, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.blake2b(text.encode(), key=key, digest_size=16).digest()
