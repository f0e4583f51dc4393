"""Histories of keys: one record each, which opens with the key's token only.

A long record lies in two parts, of which mostly the tail alone is read and written (`tails`).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from detector.packing import packed, unpacked
from detector.records import Record
from detector.registration import Int64
from serve.store.database import Connection
from serve.store.rows import Rows
from serve.store.seals import HISTORY, SALT_BYTES
from serve.store.tails import Base, Bases, Tail, TailText, mark
from serve.vault import LENGTH_BYTES, OVERHEAD, SIZES, Row

KINDS = tuple(f"{HISTORY}-{kind}" for kind in range(256))
SHORT = SIZES[2]  # of a box that lies in one page with others; only what is longer has a tail
(NOTHING,) = packed([b""], np.zeros(1, np.int64))


@dataclass(frozen=True, slots=True)
class Kept:
    """A key's history: the salt of its fingerprints, and its entries."""

    salt: bytes
    entries: Record


@dataclass(frozen=True, slots=True)
class _Read:
    """A record as it was found, and in which rows: the newest epoch first, whose row it is."""

    rows: list[Row]
    kept: Kept
    base: Base | None = None  # of a long one


class Histories(Rows):
    """Records by kind (a byte) and key (eight)."""

    def __init__(self, own: Connection) -> None:
        super().__init__(own)
        self._rows: dict[bytes, Row] = {}  # where records that were read are written back to
        self._read: dict[bytes, _Read] = {}
        self._bases = Bases()

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

    # Reading

    def _opened(self, places: Mapping[bytes, tuple[Row, ...]]) -> dict[bytes, _Read]:
        """Records, each from its newest epoch."""
        known = {id_: base for id_, rows in places.items() if (base := self._bases.get(rows[0].id))}
        found = self._ended({id_: ([places[id_][0]], base) for id_, base in known.items()})
        rest = {id_: rows for id_, rows in places.items() if id_ not in found}
        while rest:
            short, long = self._whole(rest)
            found |= short | self._ended(long, alone=True)
            rest = {id_: rest[id_] for id_ in long if id_ not in found}  # one was just written anew
        return found

    def _whole(
        self, places: Mapping[bytes, tuple[Row, ...]]
    ) -> tuple[dict[bytes, _Read], dict[bytes, tuple[list[Row], Base]]]:
        """What histories have: short records, and the bases of long ones."""
        names = [row.id for rows in places.values() for row in rows]
        boxes = dict(self.found("SELECT id, record FROM histories WHERE id IN", names))
        held = {id_: [row for row in rows if row.id in boxes] for id_, rows in places.items()}
        held = {id_: rows for id_, rows in held.items() if rows}
        found = {id_: boxes[rows[0].id] or b"" for id_, rows in held.items()}
        texts = {id_: held[id_][0].open(box) for id_, box in found.items()}
        salts = {id_: text[:SALT_BYTES] for id_, text in texts.items()}
        entries = self._unpacked({id_: t[SALT_BYTES:] for id_, t in texts.items()}, salts)
        short, long = {}, {}
        for id_, box in found.items():
            if is_long(box):
                base = Base(mark(box), salts[id_], entries[id_])
                self._bases.put(held[id_][0].id, base)
                long[id_] = held[id_], base
            else:
                short[id_] = _Read(held[id_], Kept(salts[id_], entries[id_]))
        return short, long

    def _ended(
        self, bases: Mapping[bytes, tuple[list[Row], Base]], *, alone: bool = False
    ) -> dict[bytes, _Read]:
        """Bases with what came since; not those whose tail is of another base, or not there unless `alone`."""
        rows = {id_: held[0].beside for id_, (held, _) in bases.items()}
        names = [row.id for row in rows.values()]
        boxes = dict(self.found("SELECT id, record FROM tails WHERE id IN", names))
        tails = {
            id_: TailText.of(row.open(boxes[row.id] or b""))
            for id_, row in rows.items()
            if row.id in boxes
        }
        tails = {id_: tail for id_, tail in tails.items() if tail.mark == bases[id_][1].mark}
        salts = {id_: bases[id_][1].salt for id_ in tails}
        entries = self._unpacked({id_: tail.packed for id_, tail in tails.items()}, salts)
        found = {}
        for id_, (held, base) in bases.items():
            if id_ in tails:
                record = Tail(tails[id_].gone, entries[id_]).behind(base.entries)
                found[id_] = _Read(held, Kept(base.salt, record), base)
            elif alone and rows[id_].id not in boxes:  # as all were kept before there were tails
                found[id_] = _Read(held, Kept(base.salt, base.entries), base)
        return found

    def _unpacked(
        self, texts: Mapping[bytes, bytes], salts: Mapping[bytes, bytes]
    ) -> dict[bytes, Record]:
        own = self._own({id_: salts[id_] for id_ in texts})
        return dict(zip(texts, unpacked(list(texts.values()), own), strict=True))

    def _own(self, salts: Mapping[bytes, bytes]) -> Int64:
        """What each record says instead of the key that it is about."""
        keys = np.frombuffer(b"".join(id_[1:] for id_ in salts), "<i8")
        return self.seals.prints(keys, np.frombuffer(b"".join(salts.values()), "<i8"))

    # Writing

    def put_records(self, records: Mapping[bytes, Kept]) -> None:
        """Write histories that were read before; in the newest epoch, whichever they came from.

        Of a long one only what came since it was last written whole, as long as that is short.
        """
        tails = self._short_tails(records)
        whole = {id_: kept for id_, kept in records.items() if id_ not in tails}
        texts = self._packed(whole)
        boxes = {id_: self._rows[id_].seal(kept.salt + texts[id_]) for id_, kept in whole.items()}
        self._put("histories", [(self._rows[id_].id, box) for id_, box in boxes.items()])
        for id_, box in boxes.items():
            if is_long(box):
                self._bases.put(
                    self._rows[id_].id, Base(mark(box), whole[id_].salt, whole[id_].entries)
                )
                tails[id_] = TailText(mark(box), 0, NOTHING)
        beside = {id_: self._rows[id_].beside for id_ in tails}
        self._put("tails", [(row.id, row.seal(tails[i].text)) for i, row in beside.items()])
        self._drop_what_they_replace(whole.keys(), tails.keys())
        self._rows.clear()
        self._read.clear()

    def _short_tails(self, records: Mapping[bytes, Kept]) -> dict[bytes, TailText]:
        """Of records that have a base, what it takes to tell them by it, where that is short."""
        tails, bases = {}, {}
        for id_, kept in records.items():
            read = self._read.get(id_)
            if read and read.base and read.rows[0] is self._rows[id_]:
                tail = Tail.of(read.base.entries, kept.entries)
                if tail:
                    tails[id_], bases[id_] = tail, read.base
        texts = self._packed({i: Kept(bases[i].salt, tail.entries) for i, tail in tails.items()})
        made = {i: TailText(bases[i].mark, tails[i].gone, text) for i, text in texts.items()}
        return {i: tail for i, tail in made.items() if len(tail.text) + LENGTH_BYTES <= SHORT}

    def _packed(self, records: Mapping[bytes, Kept]) -> dict[bytes, bytes]:
        own = self._own({id_: kept.salt for id_, kept in records.items()})
        texts = packed([kept.entries for kept in records.values()], own)
        return dict(zip(records, texts, strict=True))

    def _put(self, table: str, boxes: Iterable[tuple[bytes, bytes]]) -> None:
        self.own.run_many(
            f"INSERT INTO {table} (id, record) VALUES (?, ?)"  # noqa: S608
            " ON CONFLICT (id) DO UPDATE SET record = excluded.record",
            sorted(boxes),
        )

    def _drop_what_they_replace(self, whole: Iterable[bytes], tails: Container[bytes]) -> None:
        """Of records that were written whole: what older epochs have of them, and tails they have no more."""
        read = {id_: self._read[id_] for id_ in whole if id_ in self._read}
        older = [row for id_, one in read.items() for row in one.rows if row is not self._rows[id_]]
        ended = [self._rows[id_] for id_, one in read.items() if one.base and id_ not in tails]
        self._drop("histories", [row.id for row in older])
        self._drop("tails", [row.beside.id for row in older + ended])

    def _drop(self, table: str, names: Iterable[bytes]) -> None:
        self.own.run_many(f"DELETE FROM {table} WHERE id = ?", [(name,) for name in names])  # noqa: S608


def is_long(box: bytes) -> bool:
    """Whether a record with such a box has a tail."""
    return len(box) > SHORT + OVERHEAD
