"""Histories of keys: one record each, which opens with the key's token only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from detector.packing import packed, unpacked
from detector.records import Record
from detector.registration import Int64
from serve.store.database import Connection
from serve.store.parts import Tail, headed, headless
from serve.store.rows import Rows
from serve.store.seals import HISTORY, SALT_BYTES
from serve.vault import LENGTH_BYTES, OVERHEAD, SIZES, Row

KINDS = tuple(f"{HISTORY}-{kind}" for kind in range(256))
SHORT = SIZES[2]  # of a box that lies in one page with others; only what is longer has a tail


@dataclass(frozen=True, slots=True)
class Kept:
    """A key's history: the salt of its fingerprints, and its entries."""

    salt: bytes
    entries: Record


@dataclass(frozen=True, slots=True)
class _Read:
    """A record as it was found: where, its base, and its tail if it has one."""

    rows: list[Row]  # that hold it, the newest epoch first: what counts is in the first
    salt: bytes
    base: Record
    long: bool
    tail: Tail | None

    @property
    def kept(self) -> Kept:
        return Kept(self.salt, self.tail.behind(self.base) if self.tail else self.base)


class Histories(Rows):
    """Records by kind (a byte) and key (eight)."""

    def __init__(self, own: Connection) -> None:
        super().__init__(own)
        self._rows: dict[bytes, Row] = {}  # where records that were read are written back to
        self._read: dict[bytes, _Read] = {}

    def forget(self) -> None:
        """What a transaction that never happened left in memory."""
        super().forget()
        self._rows.clear()
        self._read.clear()

    def history(self, id_: bytes) -> Record:
        """The entries of one record, to be read only."""
        found = self._opened({id_: self._places(id_)}).get(id_)
        return found.kept.entries if found else b""

    def records(self, ids: Sequence[bytes]) -> dict[bytes, Kept]:
        """Histories by kind (a byte) and key (eight), to be written back; none where nothing is kept."""
        places = {id_: self._places(id_) for id_ in ids}
        self._rows |= {id_: rows[0] for id_, rows in places.items()}
        found = self._opened(places)
        self._read |= found
        return {id_: read.kept for id_, read in found.items()}

    def _places(self, id_: bytes) -> tuple[Row, ...]:
        return self.seals.history(KINDS[id_[0]], id_[1:])

    def _opened(self, places: Mapping[bytes, tuple[Row, ...]]) -> dict[bytes, _Read]:
        """Records, each from its newest epoch."""
        names = [row.id for rows in places.values() for row in rows]
        boxes = dict(self.found("SELECT id, record FROM histories WHERE id IN", names))
        held = {id_: [row for row in rows if row.id in boxes] for id_, rows in places.items()}
        held = {id_: rows for id_, rows in held.items() if rows}
        found = {id_: boxes[rows[0].id] or b"" for id_, rows in held.items()}
        long = {id_ for id_, box in found.items() if len(box) > SHORT + OVERHEAD}
        texts = {id_: held[id_][0].open(box) for id_, box in found.items()}
        tails = self._tails({id_: held[id_][0].beside for id_ in held if id_ in long})
        own = self._own(texts, [text[:SALT_BYTES] for text in texts.values()])
        packs = {id_: text[SALT_BYTES:] for id_, text in texts.items()}
        bases = self._unpacked(packs, own)
        behind = self._unpacked({id_: text for id_, (_, text) in tails.items()}, own)
        return {
            id_: _Read(
                held[id_],
                text[:SALT_BYTES],
                bases[id_],
                id_ in long,
                Tail(tails[id_][0], behind[id_]) if id_ in tails else None,
            )
            for id_, text in texts.items()
        }

    def _tails(self, rows: Mapping[bytes, Row]) -> dict[bytes, tuple[int, bytes]]:
        """What there is of tails."""
        names = [row.id for row in rows.values()]
        boxes = dict(self.found("SELECT id, record FROM tails WHERE id IN", names))
        return {
            id_: headless(row.open(boxes[row.id] or b""))
            for id_, row in rows.items()
            if row.id in boxes
        }

    @staticmethod
    def _unpacked(texts: Mapping[bytes, bytes], own: Mapping[bytes, int]) -> dict[bytes, Record]:
        mine = np.array([own[id_] for id_ in texts], np.int64)
        return dict(zip(texts, unpacked(list(texts.values()), mine), strict=True))

    def _own(self, ids: Iterable[bytes], salts: Sequence[bytes]) -> dict[bytes, int]:
        """What each record says instead of the key that it is about."""
        ids = list(ids)
        keys = np.frombuffer(b"".join(id_[1:] for id_ in ids), "<i8")
        found: Int64 = self.seals.prints(keys, np.frombuffer(b"".join(salts), "<i8"))
        return dict(zip(ids, found.tolist(), strict=True))

    def put_records(self, records: Mapping[bytes, Kept]) -> None:
        """Write histories that were read before; in the newest epoch, whichever they came from.

        Of a long one only what came since it was last written whole, as long as that is short.
        """
        own = self._own(records, [kept.salt for kept in records.values()])
        done = self._put_tails(records, own)
        whole = {id_: kept for id_, kept in records.items() if id_ not in done}
        mine = np.array([own[id_] for id_ in whole], np.int64)
        texts = packed([kept.entries for kept in whole.values()], mine)
        self._put(
            "histories",
            [
                (self._rows[id_], kept.salt + text)
                for (id_, kept), text in zip(whole.items(), texts, strict=True)
            ],
        )
        self._drop_what_they_replace(whole)
        self._rows.clear()
        self._read.clear()

    def _put_tails(self, records: Mapping[bytes, Kept], own: Mapping[bytes, int]) -> set[bytes]:
        """Write the tails that are short enough; whose they are."""
        tails: dict[bytes, Tail] = {}
        for id_, kept in records.items():
            read = self._read.get(id_)
            if read and read.long and read.rows[0] is self._rows[id_]:
                tail = Tail.of(read.base, kept.entries)
                if tail:
                    tails[id_] = tail
        mine = np.array([own[id_] for id_ in tails], np.int64)
        packs = packed([tail.entries for tail in tails.values()], mine)
        texts = {
            id_: headed(tail.gone, text)
            for (id_, tail), text in zip(tails.items(), packs, strict=True)
        }
        short = {id_: text for id_, text in texts.items() if len(text) + LENGTH_BYTES <= SHORT}
        self._put("tails", [(self._rows[id_].beside, text) for id_, text in short.items()])
        return set(short)

    def _put(self, table: str, contents: Iterable[tuple[Row, bytes]]) -> None:
        """Rows with what they are to hold."""
        self.own.run_many(
            f"INSERT INTO {table} (id, record) VALUES (?, ?)"  # noqa: S608
            " ON CONFLICT (id) DO UPDATE SET record = excluded.record",
            sorted((row.id, row.seal(content)) for row, content in contents),
        )

    def _drop_what_they_replace(self, whole: Iterable[bytes]) -> None:
        """Of records that were written whole: their tails, and what older epochs have of them."""
        read = {id_: self._read[id_] for id_ in whole if id_ in self._read}
        older = [row for id_, one in read.items() for row in one.rows if row is not self._rows[id_]]
        tails = [self._rows[id_] for id_, one in read.items() if one.tail] + older
        self._drop("histories", [row.id for row in older])
        self._drop("tails", [row.beside.id for row in tails])

    def _drop(self, table: str, names: Iterable[bytes]) -> None:
        self.own.run_many(f"DELETE FROM {table} WHERE id = ?", [(name,) for name in names])  # noqa: S608
