"""An outsider has a copy of the store, the list of all CURPs of a country, and one carrier's customer table.

Each attack counts whom it names rightly, beside what guessing would. It reads the store as bytes in
tables, whatever these mean, so that it tells what a store gives away and not what it was meant to.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from detector.pseudonym import Key, Pseudonymiser
from serve.drills.people import Event, curp_of, registration
from serve.engine import Engine, Question
from serve.judge import Judge
from serve.store.books import Books
from serve.store.database import connect

START = datetime(2026, 5, 1, tzinfo=UTC)
OWN, OTHER = "alfa", "beta"  # whose customer table he has, and who is no business of his
FEW = 4  # rows that share a value, for it to be somebody's
WORD = 8  # bytes of a value that may be somebody's


@dataclass(frozen=True, slots=True)
class Finding:
    """What an attack names rightly of how many, and what guessing names."""

    attack: str
    right: int
    of: int
    chance: float

    @property
    def above(self) -> bool:
        """Whether it is more than chance and a little noise."""
        return self.of > 0 and self.right > self.of * self.chance + 3 * (self.of**0.5) * 0.1 + 1

    def __str__(self) -> str:
        verdict = "ABOVE CHANCE" if self.above else "chance"
        return f"{self.attack:<48} {self.right:>6} of {self.of:<6} {self.chance:>8.3%}  {verdict}"


def drill(folder: Path, *, people: int, seed: int, hashed: bool = False) -> list[Finding]:
    """Fill a store and attack its copy. `hashed` weakens it: a table of plain SHA-256 beside the rest."""
    rng = np.random.default_rng(seed)
    events = _lives(people, rng)
    path = folder / "store.db"
    _serve(path, events)
    copy = sqlite3.connect(path)
    if hashed:
        copy.execute("CREATE TABLE careless (who BLOB)")
        known = {str(event["identity_value"]) for event in events}
        copy.executemany("INSERT INTO careless VALUES (?)", [(_sha256(v),) for v in sorted(known)])
    found = [
        _enumerated(copy, people),
        *_joined_by_order(copy, events),
        _sizes(copy),
    ]
    copy.close()
    return found


def _lives(people: int, rng: np.random.Generator) -> list[Event]:
    """Everybody registers once with one carrier; a third also with the other."""
    asked = [(OWN, who) for who in range(people)]
    asked += [(OTHER, int(who)) for who in rng.permutation(people)[: people // 3]]
    order = rng.permutation(len(asked))
    return [
        registration(
            number,
            START + timedelta(seconds=90 * place),
            carrier=asked[number][0],
            identity_value=curp_of(asked[number][1]),
        )
        for place, number in enumerate(order.tolist())
    ]


def _serve(path: Path, events: Sequence[Event]) -> None:
    books = Books(connect(f"sqlite:///{path}"))
    end = START + timedelta(seconds=90 * len(events) + 60)
    engine = Engine(
        books,
        pseudonymiser=Pseudonymiser(Key.fresh()),
        body_key=bytes(32),
        judge=Judge(lambda: None, policy="drill"),
        clock=lambda: int(end.timestamp() * 1e6),
    )
    for at in range(0, len(events), 128):
        engine.take([Question(event, imported=True) for event in events[at : at + 128]])
    books.own.close()


def _values(copy: sqlite3.Connection) -> Iterator[bytes]:
    """Every text and blob of every table."""
    for (table,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        for row in copy.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 - names of its own tables
            for value in row:
                if isinstance(value, str | bytes):
                    yield value.encode() if isinstance(value, str) else value


def _enumerated(copy: sqlite3.Connection, people: int) -> Finding:
    """Hashes of everybody, and everybody as he is, against every value and every start of one."""
    held = set[bytes]()
    for value in _values(copy):
        held.update(value[:cut] for cut in (8, 16, 20, 32) if len(value) >= cut)
        held.add(value)
    named = 0
    for who in range(people):
        text = curp_of(who).encode()
        made = (text, _sha256(text.decode()), hashlib.sha1(text, usedforsecurity=False).digest(),
                hashlib.md5(text, usedforsecurity=False).digest())  # fmt: skip
        named += any(m in held or m[:16] in held or m.hex().encode() in held for m in made)
    return Finding("enumeration of all CURPs", named, people, 0.0)


def _joined_by_order(copy: sqlite3.Connection, events: Sequence[Event]) -> list[Finding]:
    """The n-th row of a carrier is its n-th customer; then whoever shares a value with another's row."""
    rows = copy.execute("SELECT sequence, carrier, entry FROM registrations ORDER BY sequence")
    by = defaultdict(list)
    for sequence, carrier, entry in rows.fetchall():
        by[carrier].append((sequence, bytes(entry)))
    truth = {n: str(event["identity_value"]) for n, event in enumerate(events, start=1)}
    customers = [str(e["identity_value"]) for e in events if e["carrier_id"] == OWN]
    named = dict(zip((sequence for sequence, _ in by[OWN]), customers, strict=False))
    right = sum(truth[sequence] == who for sequence, who in named.items())
    guesses = _shared(by[OWN], by[OTHER])
    followed = sum(named.get(one) == truth[other] for one, other in guesses)
    chance = 1 / len(customers)
    return [
        Finding("own customers' rows, by order of writing", right, len(customers), chance),
        Finding("own customers found at another carrier", followed, len(by[OTHER]), chance),
    ]


def _shared(
    own: Sequence[tuple[int, bytes]], other: Sequence[tuple[int, bytes]]
) -> set[tuple[int, int]]:
    """Pairs of rows that have the same rare bytes at the same place; one guess for each of the other's."""
    votes: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    longest = max((len(entry) for _, entry in (*own, *other)), default=0)
    for at in range(max(longest - WORD, 0)):
        holders: dict[bytes, list[int]] = defaultdict(list)
        for sequence, entry in own:
            holders[entry[at : at + WORD]].append(sequence)
        for sequence, entry in other:
            same = holders.get(entry[at : at + WORD], ())
            for one in same if len(same) <= FEW else ():
                votes[sequence][one] += 1
    return {(max(seen, key=lambda one: seen[one]), s) for s, seen in votes.items() if seen}


def _sizes(copy: sqlite3.Connection) -> Finding:
    """Records whose length differs from the most frequent one: what is told by size alone."""
    sizes = [n for (n,) in copy.execute("SELECT LENGTH(record) FROM histories").fetchall()]
    usual = max(set(sizes), key=sizes.count)
    return Finding(
        "records told apart by their size", sum(n != usual for n in sizes), len(sizes), 0
    )


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
