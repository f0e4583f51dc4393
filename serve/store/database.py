"""One way to speak SQL to SQLite and to PostgreSQL, and migrations that only go forward.

Statements are written once, in the common subset, with `?` for parameters. A transaction that writes
holds the store's one writer lock: reading the past and writing the event is one serialised unit, and
the order of commits is the `sequence` of the data contract.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Protocol

import psycopg

from detector.errors import BadInput
from serve.answers import Unavailable
from serve.store.keys import StoreKeys, found
from serve.store.seals import Header, Seals

Row = tuple[Any, ...]
WRITER = 0x51B71614  # the advisory lock of whoever writes
SQLITE, POSTGRES = "sqlite:///", ("postgresql://", "postgres://")
CHECKPOINT = 64_000  # pages in SQLite's log after which whoever commits copies them: `log_copying` comes first
_TURNS: dict[Path, threading.Lock] = {}
WAIT = 5.0  # seconds for the writer lock before a question is answered with "try again"


class Connection(Protocol):
    """One connection, used by one thread at a time. `seals` name and seal its rows, where keys are at hand."""

    seals: Seals | None

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """All rows that a statement returns."""
        ...

    def run(self, sql: str, parameters: Sequence[object] = ()) -> None:
        """A statement that returns nothing."""
        ...

    def run_many(self, sql: str, parameters: Sequence[Sequence[object]]) -> None:
        """One statement for each of many sets of parameters."""
        ...

    def found(self, sql: str, keys: Sequence[object]) -> list[Row]:
        """Rows whose key is among many: `sql` ends with `IN`."""
        ...

    def writing(self) -> Any:
        """A transaction that holds the writer lock; on disk when it ends, or never happened."""
        ...

    def close(self) -> None:
        """Give the connection back."""
        ...


def connect(url: str, keys: StoreKeys | None = None) -> Connection:
    """Open `sqlite:///path` or `postgresql://…`, brought to the present schema.

    `keys` are those that the environment names or that lie beside the store, unless given. Raises BadInput
    for a URL of another kind, Unavailable where the server does not answer, and KeyMissing where the keys
    are not the ones of this store.
    """
    if url.startswith(SQLITE):
        path = Path(url.removeprefix(SQLITE))
        path.parent.mkdir(parents=True, exist_ok=True)
        opened: Connection = Sqlite(path)
    elif url.startswith(POSTGRES):
        opened = Postgres(url)
    else:
        raise BadInput("a store is sqlite:///path/to/file or postgresql://user@host/database")
    migrate(opened)
    unlock(opened, keys or found(url))
    return opened


def unlock(own: Connection, keys: StoreKeys | None) -> None:
    """Give a connection its store's keys. Raises KeyMissing where they are others."""
    if keys is None:
        return
    keys.engine.check({e: bytes(m) for e, m in own.rows("SELECT epoch, mark FROM epochs")})

    def add(header: Header) -> None:
        own.run(
            "INSERT INTO streams (id, purpose, epoch, header) VALUES (?, ?, ?, ?)",
            [header.id, header.use, header.epoch, header.sealed],
        )
        own.run(
            "INSERT INTO epochs (epoch, mark) VALUES (?, ?) ON CONFLICT DO NOTHING",
            [header.epoch, keys.engine.newest.mark],
        )

    def header(id_: int) -> Header | None:
        rows = own.rows("SELECT id, purpose, epoch, header FROM streams WHERE id = ?", [id_])
        return Header(rows[0][0], rows[0][1], rows[0][2], bytes(rows[0][3])) if rows else None

    own.seals = Seals(keys, add=add, header=header)


@contextmanager
def snapshot(url: str, keys: StoreKeys | None = None) -> Iterator[Connection]:
    """A store as it is at one moment, to be read only: nothing is written, nobody waits for it.

    Raises BadInput where there is no such store, or where it is not of the present schema, and KeyMissing.
    """
    if url.startswith(SQLITE):
        path = Path(url.removeprefix(SQLITE))
        if not path.is_file():
            raise BadInput("there is no store at this URL")
        own: Connection = Sqlite(path)
        begin = ["PRAGMA query_only=ON", "BEGIN"]
    elif url.startswith(POSTGRES):
        own, begin = Postgres(url), ["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"]
    else:
        raise BadInput("a store is sqlite:///path/to/file or postgresql://user@host/database")
    try:
        for statement in begin:
            own.run(statement)
        _check_schema(own)
        unlock(own, keys or found(url))
        yield own
    finally:
        own.close()


def turns(path: Path) -> threading.Lock:
    """Who writes to a SQLite file takes this first, where it is another thread of the same process.

    SQLite lets those who find a store locked sleep, for longer and longer; here the next one wakes at once.
    """
    return _TURNS.setdefault(path.resolve(), threading.Lock())


class Sqlite:
    """WAL and full durability: a commit returns after its fsync."""

    def __init__(self, path: Path) -> None:
        self.seals: Seals | None = None
        self._turn = turns(path)
        self._own = sqlite3.connect(
            path, isolation_level=None, timeout=WAIT, check_same_thread=False
        )
        for setting in (
            "page_size=4096",
            "journal_mode=WAL",
            "synchronous=FULL",
            "cache_size=-65536",
            "mmap_size=1073741824",
            f"wal_autocheckpoint={CHECKPOINT}",
            "temp_store=MEMORY",
        ):
            self._own.execute(f"PRAGMA {setting}")

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """All rows that a statement returns."""
        with _told():
            return self._own.execute(sql, parameters).fetchall()

    def run(self, sql: str, parameters: Sequence[object] = ()) -> None:
        """A statement that returns nothing."""
        with _told():
            self._own.execute(sql, parameters)

    def run_many(self, sql: str, parameters: Sequence[Sequence[object]]) -> None:
        """One statement for each of many sets of parameters."""
        with _told():
            self._own.executemany(sql, parameters)

    def found(self, sql: str, keys: Sequence[object]) -> list[Row]:
        """Rows whose key is among many."""
        marks = ",".join("?" * len(keys))
        return self.rows(f"{sql} ({marks})", keys) if keys else []

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction that holds the writer lock."""
        if not self._turn.acquire(timeout=WAIT):
            raise Unavailable
        try:
            with _told():
                self._own.execute("BEGIN IMMEDIATE")
                try:
                    yield
                    self._own.execute("COMMIT")
                except BaseException:
                    if self._own.in_transaction:  # a full disk ends it by itself
                        self._own.execute("ROLLBACK")
                    raise
        finally:
            self._turn.release()

    def close(self) -> None:
        """Give the connection back."""
        self._own.close()


class Postgres:
    """Synchronous commits; writers of all workers wait for one advisory lock."""

    def __init__(self, url: str) -> None:
        self.seals: Seals | None = None
        self._url = url
        self._own = self._opened()

    def _opened(self) -> psycopg.Connection[Row]:
        with _told():
            own = psycopg.connect(self._url, autocommit=True, connect_timeout=int(WAIT))
            own.execute(f"SET lock_timeout = '{int(WAIT * 1000)}ms'")
            if own.execute("SHOW synchronous_commit").fetchone() == ("off",):
                own.execute(
                    "SET synchronous_commit = on"
                )  # else an answer could leave before its commit
            return own

    def _ready(self) -> psycopg.Connection[Row]:
        """The connection, a new one where the server ended it."""
        if self._own.closed:
            self._own = self._opened()
        return self._own

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """All rows that a statement returns."""
        with _told():
            return self._ready().execute(_marked(sql), parameters, binary=True).fetchall()

    def run(self, sql: str, parameters: Sequence[object] = ()) -> None:
        """A statement that returns nothing."""
        with _told():
            self._ready().execute(_marked(sql), parameters)

    def run_many(self, sql: str, parameters: Sequence[Sequence[object]]) -> None:
        """One statement for each of many sets of parameters."""
        with _told(), self._ready().cursor() as cursor:
            cursor.executemany(_marked(sql), parameters)

    def found(self, sql: str, keys: Sequence[object]) -> list[Row]:
        """Rows whose key is among many."""
        return self.rows(f"{sql.removesuffix('IN')} = ANY(?)", [list(keys)]) if keys else []

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction that holds the writer lock."""
        with _told(), self._ready().transaction():
            self._own.execute("SELECT pg_advisory_xact_lock(%s)", [WRITER])
            yield

    def close(self) -> None:
        """Give the connection back."""
        self._own.close()


def _marked(sql: str) -> str:
    return sql.replace("%", "%%").replace("?", "%s")


@contextmanager
def _told() -> Iterator[None]:
    """A driver's complaint quotes rows, so none is passed on."""
    try:
        yield
    except (sqlite3.OperationalError, psycopg.OperationalError) as fault:
        raise Unavailable from _named(fault)


def _named(fault: Exception) -> Exception:
    return RuntimeError(type(fault).__name__)


def migrate(own: Connection) -> None:
    """Bring the schema forward, file by file, each at most once. Nothing goes backward."""
    scripts = _scripts()
    with own.writing():
        own.run("CREATE TABLE IF NOT EXISTS migrations (name VARCHAR(64) PRIMARY KEY)")
        done = {name for (name,) in own.rows("SELECT name FROM migrations")}
        if unknown := done - {script.name for script in scripts}:
            raise BadInput(
                f"the store is of another version of this program: it has {min(unknown)}"
            )
        for script in scripts:
            if script.name not in done:
                for statement in _statements(script.read_text("utf-8"), own):
                    own.run(statement)
                own.run("INSERT INTO migrations VALUES (?)", [script.name])


def _scripts() -> list[Traversable]:
    folder = files("serve.store") / "migrations"
    return sorted((s for s in folder.iterdir() if s.name.endswith(".sql")), key=lambda s: s.name)


def _check_schema(own: Connection) -> None:
    try:
        done = {name for (name,) in own.rows("SELECT name FROM migrations")}
    except (Unavailable, psycopg.ProgrammingError):
        done = set()
    if done != {script.name for script in _scripts()}:
        raise BadInput(
            "the store is of another version than this program; serve it once with this one"
        )


def _statements(text: str, own: Connection) -> list[str]:
    """The statements of a script; SQLite says BLOB where PostgreSQL says BYTEA."""
    if isinstance(own, Postgres):
        text = text.replace("BLOB", "BYTEA").replace(" WITHOUT ROWID", "")
        text = text.replace("SERIAL_KEY", "BIGSERIAL PRIMARY KEY")
    text = text.replace("SERIAL_KEY", "INTEGER PRIMARY KEY")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("--")]
    return [statement for s in "\n".join(lines).split(";") if (statement := s.strip())]
