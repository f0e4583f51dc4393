"""Records as they are kept: without what an entry lacks, repeats of the one before, or does not know yet.

An entry has 145 bytes; kept it has about eighty where it is a record's first and sixty behind. All records of
a transaction are packed, or unpacked, in one call. What is kept begins with the number of entries and WAY;
without it are records kept before in a plainer way, and a length that whole entries have is that of a record
kept whole, because some number in it is larger than is usual.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.compiled import njit
from detector.records import ENTRY, FINGERPRINT, KNOWN_LATER, SIZE, SPOKE, TOKENS, VERDICTS, Record
from detector.windows import NOT_YET

Array = NDArray[Any]
WAY = 0x80  # in the second byte
T = len(TOKENS)
_NOTHING = np.full(len(KNOWN_LATER) + VERDICTS, NOT_YET, "<i4").view(np.uint8)  # known of an entry
_SHORT = SIZE - len(_NOTHING)
_AT, _SEQUENCE, _TOKENS, _PLACE, _CARRIER, _FLAGS, _IMPRESSION, _OFFSET, _BITS = (
    ENTRY.fields[name][1]  # type: ignore[index]
    for name in (
        "at",
        "sequence",
        "tokens",
        "place",
        "carrier",
        "flags",
        "impression",
        "offset",
        "bits",
    )
)
# Bytes of an entry's beginning: two bits for each token, then whether it spoke, is at the place and of the
# carrier of the one before it, has something known, and made an impression.
_HEAD, _TIME, _NUMBER, _WHERE = 4, 7, 5, 3
_BEFORE, _NEW, _OWN = 1, 2, 3  # what a token's two bits say; 0 where there is none
_SPOKE, _SAME_PLACE, _SAME_CARRIER, _KNOWN, _IMPRESSED = (1 << (2 * T + i) for i in range(5))
_MOST = SIZE + _HEAD  # bytes that an entry may take
assert _BITS + 1 == _SHORT
assert 2 * T + 5 <= 8 * _HEAD


def packed(records: Sequence[Record], own: NDArray[np.int64]) -> list[bytes]:
    """Each record as it is kept. `own` is what each says instead of the key it is about, and leaves out."""
    raw, ends = _joined(records)
    out = np.empty(len(raw) // SIZE * _MOST + 3 * len(records), np.uint8)
    bounds = np.zeros(len(records) + 1, np.int64)
    _pack(raw, ends, own, out, bounds)
    return _cut(out, bounds)


def unpacked(texts: Sequence[bytes], own: NDArray[np.int64]) -> list[Record]:
    """The records again, with the same `own`."""
    sizes = [len(t) if not len(t) % SIZE else (t[0] | (t[1] & ~WAY) << 8) * SIZE for t in texts]
    text, ends = _joined(texts)
    bounds = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(sizes, out=bounds[1:])
    out = np.empty(bounds[-1], np.uint8)
    _unpack(text, ends, own, out, bounds)
    return _cut(out, bounds)


def _joined(texts: Sequence[bytes]) -> tuple[Array, NDArray[np.int64]]:
    ends = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(text) for text in texts], out=ends[1:])
    return np.frombuffer(b"".join(texts), np.uint8), ends


def _cut(out: Array, bounds: NDArray[np.int64]) -> list[bytes]:
    text, marks = out.tobytes(), bounds.tolist()
    return [text[low:high] for low, high in pairwise(marks)]


@njit(nogil=True, cache=True)
def _pack(raw: Array, ends: Array, own: Array, out: Array, bounds: Array) -> None:
    before = np.empty(T, np.int64)  # stand-ins of the entry before
    for r in range(ends.shape[0] - 1):
        low, n = ends[r], (ends[r + 1] - ends[r]) // SIZE
        at = bounds[r]
        before[:] = 0
        if _is_usual(raw, low, n):
            out[at], out[at + 1] = n & 255, n >> 8 | WAY
            at += 2
            for i in range(n):
                at = _pack_entry(raw, low + i * SIZE, i > 0, (own[r], before), out, at)
            if (at - bounds[r]) % SIZE == 0:  # else it would look like whole entries
                out[at] = 0
                at += 1
        else:
            out[at : at + n * SIZE] = raw[low : low + n * SIZE]
            at += n * SIZE
        bounds[r + 1] = at


@njit(nogil=True, cache=True)
def _is_usual(raw: Array, low: int, n: int) -> bool:
    """Whether every entry's numbers have room in the bytes that are kept of them."""
    usual = n < WAY << 8
    for i in range(n):
        base = low + i * SIZE
        usual &= raw[base + _AT + _TIME] == 0
        for j in range(_NUMBER, 8):
            usual &= raw[base + _SEQUENCE + j] == 0
        usual &= raw[base + _PLACE + _WHERE] == 0
        usual &= raw[base + _CARRIER + 1] == 0
        usual &= raw[base + _BITS] <= SPOKE
    return usual


@njit(nogil=True, cache=True)
def _same(raw: Array, one: int, other: Array, place: int, size: int) -> bool:
    same = True
    for j in range(size):
        same &= raw[one + j] == other[place + j]
    return same


@njit(nogil=True, cache=True)
def _pack_entry(raw: Array, base: int, behind: bool, known: Any, out: Array, at: int) -> int:
    """One entry, `behind` another one; where it ends."""
    own, before = known
    begin, head = at, 0
    at += _HEAD
    at = _copied(raw, base + _AT, _TIME, out, at)
    at = _copied(raw, base + _SEQUENCE, _NUMBER, out, at)
    for t in range(T):
        token = _wide(raw, base + _TOKENS + t * FINGERPRINT)
        if token == own and token:
            head |= _OWN << 2 * t
        elif token == before[t] and token:
            head |= _BEFORE << 2 * t
        elif token:
            head |= _NEW << 2 * t
            for j in range(FINGERPRINT):
                out[at + j] = token >> (8 * j) & 255
            at += FINGERPRINT
        before[t] = token
    if behind and _same(raw, base + _PLACE, raw, base + _PLACE - SIZE, _WHERE):
        head |= _SAME_PLACE
    else:
        at = _copied(raw, base + _PLACE, _WHERE, out, at)
    if behind and raw[base + _CARRIER] == raw[base + _CARRIER - SIZE]:
        head |= _SAME_CARRIER
    else:
        at = _copied(raw, base + _CARRIER, 1, out, at)
    at = _copied(raw, base + _FLAGS, 1, out, at)
    if raw[base + _IMPRESSION]:
        head |= _IMPRESSED
        at = _copied(raw, base + _IMPRESSION, 1, out, at)
    at = _copied(raw, base + _OFFSET, 2, out, at)
    if raw[base + _BITS]:
        head |= _SPOKE
    if not _same(raw, base + _SHORT, _NOTHING, 0, SIZE - _SHORT):
        head |= _KNOWN
        at = _copied(raw, base + _SHORT, SIZE - _SHORT, out, at)
    for j in range(_HEAD):
        out[begin + j] = head >> (8 * j) & 255
    return at


@njit(nogil=True, cache=True)
def _wide(source: Array, low: int) -> int:
    """A stand-in as a number."""
    wide = np.int64(0)
    for j in range(FINGERPRINT):
        wide |= np.int64(source[low + j]) << (8 * j)
    return wide  # type: ignore[return-value]


@njit(nogil=True, cache=True)
def _copied(source: Array, low: int, size: int, out: Array, at: int) -> int:
    """Some bytes more; where they end."""
    for j in range(size):
        out[at + j] = source[low + j]
    return at + size


@njit(nogil=True, cache=True)
def _unpack(text: Array, ends: Array, own: Array, out: Array, bounds: Array) -> None:
    for r in range(ends.shape[0] - 1):
        low, size = ends[r], ends[r + 1] - ends[r]
        n = (bounds[r + 1] - bounds[r]) // SIZE
        if size % SIZE == 0:
            out[bounds[r] : bounds[r + 1]] = text[low : low + size]
        elif text[low + 1] & WAY:
            at = low + 2
            for i in range(n):
                at = _unpack_entry(text, at, i > 0, own[r], out, bounds[r] + i * SIZE)
        else:
            _unpack_plain(text, low, n, out, bounds[r])


@njit(nogil=True, cache=True)
def _unpack_entry(text: Array, at: int, behind: bool, own: int, out: Array, base: int) -> int:
    """One entry again; where it ended."""
    head = 0
    for j in range(_HEAD):
        head |= int(text[at + j]) << (8 * j)
    at += _HEAD
    out[base : base + _SHORT] = 0
    _copied(text, at, _TIME, out, base + _AT)
    _copied(text, at + _TIME, _NUMBER, out, base + _SEQUENCE)
    at += _TIME + _NUMBER
    for t in range(T):
        low, how = base + _TOKENS + t * FINGERPRINT, head >> 2 * t & 3
        if how == _OWN:
            for j in range(FINGERPRINT):
                out[low + j] = own >> (8 * j) & 255
        elif how == _BEFORE and behind:
            _copied(out, low - SIZE, FINGERPRINT, out, low)
        elif how == _NEW:
            _copied(text, at, FINGERPRINT, out, low)
            at += FINGERPRINT
    if head & _SAME_PLACE and behind:
        _copied(out, base + _PLACE - SIZE, _WHERE, out, base + _PLACE)
    else:
        _copied(text, at, _WHERE, out, base + _PLACE)
        at += _WHERE
    if head & _SAME_CARRIER and behind:
        out[base + _CARRIER] = out[base + _CARRIER - SIZE]
    else:
        out[base + _CARRIER] = text[at]
        at += 1
    out[base + _FLAGS] = text[at]
    at += 1
    if head & _IMPRESSED:
        out[base + _IMPRESSION] = text[at]
        at += 1
    _copied(text, at, 2, out, base + _OFFSET)
    at += 2
    out[base + _BITS] = SPOKE if head & _SPOKE else 0
    if head & _KNOWN:
        _copied(text, at, SIZE - _SHORT, out, base + _SHORT)
        at += SIZE - _SHORT
    else:
        _copied(_NOTHING, 0, SIZE - _SHORT, out, base + _SHORT)
    return at


@njit(nogil=True, cache=True)
def _unpack_plain(text: Array, low: int, n: int, out: Array, base: int) -> None:
    """As records were kept before: a bit for each entry of which nothing is known, then the entries."""
    at = low + 2 + (n + 7) // 8
    for i in range(n):
        size = SIZE
        if text[low + 2 + i // 8] >> (i % 8) & 1:
            size = _SHORT
            _copied(_NOTHING, 0, SIZE - _SHORT, out, base + i * SIZE + _SHORT)
        _copied(text, at, size, out, base + i * SIZE)
        at += size
