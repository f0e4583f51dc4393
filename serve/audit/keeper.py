"""Records what happened, behind the answers: a thread and a connection of its own, a second late at most.

What is found in the store's tables is recorded exactly once, whatever is killed when: records and cursors
move in one transaction. Look-ups leave no table row of their own, so they wait in memory for the next
turn; a crash loses those of its last second, and nothing else.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from serve.answers import Unavailable
from serve.audit import ledger
from serve.audit.checkpoints import signed
from serve.audit.ledger import Salted, day_number
from serve.audit.sources import SOURCES, Source
from serve.store.books import Books
from serve.store.database import Connection

TURN = 1.0  # seconds
TOGETHER = 256  # records in one transaction: the writer lock is held for a few milliseconds
SIGN_EVERY = timedelta(minutes=1)
KEPT = 90  # days of look-ups
MOST_WAITING = 20_000
log = structlog.get_logger("audit")


@dataclass(frozen=True, slots=True)
class LookUp:
    """A client was shown an assessment."""

    folio: bytes
    client: str
    operation: str


Chore = Callable[[Connection, datetime], None]


class Keeper:
    """Writes the audit log of one store. `chores` are done at each turn, in transactions of their own."""

    def __init__(
        self,
        books: Callable[[], Books],
        *,
        signer: Ed25519PrivateKey,
        now: Callable[[], datetime],
        key_id: str,
        model: Callable[[], str] = lambda: "",
        chores: Sequence[Chore] = (),
        sources: Mapping[str, Source] = SOURCES,
    ) -> None:
        self._sources = sources
        self._open, self._signer, self._now, self._model = books, signer, now, model
        self._key_id, self._chores = key_id, chores
        self._looked: deque[LookUp] = deque(maxlen=MOST_WAITING)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._in_force: str | None = None
        self._pruned = -1
        self.latest = ""  # the newest signed checkpoint

    @property
    def public_key(self) -> str:
        """By which checkpoints are checked, in hexadecimal."""
        return self._signer.public_key().public_bytes_raw().hex()

    def looked_up(self, folio: bytes, client: str, operation: str) -> None:
        """A client was shown an assessment; costs an append to a list."""
        self._looked.append(LookUp(folio, client, operation))

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Record what is known, then end."""
        self._stop.set()
        self._thread.join(30.0)

    def alive(self) -> bool:
        """Whether it is at work, for readiness."""
        return self._thread.is_alive()

    def turn(self, books: Books) -> bool:
        """Record what is new and sign for it; whether more waits."""
        self._tell(books.own)
        more = self._record(books)
        self._sign(books.own)
        for chore in self._chores:
            chore(books.own, self._now())
        return more

    def _run(self) -> None:
        books: Books | None = None
        while True:
            last, more = self._stop.is_set(), False
            try:
                books = books or self._open()
                more = self.turn(books)
            except Unavailable:
                log.warning("audit.store_unavailable")
            except Exception as fault:  # noqa: BLE001 - what waits is recorded once it works again
                log.error("audit.fault", fault=type(fault).__name__)
                books = None
            if last and not more:
                break
            self._stop.wait(TURN / 20 if more else TURN)
        if books is not None:
            books.own.close()

    def _tell(self, own: Connection) -> None:
        """What leaves no row elsewhere: look-ups, and which model and key are in force."""
        looked = [self._looked.popleft() for _ in range(min(len(self._looked), TOGETHER))]
        model, at = self._model(), self._now()
        if not looked and model == self._in_force and self._pruned == day_number(at):
            return
        try:
            with own.writing():
                self._file(own, looked, at)
                if model != self._in_force:
                    _note_change(own, "promotion", model, at)
                    _note_change(own, "key", self._key_id, at)
        except BaseException:
            self._looked.extendleft(reversed(looked))
            raise
        self._in_force, self._pruned = model, day_number(at)

    def _file(self, own: Connection, looked: Sequence[LookUp], at: datetime) -> None:
        day = day_number(at)
        own.run_many(
            "INSERT INTO look_ups (day, folio, client, operation) VALUES (?, ?, ?, ?)",
            [(day, one.folio, one.client, one.operation) for one in looked],
        )
        if self._pruned != day:
            own.run("DELETE FROM look_ups WHERE day < ?", [day - KEPT])

    def _record(self, books: Books) -> bool:
        before = ledger.state(books.own)
        items, cursors, more = [], {}, bool(self._looked)
        for name, source in self._sources.items():
            found, cursors[name] = source(books, before.cursors.get(name, 0), TOGETHER)
            more |= len(found) == TOGETHER
            items += [Salted.of(item) for item in found]
        if not items and all(before.cursors.get(n, 0) == c for n, c in cursors.items()):
            return more
        with books.own.writing():
            if ledger.state(books.own) == before:  # else another worker was first
                ledger.append(books.own, before, items, cursors)
        return more

    def _sign(self, own: Connection) -> None:
        now, at = ledger.state(own), self._now()
        rows = own.rows("SELECT size, note FROM audit_checkpoints ORDER BY size DESC LIMIT 1")
        if rows:
            self.latest = rows[0][1]
        if not now.size or (rows and (rows[0][0] == now.size or not self._due(rows[0][1], at))):
            return
        note = signed(ledger.checkpoint(now, at), self._signer)
        with own.writing():
            own.run(
                "INSERT INTO audit_checkpoints (size, note) VALUES (?, ?)"
                " ON CONFLICT (size) DO NOTHING",
                [now.size, note],
            )
        self.latest = note

    def _due(self, note: str, at: datetime) -> bool:
        stamp = note.split("\n")[3].removeprefix("at ")
        return at - datetime.fromisoformat(stamp) >= SIGN_EVERY


def _note_change(own: Connection, kind: str, version: str, at: datetime) -> None:
    """A note unless the last one of its kind says the same; several workers tell it once."""
    facts = {"in force": version or "none"}
    last = own.rows("SELECT facts FROM audit_notes WHERE kind = ? ORDER BY id DESC LIMIT 1", [kind])
    if not last or json.loads(last[0][0]) != facts:
        ledger.note(own, kind, at=at, facts=facts)
