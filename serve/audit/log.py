"""The append-only log: records behind their number, each chained to the one before, under one root.

On disk a record is its length and number with a check of both, its bytes, and the chain: the hash of
the chain so far and of the record. So a record that a crash cut off is told from one that was bent.
The chain finds the place of an accident; the tree and kept checkpoints find whoever
computed the chain anew.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from serve.audit.checkpoints import Checkpoint
from serve.audit.records import LONGEST, AuditBroken, Entry
from serve.audit.storage import Storage
from serve.audit.tree import HASH_BYTES, Tree, leaf_hash

HEADER = struct.Struct(">IQ4s")  # length of the entry, number of the record, check of both
CHECKED = 12  # bytes of the header that are checked
OVERHEAD = HEADER.size + HASH_BYTES
BLOCK = 1 << 20
START = hashlib.sha256(b"simvigia/audit/1").digest()


class Record(NamedTuple):
    """One record as read: where it lies, its number as written, and whether its chain holds."""

    offset: int
    number: int
    entry: bytes
    chained: bool
    leaf: bytes
    chain: bytes

    @property
    def end(self) -> int:
        """Where the next one begins."""
        return self.offset + OVERHEAD + len(self.entry)


def header(length: int, number: int) -> bytes:
    """What stands before a record's bytes."""
    bare = HEADER.pack(length, number, bytes(4))[:CHECKED]
    return bare + hashlib.sha256(bare).digest()[:4]


def is_torn(rest: bytes, number: int) -> bool:
    """Whether the bytes behind the last whole record are the beginning of the next one, cut off."""
    if len(rest) < HEADER.size:
        return True
    length, _, _ = HEADER.unpack_from(rest)
    return rest[: HEADER.size] == header(length, number) and len(rest) < OVERHEAD + length


def chained(chain: bytes, leaf: bytes) -> bytes:
    """The chain after one more record."""
    return hashlib.sha256(chain + leaf).digest()


def leaf_of(number: int, entry: bytes) -> bytes:
    """A record's hash: its number counts, so that the same entry twice is two records."""
    return leaf_hash(number.to_bytes(8, "big") + entry)


def records(storage: Storage) -> Iterator[Record]:
    """Every whole record in order; the chain continues from what is written, so a fault shows once."""
    chain, offset, held = START, 0, b""
    while True:
        if len(held) < OVERHEAD + LONGEST:
            held += storage.read(offset + len(held), BLOCK)
        at = 0
        while (found := _record(held, at, offset, chain)) is not None:
            yield found
            chain, at, offset = found.chain, at + found.end - found.offset, found.end
            if len(held) - at < OVERHEAD + LONGEST and len(held) >= BLOCK:
                break
        if at == 0:
            return
        held = held[at:]


def _record(held: bytes, at: int, offset: int, chain: bytes) -> Record | None:
    if len(held) - at < OVERHEAD:
        return None
    length, number, _ = HEADER.unpack_from(held, at)
    end = at + HEADER.size + length
    if (
        held[at : at + HEADER.size] != header(length, number)
        or length > LONGEST
        or end + HASH_BYTES > len(held)
    ):
        return None
    entry, written = held[at + HEADER.size : end], held[end : end + HASH_BYTES]
    leaf = leaf_of(number, entry)
    return Record(offset, number, entry, chained(chain, leaf) == written, leaf, written)


class Log:
    """A log that is being written. One writer; what was appended is what `storage` makes durable."""

    def __init__(self, storage: Storage) -> None:
        """Read it to its end. Raises AuditBroken naming the record; a torn last record is dropped."""
        self._storage, self._tree, self._chain = storage, Tree(), START
        self._ends = [0]
        for record in records(storage):
            if not record.chained or record.number != len(self._tree):
                raise AuditBroken(f"audit record {len(self._tree)} is not the one that was written")
            self._take(record.leaf, record.chain, record.end)
        self._drop_torn()

    def __len__(self) -> int:
        return len(self._tree)

    def append(self, entries: Sequence[Entry]) -> int:
        """Write entries, durable together; the number of the first."""
        first, out, chain = len(self._tree), bytearray(), self._chain
        made = []
        for number, entry in enumerate(entries, start=first):
            packed = entry.packed()
            leaf = leaf_of(number, packed)
            chain = chained(chain, leaf)
            out += header(len(packed), number) + packed + chain
            made.append((leaf, chain, self._ends[-1] + len(out)))
        self._storage.append(bytes(out))
        for each in made:
            self._take(*each)
        return first

    def entry(self, number: int) -> Entry:
        """The entry of a record."""
        start, end = self._ends[number], self._ends[number + 1]
        held = self._storage.read(start, end - start)
        return Entry.unpacked(held[HEADER.size : -HASH_BYTES])

    def checkpoint(self, origin: str, at: datetime) -> Checkpoint:
        """The log as it stands, to be signed."""
        return Checkpoint(origin, len(self), self._tree.root(), at)

    def inclusion(self, number: int, size: int) -> list[bytes]:
        """That a record is under the root of a checkpoint of that size."""
        return self._tree.inclusion(number, size)

    def consistency(self, earlier: int, size: int) -> list[bytes]:
        """That a checkpoint only appended to an earlier one."""
        return self._tree.consistency(earlier, size)

    def _take(self, leaf: bytes, chain: bytes, end: int) -> None:
        self._tree.append(leaf)
        self._chain = chain
        self._ends.append(end)

    def _drop_torn(self) -> None:
        end = self._ends[-1]
        rest = self._storage.read(end, OVERHEAD + LONGEST + 1)
        if not rest:
            return
        if not is_torn(rest, len(self._tree)):
            raise AuditBroken(f"audit record {len(self._tree)} is not the one that was written")
        self._storage.cut(end)
