"""The log in the engine's store: appended within a transaction, from a state of a few hundred bytes.

Whoever appends needs the end of the log only: its length, the chain, the tree's peaks. So several workers
take turns, a restart reads nothing anew, and how far each source was recorded moves with the records.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from serve.audit.checkpoints import Checkpoint
from serve.audit.log import START, chained, header, leaf_of
from serve.audit.records import SALT_BYTES, Entry, commitment
from serve.audit.storage import StoreStorage
from serve.audit.tree import grown, root_of
from serve.store.database import Connection

ORIGIN = "simvigia/audit"
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to record: where it is kept (`source`, `item`, `part`), what it is, and its details."""

    source: str
    item: int
    part: int
    kind: str
    day: date
    facts: Mapping[str, str]
    details: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class State:
    """The end of the log, and how far each source was recorded."""

    size: int = 0
    end: int = 0
    chain: bytes = START
    peaks: tuple[bytes, ...] = ()
    cursors: Mapping[str, int] = field(default_factory=dict)

    def packed(self) -> str:
        """As the store keeps it."""
        told = {"size": self.size, "end": self.end, "chain": self.chain.hex()}
        return json.dumps(
            told | {"peaks": [p.hex() for p in self.peaks], "cursors": dict(self.cursors)}
        )

    @classmethod
    def unpacked(cls, text: str) -> State:
        """From the store."""
        held = json.loads(text)
        peaks = tuple(bytes.fromhex(p) for p in held["peaks"])
        return cls(held["size"], held["end"], bytes.fromhex(held["chain"]), peaks, held["cursors"])


@dataclass(frozen=True, slots=True)
class Salted:
    """An item with its salt and what commits to it."""

    item: Item
    salt: bytes
    entry: Entry

    @classmethod
    def of(cls, item: Item) -> Salted:
        """With fresh salt."""
        salt = secrets.token_bytes(SALT_BYTES)
        return cls(
            item, salt, Entry(item.kind, item.day, commitment(item.details, salt), item.facts)
        )


def state(own: Connection) -> State:
    """Where the log stands."""
    rows = own.rows("SELECT state FROM audit_state WHERE id = 0")
    return State.unpacked(rows[0][0]) if rows else State()


def append(
    own: Connection, before: State, items: Sequence[Salted], cursors: Mapping[str, int]
) -> State:
    """Write records and move the cursors, inside `own.writing()`; the state after it.

    `before` must be the present state: check it within the transaction.
    """
    size, chain, peaks, out, salts = before.size, before.chain, list(before.peaks), bytearray(), []
    for number, salted in enumerate(items, start=size):
        packed, at = salted.entry.packed(), salted.item
        leaf = leaf_of(number, packed)
        chain, peaks = chained(chain, leaf), grown(peaks, number, leaf)
        out += header(len(packed), number) + packed + chain
        salts.append((at.source, at.item, at.part, number, salted.salt))
    after = State(
        size + len(items),
        before.end + len(out),
        chain,
        tuple(peaks),
        {**before.cursors, **cursors},
    )
    if out:
        StoreStorage(own).put(before.end, bytes(out))
        own.run_many(
            "INSERT INTO audit_salts (source, item, part, number, salt) VALUES (?, ?, ?, ?, ?)",
            salts,
        )
    own.run(
        "INSERT INTO audit_state (id, state) VALUES (0, ?)"
        " ON CONFLICT (id) DO UPDATE SET state = excluded.state",
        [after.packed()],
    )
    return after


def note(
    own: Connection, kind: str, *, at: datetime, facts: Mapping[str, str], **details: object
) -> None:
    """Have something recorded that has no table of its own, inside `own.writing()`.

    `facts` will be read by everybody; `details` are kept here and only committed to.
    """
    own.run(
        "INSERT INTO audit_notes (kind, day, facts, details) VALUES (?, ?, ?, ?)",
        [kind, day_number(at), json.dumps(facts), json.dumps(details)],
    )


def checkpoint(now: State, at: datetime) -> Checkpoint:
    """The log as it stands, to be signed."""
    return Checkpoint(ORIGIN, now.size, root_of(now.peaks), at)


def day_number(at: datetime) -> int:
    """Days since 1970."""
    return (at.date() - EPOCH).days


def day_of(number: int) -> date:
    """The day of a number."""
    return EPOCH + timedelta(days=number)
