"""A long record in two parts: its base, as it was last written whole, and a tail of what came since.

A key that many share, such as a batch of SIMs, gets an entry with every few registrations. Written whole each
time, its 256 entries would be most of what is written at all; so only the tail is, as long as it is short. A
tail names its base, so that whoever has read that one before need not read it again.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from detector.records import SIZE, Record
from serve.vault import EPOCH_BYTES

MARK_BYTES, _GONE_BYTES = 8, 2
MOST = 2_048  # bases remembered, of some thirty kilobytes each


@dataclass(frozen=True, slots=True)
class Base:
    """A long record as it was last written whole, with the salt of its fingerprints; and which box it was."""

    mark: bytes
    salt: bytes
    entries: Record


@dataclass(frozen=True, slots=True)
class Tail:
    """What tells a record from its base: how many first entries are gone, and what came behind."""

    gone: int
    entries: Record

    @classmethod
    def of(cls, base: Record, record: Record) -> Tail | None:
        """None where the record is not its base without some of the first entries and with others behind."""
        place = base.find(record[:SIZE]) if record else -1
        if place < 0 or place % SIZE or not record.startswith(base[place:]):
            return None
        return cls(place // SIZE, record[len(base) - place :])

    def behind(self, base: Record) -> Record:
        """The record again."""
        return base[self.gone * SIZE :] + self.entries


@dataclass(frozen=True, slots=True)
class TailText:
    """A tail as it is kept: of which base, how many entries are gone, and those behind, packed."""

    mark: bytes
    gone: int
    packed: bytes

    @property
    def text(self) -> bytes:
        """What goes into its box."""
        return self.mark + self.gone.to_bytes(_GONE_BYTES, "little") + self.packed

    @classmethod
    def of(cls, text: bytes) -> TailText:
        """What came out of it."""
        mark, rest = text[:MARK_BYTES], text[MARK_BYTES:]
        return cls(mark, int.from_bytes(rest[:_GONE_BYTES], "little"), rest[_GONE_BYTES:])


def mark(box: bytes) -> bytes:
    """Which box it is, of all that were ever sealed: part of its nonce, which is random."""
    return box[EPOCH_BYTES : EPOCH_BYTES + MARK_BYTES]


class Bases:
    """The bases read or written last, by the names of their rows."""

    def __init__(self) -> None:
        self._held: OrderedDict[bytes, Base] = OrderedDict()

    def get(self, name: bytes) -> Base | None:
        """The base that a row had when it was looked at last."""
        found = self._held.get(name)
        if found is not None:
            self._held.move_to_end(name)
        return found

    def put(self, name: bytes, base: Base) -> None:
        """Remember it, and forget the one that was longest not asked for."""
        self._held[name] = base
        self._held.move_to_end(name)
        if len(self._held) > MOST:
            self._held.popitem(last=False)
