"""The histories that one transaction works on: fetched once, changed in memory, written back at its end."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.glances import Histories
from detector.history import ATTACH_SPECS, SPECS
from detector.records import SIZE, Record, bounded, inserted, later_than
from detector.registration import Int64, Registrations
from serve.store.books import Books, Kept
from serve.store.seals import SALT_BYTES

Array = NDArray[Any]
NAMES = tuple(spec.name for spec in SPECS)
PLACE = {name: i for i, name in enumerate(NAMES)}
ATTACHES = 128  # records of attaches are of this kind and above
ATTACH_PLACE = {spec.name: ATTACHES + i for i, spec in enumerate(ATTACH_SPECS)}
_K = {i: spec.k for i, spec in enumerate(SPECS)} | {
    ATTACHES + i: spec.k for i, spec in enumerate(ATTACH_SPECS)
}


def record_id(kind: int, key: int) -> bytes:
    """What a key's record is filed under."""
    return bytes((kind,)) + key.to_bytes(8, "little", signed=True)


def record_ids(own: Registrations) -> list[list[bytes | None]]:
    """Per row, the ids of the records of its keys, in the order of SPECS."""
    columns = [
        [record_id(kind, key) if key else None for key in _keys(own, name)]
        for kind, name in enumerate(NAMES)
    ]
    return [list(row) for row in zip(*columns, strict=True)]


def _keys(own: Registrations, name: str) -> list[int]:
    column: Array = getattr(own, name)
    keys: list[int] = column.astype(np.int64).tolist()
    return keys


class Shelf:
    """Records by id, as they are now.

    What an entry keeps of other keys are stand-ins that agree within one record only (`prints`).
    """

    def __init__(self, books: Books) -> None:
        self._books = books
        self._records: dict[bytes, Record] = {}
        self._salts: dict[bytes, bytes] = {}
        self._changed: set[bytes] = set()

    def fetch(self, ids: Iterable[bytes | None]) -> None:
        """Bring the records that are not here yet."""
        wanted = list({id_ for id_ in ids if id_ is not None and id_ not in self._records})
        if wanted:
            found = self._books.records(wanted)
            for id_ in wanted:
                kept = found.get(id_) or Kept(os.urandom(SALT_BYTES), b"")
                self._records[id_], self._salts[id_] = kept.entries, kept.salt

    def __getitem__(self, id_: bytes) -> Record:
        """A record that was fetched."""
        return self._records[id_]

    def prints(self, ids: Sequence[bytes], keys: Int64) -> Int64:
        """What each of these records says instead of other keys; `keys` has a row for each."""
        salts = np.frombuffer(b"".join(self._salts[id_] for id_ in ids), "<i8")
        return self._books.seals.prints(keys, np.repeat(salts, keys.shape[1]))

    def print(self, id_: bytes, key: int) -> int:
        """What a record says instead of one other key."""
        return int(self.prints([id_], np.array([[key]], np.int64))[0, 0])

    def insert(self, id_: bytes, entry: bytes) -> None:
        """One more entry."""
        self.put(id_, inserted(self._records[id_], entry))

    def put(self, id_: bytes, record: Record) -> None:
        """A record anew."""
        self._records[id_] = record
        self._changed.add(id_)

    def histories(self, ids: Sequence[Sequence[bytes | None]], keys: int) -> Histories:
        """The records of many rows' keys; `ids` has, per row, one for each of so many keys."""
        places: dict[bytes, int] = {}
        codes = np.full((keys, len(ids)), -1, np.int64)
        for i, row in enumerate(ids):
            for j, id_ in enumerate(row):
                if id_ is not None:
                    codes[j, i] = places.setdefault(id_, len(places))
        order = list(places)

        def prints(which: NDArray[np.int64], keys: Int64) -> Int64:
            return self.prints([order[code] for code in which.tolist()], keys)

        return Histories([self._records[id_] for id_ in order], codes, prints)

    def write(self, *, asked_since: int) -> None:
        """Write back what changed, each record cut to what its key remembers.

        An attach may be known before the registrations of its time are: what is later than
        `asked_since` takes nobody's place, because earlier moments are still to be asked about.
        """
        self._books.put_records(
            {id_: Kept(self._salts[id_], self._cut(id_, asked_since)) for id_ in self._changed}
        )
        self._changed.clear()

    def _cut(self, id_: bytes, asked_since: int) -> Record:
        record, k = self._records[id_], _K[id_[0]]
        if id_[0] >= ATTACHES and len(record) > k * SIZE:
            k += later_than(record, asked_since)
        return bounded(record, k)
