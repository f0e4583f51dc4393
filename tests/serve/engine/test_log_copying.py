"""SQLite's log is copied beside the answers, and begun anew where it has grown long."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from serve.store import log_copying as copying
from serve.store.database import Sqlite
from serve.store.writeback import begin_to_write

ROWS, WITHIN = 200, 20.0
BOX = b"x" * 1_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Sqlite]:
    own = Sqlite(tmp_path / "some.db")
    own.run("CREATE TABLE boxes (id INTEGER PRIMARY KEY, box BLOB)")
    yield own
    own.close()


@pytest.fixture
def looking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(copying, "EVERY", 0.01)
    found = copying.log_copying(f"sqlite:///{tmp_path / 'some.db'}")
    assert found is not None
    found.start()
    yield
    found.stop()


def written(store: Sqlite) -> None:
    with store.writing():
        store.run_many("INSERT INTO boxes (box) VALUES (?)", [(BOX,)] * ROWS)


def comes(true: Callable[[], bool]) -> bool:
    end = time.monotonic() + WITHIN
    while not true() and time.monotonic() < end:
        time.sleep(0.01)
    return true()


@pytest.mark.usefixtures("looking")
def test_what_was_committed_reaches_the_database_while_the_store_is_open(
    store: Sqlite, tmp_path: Path
) -> None:
    written(store)
    assert comes(lambda: (tmp_path / "some.db").stat().st_size > ROWS * len(BOX))


@pytest.mark.parametrize(("too_many", "waits"), [(1, True), (1 << 30, False)])
def test_those_who_write_wait_only_where_the_log_is_long(
    store: Sqlite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, too_many: int, waits: bool
) -> None:
    monkeypatch.setattr(copying, "TOO_MANY", too_many)
    written(store)
    asked: list[str] = []
    with contextlib.closing(sqlite3.connect(tmp_path / "some.db")) as own:
        own.set_trace_callback(asked.append)
        copying.LogCopying(tmp_path / "some.db")._look(own)

    assert ("PRAGMA wal_checkpoint(RESTART)" in asked) is waits


def test_those_who_write_do_not_wait_for_somebody_who_reads(
    store: Sqlite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "TOO_MANY", 1)
    monkeypatch.setattr(copying, "FEW", 10)
    written(store)
    asked: list[str] = []
    reader = sqlite3.connect(tmp_path / "some.db", isolation_level=None)
    with contextlib.closing(sqlite3.connect(tmp_path / "some.db")) as own:
        own.set_trace_callback(asked.append)
        reader.execute("BEGIN")
        reader.execute("SELECT COUNT(*) FROM boxes").fetchone()
        written(store)
        copying.LogCopying(tmp_path / "some.db")._look(own)
        assert "PRAGMA wal_checkpoint(RESTART)" not in asked

        reader.close()
        copying.LogCopying(tmp_path / "some.db")._look(own)
        assert "PRAGMA wal_checkpoint(RESTART)" in asked


def test_of_a_log_that_a_commit_would_soon_copy_the_older_pages_are_waited_for(
    store: Sqlite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"TOO_MANY": 1, "FEW": 10, "CHECKPOINT": 2, "PATIENCE": 0.01}.items():
        monkeypatch.setattr(copying, name, value)
    written(store)
    asked: list[str] = []
    reader = sqlite3.connect(tmp_path / "some.db", isolation_level=None)
    with contextlib.closing(sqlite3.connect(tmp_path / "some.db", timeout=0.01)) as own:
        own.set_trace_callback(asked.append)
        reader.execute("BEGIN")
        reader.execute("SELECT COUNT(*) FROM boxes").fetchone()
        written(store)
        copying.LogCopying(tmp_path / "some.db")._look(own)
    reader.close()

    assert "PRAGMA wal_checkpoint(RESTART)" in asked


@pytest.mark.skipif(sys.platform != "linux", reason="threads have a niceness on Linux only")
def test_who_is_behind_already_stays_there(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def refuse(_which: int, _who: int, nice: int) -> None:
        asked.append(nice)
        raise PermissionError

    monkeypatch.setattr(copying.os, "setpriority", refuse)
    monkeypatch.setattr(copying.os, "getpriority", lambda *_: 15)

    copying._come_behind()

    assert asked == [15]


def test_a_file_that_is_to_be_written_stays_locked(tmp_path: Path) -> None:
    """To open and close it once more would give up what SQLite has locked."""
    path = tmp_path / "locked.db"
    own = sqlite3.connect(path, isolation_level=None)
    own.execute("CREATE TABLE boxes (id INTEGER PRIMARY KEY)")
    own.execute("BEGIN EXCLUSIVE")

    begin_to_write(path)

    other = f"import sqlite3; sqlite3.connect({str(path)!r}, timeout=0).execute('BEGIN IMMEDIATE')"
    tried = subprocess.run([sys.executable, "-c", other], capture_output=True, check=False)
    assert b"database is locked" in tried.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="the call is Linux's")
def test_what_is_copied_is_on_its_way_to_the_disk(tmp_path: Path) -> None:
    """The kernel refuses what it does not know; what it accepts, it begins."""
    path = tmp_path / "some.db"
    with path.open("wb") as file:
        file.write(BOX)
        file.flush()
        assert begin_to_write(path)
    assert not begin_to_write(path)  # nobody has it open


def test_a_server_that_copies_by_itself_is_left_alone() -> None:
    assert copying.log_copying("postgresql://somewhere/store") is None
