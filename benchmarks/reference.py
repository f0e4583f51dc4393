"""How long telling a store of breaches and officials takes, how long answers wait for it, how large the tables
are, and what a look-up costs.

python -m benchmarks.reference [--rows N] [--officials N] [--store URL]
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.intake import curps
from detector.pseudonym import Key, Pseudonymiser
from serve.knowing import tell
from serve.reference import notice
from serve.reference.live import Tables
from serve.reference.places import Folder, place_of
from serve.store.books import Books
from serve.store.database import connect
from serve.store.keys import StoreKeys

BATCH = 1_000_000
DAY = 1_767_225_600_000_000


def written(folder: Path, rows: int, officials: int) -> None:
    """Made-up members of one incident, and a register."""
    incident = {
        "breach_id": ["b"],
        "name": ["b"],
        "occurred_on": ["2024-10-04"],
        "fields": ["curp"],
    }
    pq.write_table(pa.table(incident), folder / "breaches.parquet")
    parts = np.array_split(np.arange(rows), max(1, rows // BATCH))
    pq.write_table(
        pa.concat_tables([members(part) for part in parts]), folder / "breach_members.parquet"
    )
    who = np.arange(officials)
    register = {
        "identity_type": pa.array(["curp"] * officials),
        "identity_value": curps(who),
        "tier": pa.array(["federal"] * officials),
        "since": pa.array(["2024-10-01"] * officials),
    }
    pq.write_table(pa.table(register), folder / "officials.parquet")


def members(part: np.ndarray) -> pa.Table:
    """Some members."""
    known = pa.array(np.full(len(part), DAY)).cast(pa.timestamp("us", "UTC"))
    return pa.table(
        {
            "breach_id": pa.array(["b"] * len(part)),
            "identity_type": pa.array(["curp"] * len(part)),
            "identity_value": curps(part),
            "known_at": known,
        }
    )


class Timed:
    """A connection that says how long its writer lock was held."""

    def __init__(self, own: Any) -> None:
        self._own, self.held = own, 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """As the connection's, timed."""
        with self._own.writing():
            start = time.perf_counter()
            yield
        self.held = time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--officials", type=int, default=200_000)
    parser.add_argument("--store", help="an empty PostgreSQL store; SQLite unless given")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        written(folder, given.rows, given.officials)
        measure(folder, given.store or f"sqlite:///{folder / 'store.db'}", given.rows)


def measure(folder: Path, url: str, rows: int) -> None:
    """Tell twice: into an empty store, and again over what is there."""
    own = Timed(connect(url, StoreKeys.fresh()))
    books, secret = Books(own), bytes(range(32))
    tables, door = Tables(place_of(url, own), secret), Pseudonymiser(Key.fresh())
    source = notice.Provenance("bench", "bench", date(2026, 1, 1))
    for what in ("first", "again"):
        start = time.perf_counter()
        told = notice.read(folder, door, source)
        read = time.perf_counter() - start
        done = tell(books, tables, told)
        spent = time.perf_counter() - start
        print(
            f"{what}      {rows / spent:>12,.0f} members per second ({sum(done.held.values()):,} rows: read "
            f"{read:.1f} s, told {spent - read:.1f} s, the store held for {own.held:.2f} s of it)"
        )
    if isinstance(tables.place, Folder):
        size = sum(f.stat().st_size for f in tables.place.path.rglob("*") if f.is_file())
        print(f"size       {size / sum(done.held.values()):>12.1f} bytes per row")
    start = time.perf_counter()
    known = Tables(place_of(url, own), secret).opened(books)
    print(
        f"open       {(time.perf_counter() - start) * 1e3:>12.0f} ms, copied and everything checked"
    )
    one, moment = np.array([7], np.int64), np.array([DAY], np.int64)
    known.exposure(one, moment)
    start = time.perf_counter()
    for _ in range(2_000):
        known.exposure(one, moment)
    asked = (time.perf_counter() - start) / 2_000
    print(f"look up    {asked * 1e6:>12.0f} µs per identity, both tables")


if __name__ == "__main__":
    main()
