"""A thief has a copy of the store, the list of all CURPs of a country, and one carrier's customer table.

He attacks with the copy alone, then with the engine's ring besides, and at last with every key of local
mode: there everybody falls, which shows that the attacks work. Each attack counts whom it names rightly,
beside what guessing would. It reads tables as bytes, whatever these mean.
"""

from __future__ import annotations

import hashlib
import hmac
import shutil
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from detector.intake import folios, identity
from detector.pseudonym import Key, Pseudonymiser
from serve.drills.people import Event, curp_of, registration
from serve.engine import Engine, Question
from serve.judge import Judge, v8
from serve.shelf import PLACE, record_id
from serve.store.books import Books
from serve.store.database import SQLITE, connect
from serve.store.keys import StoreKeys
from serve.vault import OVERHEAD, NotOpened

START = datetime(2026, 5, 1, tzinfo=UTC)
PACE = 90  # seconds between two registrations
OWN, OTHER = "alfa", "beta"  # whose customer table he has, and who is no business of his
FEW = 4  # rows that share a value, for it to be somebody's
FILES = ("", "-wal", "-shm")  # of a store, while it is being served
TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
FOLIO = 16  # bytes
WORD = 8  # bytes of a value that may be somebody's
WEAKNESSES = (
    "hashes",
    "tokens",
    "folios",
)  # a table of plain SHA-256; tokens beside exact times; folios
Cell = tuple[str, int, bytes]  # table, row of it, bytes


@dataclass(frozen=True, slots=True)
class Finding:
    """What an attack names rightly of how many, and what guessing names; `expected` where it has to succeed."""

    attack: str
    right: int
    of: int
    chance: float
    expected: bool = False

    @property
    def above(self) -> bool:
        """Whether it is more than chance and a little noise."""
        return self.of > 0 and self.right > self.of * self.chance + 3 * (self.of**0.5) * 0.1 + 1

    @property
    def fault(self) -> bool:
        """Whether the drill fails by it: something is told, or an attack that has to work does not."""
        return self.above != self.expected

    def __str__(self) -> str:
        verdict = "ABOVE CHANCE" if self.above else "chance"
        return f"{self.attack:<62} {self.right:>6} of {self.of:<6} {self.chance:>8.3%}  {verdict}"


@dataclass(frozen=True, slots=True)
class Theft:
    """A store that was served, its copy, and what judges the thief: who registered when, and all keys."""

    url: str
    stolen: Path  # the thief's own copy
    events: Sequence[Event]
    people: int
    keys: StoreKeys
    door: Pseudonymiser

    def copy(self) -> sqlite3.Connection:
        """The tables as a thief opens them, in files of his own.

        Of a SQLite store he takes the database and its write-ahead log, of another one every table, in the
        order in which its rows lie.
        """
        if self.url.startswith(SQLITE):
            for end in FILES:
                if (held := Path(f"{self.url.removeprefix(SQLITE)}{end}")).exists():
                    shutil.copy(held, f"{self.stolen}{end}")
            return sqlite3.connect(self.stolen, isolation_level=None)
        copy = sqlite3.connect(self.stolen, isolation_level=None)
        with psycopg.connect(self.url) as own:
            for (table,) in own.execute(TABLES).fetchall():
                _dumped(own, table, copy)
        return copy


def _dumped(own: psycopg.Connection[Any], table: str, copy: sqlite3.Connection) -> None:
    cursor = own.execute(f'SELECT * FROM "{table}" ORDER BY ctid')  # noqa: S608 - its own name
    rows, columns = cursor.fetchall(), cursor.description or []
    marks = ", ".join("?" * len(columns))
    names = ", ".join(f'"{column.name}"' for column in columns)
    copy.execute(f'CREATE TABLE "{table}" ({names})')
    copy.executemany(f'INSERT INTO "{table}" VALUES ({marks})', rows)  # noqa: S608 - its own name


def drill(
    folder: Path, *, people: int, seed: int, weakness: str = "", url: str = ""
) -> list[Finding]:
    """Fill a store and attack its copy; `weakness` is one of WEAKNESSES, put there on purpose.

    The store is a SQLite file in the folder unless the URL of an empty one is given.
    """
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    theft, served = _served(
        url or f"{SQLITE}{folder / 'store.db'}", folder / "stolen.db", lives(people, rng), people
    )
    copy = theft.copy()
    served.own.close()
    if weakness:
        _weaken(copy, theft, weakness)
    found = [
        _enumerated(copy, people),
        _scanned(theft),
        _repeated(copy, theft),
        *_by_time(copy, theft),
        _followed(copy, theft),
        *_tested(copy, theft),
    ]
    copy.close()
    return found


def classes(folder: Path) -> Counter[int]:
    """How many histories lie in each size class: what a copy tells by sizes, of nobody in particular."""
    copy = sqlite3.connect(folder / "stolen.db")
    sizes = Counter(n - OVERHEAD for (n,) in copy.execute("SELECT LENGTH(record) FROM histories"))
    copy.close()
    return sizes


def lives(people: int, rng: np.random.Generator) -> list[Event]:
    """Everybody registers once with one carrier; a third also with the other."""
    asked = [(OWN, who) for who in range(people)]
    asked += [(OTHER, int(who)) for who in rng.permutation(people)[: people // 3]]
    order = rng.permutation(len(asked))
    return [
        registration(
            number,
            START + timedelta(seconds=PACE * place),
            carrier=asked[number][0],
            identity_value=curp_of(asked[number][1]),
        )
        for place, number in enumerate(order.tolist())
    ]


def _served(url: str, stolen: Path, events: Sequence[Event], people: int) -> tuple[Theft, Books]:
    keys, door = StoreKeys.fresh(), Pseudonymiser(Key.fresh())
    books = Books(connect(url, keys))
    end = START + timedelta(seconds=PACE * len(events) + 60)
    engine = Engine(
        books,
        pseudonymiser=door,
        body_key=bytes(32),
        judge=Judge(lambda: None, policy="drill"),
        clock=lambda: int(end.timestamp() * 1e6),
    )
    for at in range(0, len(events), 128):
        engine.take([Question(event, imported=True) for event in events[at : at + 128]])
    return Theft(url, stolen, events, people, keys, door), books


def _weaken(copy: sqlite3.Connection, theft: Theft, weakness: str) -> None:
    """What a careless colleague would have added."""
    copy.execute("CREATE TABLE careless (at INTEGER, who BLOB)")
    make: Mapping[str, Callable[[Event], bytes]] = {
        "hashes": lambda event: _sha256(str(event["identity_value"])),
        "tokens": lambda event: _token(theft.door, str(event["identity_value"])),
        "folios": lambda event: v8(folios([event], theft.door)[0]),
    }
    rows = [(_moment(event), make[weakness](event)) for event in theft.events]
    copy.executemany("INSERT INTO careless VALUES (?, ?)", rows)


def _cells(copy: sqlite3.Connection) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    for (table,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        yield table, copy.execute(f'SELECT * FROM "{table}"').fetchall()  # noqa: S608 - its own names


def _bytes(row: Sequence[object]) -> Iterator[bytes]:
    for value in row:
        if isinstance(value, str | bytes):
            yield value.encode() if isinstance(value, str) else value


def _enumerated(copy: sqlite3.Connection, people: int) -> Finding:
    """Hashes of everybody, and everybody as he is, against every value and every start of one."""
    held = set[bytes]()
    for _, rows in _cells(copy):
        for value in (v for row in rows for v in _bytes(row)):
            held.update(value[:cut] for cut in (8, 16, 20, 32) if len(value) >= cut)
            held.add(value)
    named = sum(
        any(made in held or made[:16] in held or made.hex().encode() in held for made in hashes)
        for hashes in (_hashes(curp_of(who)) for who in range(people))
    )
    return Finding("copy alone: enumeration of all CURPs", named, people, 0.0)


def _scanned(theft: Theft) -> Finding:
    """The same in every byte of the stolen files, also of what was deleted and not written over yet."""
    first = {made[:8]: who for who in range(theft.people) for made in _hashes(curp_of(who))}
    wanted = np.frombuffer(b"".join(first), "<u8")
    named = set[int]()
    for end in FILES:
        held = Path(f"{theft.stolen}{end}")
        content = (held.read_bytes() if held.exists() else b"") + bytes(8)
        for start in range(8):
            words = np.frombuffer(content, "<u8", (len(content) - start) // 8, start)
            hits = words[np.isin(words, wanted)]
            named |= {first[word.tobytes()] for word in hits}
    return Finding(
        "copy alone: enumeration in every byte of the files", len(named), theft.people, 0.0
    )


def _hashes(text: str) -> tuple[bytes, ...]:
    raw = text.encode()
    return (
        raw,
        _sha256(text),
        hashlib.sha1(raw, usedforsecurity=False).digest(),
        hashlib.md5(raw, usedforsecurity=False).digest(),
    )


def _repeated(copy: sqlite3.Connection, theft: Theft) -> Finding:
    """Frequency: a value that stands as often as somebody registered, and in no other number of places."""
    often = Counter(str(event["identity_value"]) for event in theft.events)
    twice = sum(n > 1 for n in often.values())
    seen = Counter(
        value
        for _, rows in _cells(copy)
        for row in rows
        for value in set(_bytes(row))
        if len(value) >= WORD
    )
    pairs = sum(1 < n <= FEW for n in seen.values())
    return Finding("copy alone: values as frequent as people", min(pairs, twice), twice, 0.0)


def _by_time(copy: sqlite3.Connection, theft: Theft) -> list[Finding]:
    """A row whose exact time is one customer's, and where its values stand in another row or table."""
    known = {_moment(e): str(e["identity_value"]) for e in theft.events if e["carrier_id"] == OWN}
    lags = (0, 86_400_000_000, 7 * 86_400_000_000)
    places: dict[bytes, set[tuple[str, int]]] = defaultdict(set)
    timed = list[tuple[str, int, tuple[bytes, ...]]]()
    for table, rows in _cells(copy):
        for number, row in enumerate(rows):
            words = tuple(value for value in _bytes(row) if len(value) >= WORD)
            for word in words:
                places[word].add((table, number))
            if any(isinstance(v, int) and v - lag in known for v in row for lag in lags):
                timed.append((table, number, words))
    led = sum(any(1 < len(places[word]) <= FEW for word in words) for table, number, words in timed)
    return [
        Finding("copy alone: a customer's row by its time, joined to others", led, len(known), 0.0)
    ]


def _followed(copy: sqlite3.Connection, theft: Theft) -> Finding:
    """The n-th row of a table is the n-th registration; who shares a rare value with it is the same."""
    right, of = 0, sum(event["carrier_id"] == OTHER for event in theft.events)
    truth = [str(event["identity_value"]) for event in theft.events]
    for _, rows in _cells(copy):
        if len(rows) != len(truth):
            continue
        texts = [b"".join(_bytes(row)) for row in rows]
        right = max(right, sum(truth[a] == truth[b] for a, b in _alike(texts)))
    return Finding(
        "copy alone: own customers followed to another carrier", right, of, 1 / theft.people
    )


def _alike(texts: Sequence[bytes]) -> set[tuple[int, int]]:
    """Pairs of rows that have the same rare bytes at the same place."""
    found = set[tuple[int, int]]()
    for at in range(max(map(len, texts), default=0) - WORD):
        holders: dict[bytes, list[int]] = defaultdict(list)
        for number, text in enumerate(texts):
            if len(text) >= at + WORD:
                holders[text[at : at + WORD]].append(number)
        for same in holders.values():
            if 1 < len(same) <= FEW:
                found |= {(a, b) for a in same for b in same if a < b}
    return found


def _tested(copy: sqlite3.Connection, theft: Theft) -> list[Finding]:
    """With the engine's ring: guesses of tokens tried on the rows of histories, and boxes tried open."""
    there = {
        bytes(name): bytes(box) for name, box in copy.execute("SELECT id, record FROM histories")
    }
    ring = StoreKeys(theft.keys.engine, None)
    own = Books(connect(theft.url, ring))
    guesses: Mapping[str, Callable[[str], list[int]]] = {
        "copy and engine's ring, custodian mode: identities tested": lambda v: _guessed(ring, v),
        "copy, ring and pseudonym key, local mode: identities tested": lambda v: [
            int.from_bytes(_token(theft.door, v)[:8], "little", signed=True)
        ],
    }
    found = []
    for attack, guess in guesses.items():
        named = sum(
            any(_opens(own, there, guess_) for guess_ in guess(curp_of(who)))
            for who in range(theft.people)
        )
        found.append(Finding(attack, named, theft.people, 0.0, expected="local" in attack))
    opened = _answers_opened(own, copy)
    found.append(Finding("copy and engine's ring, custodian mode: answers opened", opened,
                         len(theft.events), 0.0))  # fmt: skip
    own.own.close()
    return found


def _guessed(ring: StoreKeys, value: str) -> list[int]:
    """Every token that can be made of a CURP with what the ring holds."""
    secrets = [b"", ring.engine.index, *(key.secret for key in ring.engine.keys)]
    made = [*_hashes(value), *(hmac.digest(s, value.encode(), "sha256") for s in secrets if s)]
    return [int.from_bytes(one[:8], "little", signed=True) for one in made]


def _opens(own: Books, there: Mapping[bytes, bytes], key: int) -> bool:
    rows = own.seals.history(f"history-{PLACE['identity']}", record_id(PLACE["identity"], key)[1:])
    return any(row.id in there and bool(row.open(there[row.id])) for row in rows)


def _answers_opened(own: Books, copy: sqlite3.Connection) -> int:
    """Answers that open with any value of the copy in place of the folio that the thief has not got."""
    there = {bytes(n): bytes(b) for n, b in copy.execute("SELECT id, answer FROM assessments")}
    values = {v for _, rows in _cells(copy) for row in rows for v in _bytes(row) if len(v) == FOLIO}
    return sum(
        _opens_with(own, value, name, there[name])
        for value in values
        for name in (own.seals.answer(value, 0), value)
        if name in there
    )


def _opens_with(own: Books, folio: bytes, name: bytes, box: bytes) -> bool:
    try:
        return own.seals.with_folio(folio, name, box) is not None
    except NotOpened:
        return False


def _moment(event: Event) -> int:
    return int(datetime.fromisoformat(str(event["registered_at"])).timestamp() * 1_000_000)


def _token(door: Pseudonymiser, value: str) -> bytes:
    key = identity("curp", value, door, day=20_500)
    return key.to_bytes(8, "little", signed=True) * 2


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
