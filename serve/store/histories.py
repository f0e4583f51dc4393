"""Histories of keys: one record each, which opens with the key's token only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from detector.packing import packed, unpacked
from detector.registration import Int64
from serve.store.database import Connection
from serve.store.rows import Rows
from serve.store.seals import HISTORY, SALT_BYTES
from serve.vault import Row

KINDS = tuple(f"{HISTORY}-{kind}" for kind in range(256))


@dataclass(frozen=True, slots=True)
class Kept:
    """A key's history: the salt of its fingerprints, and its entries."""

    salt: bytes
    entries: bytes


class Histories(Rows):
    """Records by kind (a byte) and key (eight)."""

    def __init__(self, own: Connection) -> None:
        super().__init__(own)
        self._rows: dict[bytes, Row] = {}  # where records that were read are written back to
        self._stale: dict[bytes, list[bytes]] = {}

    def forget(self) -> None:
        """What a transaction that never happened left in memory."""
        super().forget()
        self._rows.clear()
        self._stale.clear()

    def history(self, id_: bytes) -> bytes:
        """The entries of one record, to be read only."""
        found = self._opened({id_: self._places(id_)}).get(id_)
        return found[0].entries if found else b""

    def records(self, ids: Sequence[bytes]) -> dict[bytes, Kept]:
        """Histories by kind (a byte) and key (eight), to be written back; none where nothing is kept."""
        places = {id_: self._places(id_) for id_ in ids}
        self._rows |= {id_: rows[0] for id_, rows in places.items()}
        found = self._opened(places)
        self._stale |= {id_: stale for id_, (_, stale) in found.items() if stale}
        return {id_: kept for id_, (kept, _) in found.items()}

    def _places(self, id_: bytes) -> tuple[Row, ...]:
        return self.seals.history(KINDS[id_[0]], id_[1:])

    def _opened(
        self, places: Mapping[bytes, tuple[Row, ...]]
    ) -> dict[bytes, tuple[Kept, list[bytes]]]:
        """Records, each from its newest epoch, and the names of its rows in older ones."""
        names = [row.id for rows in places.values() for row in rows]
        boxes = dict(self.found("SELECT id, record FROM histories WHERE id IN", names))
        texts, stale = {}, {}
        for id_, rows in places.items():
            held = [row for row in rows if row.id in boxes]
            if held:
                texts[id_] = held[0].open(boxes[held[0].id] or b"")
                stale[id_] = [row.id for row in held if row is not rows[0]]
        salts = [text[:SALT_BYTES] for text in texts.values()]
        entries = unpacked([t[SALT_BYTES:] for t in texts.values()], self._own(texts, salts))
        return {
            id_: (Kept(salt, record), stale[id_])
            for id_, salt, record in zip(texts, salts, entries, strict=True)
        }

    def _own(self, ids: Iterable[bytes], salts: Sequence[bytes]) -> Int64:
        """What each record says instead of the key that it is about."""
        keys = np.frombuffer(b"".join(id_[1:] for id_ in ids), "<i8")
        return self.seals.prints(keys, np.frombuffer(b"".join(salts), "<i8"))

    def put_records(self, records: Mapping[bytes, Kept]) -> None:
        """Write histories whole that were read before; in the newest epoch, whichever they came from."""
        own = self._own(records, [kept.salt for kept in records.values()])
        texts = packed([kept.entries for kept in records.values()], own)
        boxes = sorted(
            (self._rows[id_].id, self._rows[id_].seal(kept.salt + text))
            for (id_, kept), text in zip(records.items(), texts, strict=True)
        )
        self.own.run_many(
            "INSERT INTO histories (id, record) VALUES (?, ?)"
            " ON CONFLICT (id) DO UPDATE SET record = excluded.record",
            boxes,
        )
        self.own.run_many(
            "DELETE FROM histories WHERE id = ?",
            [(name,) for id_ in records for name in self._stale.get(id_, ())],
        )
        self._rows.clear()
        self._stale.clear()
