"""A key's history as it is kept between events: one packed record of the key's last registrations.

A record holds at most K entries in time order, and nothing that names the key. An entry is what a
ledger's row holds (see `windows`), with 48 bits in place of each token: enough to say whether two entries
of one record agree, too little to find anything by. Which 48 bits is for whoever keeps the record to say.
`laid.laid_out` lays many records out as one ledger for the kernels that also serve a whole data folder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.windows import FIXED_FLAGS, NOT_YET, VALUES

Array = NDArray[Any]

# The columns of VALUES that are tokens, in the order in which an entry holds them.
TOKENS = ("identity", "root", "line", "sim", "handset", "device", "network", "contact", "agent",
          "pos", "model", "ip", "block")  # fmt: skip
TOKEN_PLACES = [VALUES.index(name) for name in TOKENS]
FINGERPRINT = 6  # bytes of each
MASK = (1 << (8 * FINGERPRINT)) - 1
KNOWN_LATER = ("handed_over", "travelled", "closed", "reported", "renamed")
SPOKE = 1  # bit of `bits`: attached or closed before it would count as silent
VERDICTS = 5  # turns of the verdict that an entry has room for

ENTRY = np.dtype(
    [
        ("at", "<i8"),
        ("sequence", "<i8"),
        ("tokens", "u1", (len(TOKENS), FINGERPRINT)),
        ("place", "<i4"),
        ("carrier", "<u2"),
        ("flags", "u1"),
        ("impression", "u1"),
        ("offset", "<i2"),
        ("bits", "u1"),
        *((name, "<i4") for name in KNOWN_LATER),
        ("verdicts", "<i4", (VERDICTS,)),
    ]
)
SIZE = ENTRY.itemsize
assert len(FIXED_FLAGS) <= 8  # there is one byte for them, here and in the log
_AT, _SEQUENCE, _IDENTITY = 0, 8, 16  # where these begin
_IMPRESSION: int = ENTRY.fields["impression"][1]  # type: ignore[index]
Record = bytes  # entries one after another, in time order


def fingerprints(tokens: Array) -> NDArray[np.int64]:
    """The plainest stand-ins of tokens (64-bit keys), the same in every record: never 0 where there is one."""
    kept = np.asarray(tokens, np.int64) & MASK
    return np.where((kept == 0) & (tokens != 0), 1, kept)


def entries(columns: Mapping[str, Array], n: int) -> NDArray[Any]:
    """`n` entries of which nothing is known yet that comes later. `tokens` are fingerprints, n by TOKENS.

    They have made no impression where `columns` has none.
    """
    made = np.zeros(n, ENTRY)
    tokens = np.ascontiguousarray(columns["tokens"], "<i8").view(np.uint8)
    made["tokens"] = tokens.reshape(n, len(TOKENS), 8)[:, :, :FINGERPRINT]  # lowest bytes first
    for name in ("at", "sequence", "place", "carrier", "flags", "offset"):
        made[name] = columns[name]
    made["impression"] = columns.get("impression", 0)
    for name in (*KNOWN_LATER, "verdicts"):
        made[name] = NOT_YET
    return made


def standing_in(tokens: NDArray[np.int64]) -> list[bytes]:
    """Stand-ins of each row's tokens as an entry holds them."""
    wide = np.ascontiguousarray(tokens, "<i8").view(np.uint8).reshape(len(tokens), len(TOKENS), 8)
    return [row.tobytes() for row in wide[:, :, :FINGERPRINT]]


def with_tokens(entry: bytes, tokens: bytes) -> bytes:
    """The entry with other stand-ins, as `standing_in` made them."""
    return entry[:_IDENTITY] + tokens + entry[_IDENTITY + len(tokens) :]


def inserted(record: Record, entry: bytes) -> Record:
    """The record with one more entry, at its place in time; entries of one moment stay as they came."""
    at = _time(entry, 0)
    place = len(record)
    while place and _time(record, place - SIZE) > at:
        place -= SIZE
    return record[:place] + entry + record[place:]


def without(record: Record, sequences: Sequence[int]) -> Record:
    """The record as if some registrations had never been."""
    found = np.frombuffer(record, ENTRY)
    return found[~np.isin(found["sequence"], list(sequences))].tobytes()


def bounded(record: Record, k: int) -> Record:
    """The last K entries."""
    return record[-k * SIZE :]


def later_than(record: Record, at: int) -> int:
    """How many entries are later than a moment."""
    return int((np.frombuffer(record, ENTRY)["at"] > at).sum())


def _time(record: bytes, place: int) -> int:
    return int.from_bytes(record[place + _AT : place + _AT + 8], "little", signed=True)


def lately(record: Record, at: int, *, k: int, most: int) -> list[tuple[int, int]]:
    """The last entries that a newcomer of moment `at` sees, latest first: microsecond and identity."""
    found = []
    low = max(0, len(record) - k * SIZE)
    for place in range(len(record) - SIZE, low - SIZE, -SIZE):
        then = _time(record, place)
        if then <= at:
            who = record[place + _IDENTITY : place + _IDENTITY + FINGERPRINT]
            found.append((then, int.from_bytes(who, "little")))
            if len(found) == most:
                break
    return found


def changed(record: Record, sequence: int, facts: Mapping[str, int]) -> Record:
    """The record with later facts about one of its registrations; as it was if it holds it no more.

    `facts` are seconds for KNOWN_LATER (the earliest stays), `verdict` (a turn), and `spoke`.
    """
    place = _found(record, sequence)
    if place < 0:
        return record
    found = np.frombuffer(record, ENTRY).copy()
    mine = found["sequence"] == sequence
    for name, known in facts.items():
        if name == "spoke":
            found["bits"][mine] |= SPOKE
        elif name == "verdict":
            for i in np.flatnonzero(mine):
                found["verdicts"][i] = _turned(found["verdicts"][i], known)
        else:
            found[name][mine] = np.minimum(found[name][mine], known)
    return found.tobytes()


def impressed(record: Record, impressions: Mapping[int, int]) -> Record:
    """The record with the impressions that some of its registrations made, by sequence number."""
    made = bytearray(record)
    for sequence, impression in impressions.items():
        place = _found(record, sequence)
        if place >= 0:
            made[place - _SEQUENCE + _IMPRESSION] = impression
    return bytes(made)


def _found(record: Record, sequence: int) -> int:
    """Where the sequence number of an entry stands, -1 where there is none."""
    wanted = sequence.to_bytes(8, "little")
    place = record.find(wanted)
    while place >= 0 and place % SIZE != _SEQUENCE:
        place = record.find(wanted, place + 1)
    return place


def _turned(turns: Array, known: int) -> Array:
    """One more turn; where there is no room the two latest before it, as a pair, make room."""
    kept = [int(t) for t in turns if t != NOT_YET]
    kept.append(known)
    if len(kept) > VERDICTS:
        kept = [kept[0], *kept[3:]]
    return np.array(kept + [NOT_YET] * (VERDICTS - len(kept)), np.int32)


def taken_over(record: Record, *, line: int, at: int, known: int, taker: int) -> Record:
    """An identity's record once another identity has one of its lines: its entries there say so.

    `taker` is the sequence number of the registration that took the line; what came after it is not meant.
    """
    found = np.frombuffer(record, ENTRY).copy()
    mine = (_column(found, "line") == line) & (found["at"] <= at) & (found["sequence"] < taker)
    found["renamed"][mine] = np.minimum(found["renamed"][mine], known)
    return found.tobytes()


def line_of(record: Record, sequence: int) -> int | None:
    """What an identity's record says instead of a registration's line; None where it holds it no more."""
    found = np.frombuffer(record, ENTRY)
    mine = found[found["sequence"] == sequence]
    return int(_column(mine, "line")[0]) if len(mine) else None


def numbers_in(record: Record) -> list[int]:
    """The registrations that a record holds."""
    numbers: list[int] = np.frombuffer(record, ENTRY)["sequence"].tolist()
    return numbers


def _column(found: Array, token: str) -> NDArray[np.int64]:
    wide = np.zeros((len(found), 8), np.uint8)
    wide[:, :FINGERPRINT] = found["tokens"][:, TOKENS.index(token)]
    column: NDArray[np.int64] = wide.view("<i8")[:, 0]
    return column


def others(record: Record, identity: int) -> NDArray[Any]:
    """Of a line's record: the entries of other identities."""
    found = np.frombuffer(record, ENTRY)
    theirs: NDArray[Any] = found[_column(found, "identity") != identity]
    return theirs
