"""A long record in two parts: as it was last written whole, and a tail of what came since.

A key that many share, such as a batch of SIMs, gets an entry with every few registrations. Written whole each
time, its 256 entries would be most of what is written at all; so only the tail is, as long as it is short.
"""

from __future__ import annotations

from dataclasses import dataclass

from detector.records import SIZE, Record

_GONE_BYTES = 2


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


def headed(gone: int, packed: bytes) -> bytes:
    """A tail's text, of its entries packed."""
    return gone.to_bytes(_GONE_BYTES, "little") + packed


def headless(text: bytes) -> tuple[int, bytes]:
    """How many entries are gone, and the packed entries."""
    return int.from_bytes(text[:_GONE_BYTES], "little"), text[_GONE_BYTES:]
