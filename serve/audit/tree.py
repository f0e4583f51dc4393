"""The Merkle tree of RFC 6962: a root over all records, and proofs that need only a few hashes.

An inclusion proof shows that a record is under a root, a consistency proof that a later root only
appended to an earlier one. Checked as RFC 9162 sections 2.1.3.2 and 2.1.4.2 say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(record: bytes) -> bytes:
    """The hash of one record."""
    return hashlib.sha256(b"\0" + record).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return hashlib.sha256(b"\1" + left + right).digest()


class Tree:
    """All hashes of complete subtrees, level by level; about 64 bytes per record."""

    def __init__(self) -> None:
        self._levels: list[bytearray] = [bytearray()]

    def __len__(self) -> int:
        return len(self._levels[0]) // HASH_BYTES

    def append(self, leaf: bytes) -> None:
        """Add a record by its leaf hash."""
        level, carried = 0, leaf
        while True:
            if level == len(self._levels):
                self._levels.append(bytearray())
            held = self._levels[level]
            held += carried
            if len(held) & HASH_BYTES:  # an odd number of hashes: the last one has no neighbour yet
                return
            carried = hashlib.sha256(b"\1" + held[-2 * HASH_BYTES :]).digest()
            level += 1

    def root(self, size: int | None = None) -> bytes:
        """The root over the first `size` records, of all where none is said."""
        size = len(self) if size is None else size
        self._require(size <= len(self), "a tree has no root over more records than it holds")
        return self._over(0, size) if size else EMPTY_ROOT

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The audit path of a record in the tree of that size, from the leaf up."""
        self._require(0 <= index < size <= len(self), "no such record in a tree of that size")
        return self._path(index, 0, size)

    def consistency(self, earlier: int, size: int) -> list[bytes]:
        """The proof that the tree of `size` begins with the tree of `earlier`."""
        self._require(0 < earlier <= size <= len(self), "no such two trees")
        return self._subproof(earlier, 0, size, complete=True)

    @staticmethod
    def _require(holds: bool, fault: str) -> None:
        if not holds:
            raise ValueError(fault)

    def _over(self, start: int, end: int) -> bytes:
        size = end - start
        if size & (size - 1) == 0 and start % size == 0:
            at = start // size * HASH_BYTES
            return bytes(self._levels[size.bit_length() - 1][at : at + HASH_BYTES])
        split = start + _split(size)
        return node_hash(self._over(start, split), self._over(split, end))

    def _path(self, index: int, start: int, end: int) -> list[bytes]:
        if end - start == 1:
            return []
        split = start + _split(end - start)
        if index < split:
            return [*self._path(index, start, split), self._over(split, end)]
        return [*self._path(index, split, end), self._over(start, split)]

    def _subproof(self, earlier: int, start: int, end: int, *, complete: bool) -> list[bytes]:
        if earlier == end:
            return [] if complete else [self._over(start, end)]
        split = start + _split(end - start)
        if earlier <= split:
            proof = self._subproof(earlier, start, split, complete=complete)
            return [*proof, self._over(split, end)]
        return [*self._subproof(earlier, split, end, complete=False), self._over(start, split)]


def grown(peaks: Sequence[bytes], size: int, leaf: bytes) -> list[bytes]:
    """The peaks of a tree after one more record: the roots of its complete subtrees, largest first.

    They are all that appending needs; proofs need the whole `Tree`.
    """
    made, left = list(peaks), size
    while left & 1:
        leaf = node_hash(made.pop(), leaf)
        left >>= 1
    return [*made, leaf]


def root_of(peaks: Sequence[bytes]) -> bytes:
    """The root over the records under these peaks."""
    if not peaks:
        return EMPTY_ROOT
    made = peaks[-1]
    for peak in reversed(peaks[:-1]):
        made = node_hash(peak, made)
    return made


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def includes(root: bytes, size: int, index: int, leaf: bytes, path: Sequence[bytes]) -> bool:
    """Whether the path leads from the leaf at `index` to the root of a tree of `size`."""
    if not 0 <= index < size:
        return False
    at, last, made = index, size - 1, leaf
    for each in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            made = node_hash(each, made)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            made = node_hash(made, each)
        at, last = at >> 1, last >> 1
    return last == 0 and made == root


def extends(earlier: tuple[int, bytes], later: tuple[int, bytes], proof: Sequence[bytes]) -> bool:
    """Whether the later tree (size and root) begins with the whole of the earlier one."""
    (first, first_root), (second, second_root) = earlier, later
    if not 0 < first <= second:
        return False
    if first == second:
        return not proof and first_root == second_root
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    return bool(path) and _climbs(path, (first - 1, second - 1), (first_root, second_root))


def _climbs(path: list[bytes], at: tuple[int, int], roots: tuple[bytes, bytes]) -> bool:
    one, last = at
    while one & 1:
        one, last = one >> 1, last >> 1
    first = second = path[0]
    for each in path[1:]:
        if last == 0:
            return False
        if one & 1 or one == last:
            first, second = node_hash(each, first), node_hash(each, second)
            while not one & 1 and one:
                one, last = one >> 1, last >> 1
        else:
            second = node_hash(second, each)
        one, last = one >> 1, last >> 1
    return last == 0 and (first, second) == roots
