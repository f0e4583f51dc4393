"""How long a bulk load of breach members takes, how large the table is, and what a look-up costs.

python benchmarks/reference.py [--rows N]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.intake import curps
from detector.pseudonym import Key, Pseudonymiser
from detector.registration import Breaches
from serve.reference.known import Known
from serve.reference.load import Loader, Provenance

BATCH = 1_000_000


def members(count: int) -> list[pa.Table]:
    """Made-up members of one incident."""
    return [
        pa.table(
            {
                "breach_id": pa.array(["b"] * len(part)),
                "identity_type": pa.array(["curp"] * len(part)),
                "identity_value": curps(part),
                "known_at": pa.array(np.full(len(part), 1_767_225_600_000_000)).cast(
                    pa.timestamp("us", "UTC")
                ),
            }
        )
        for part in np.array_split(np.arange(count), max(1, count // BATCH))
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    count = parser.parse_args().rows
    breach = Breaches(("b",), np.array([20_000], np.int32), np.array([1], np.uint16))
    given = members(count)
    secret = bytes(range(32))
    with tempfile.TemporaryDirectory() as folder:
        loader = Loader(Path(folder), Pseudonymiser(Key.fresh()), secret)
        source = Provenance("bench", "bench", date(2026, 1, 1), "0" * 64)
        start = time.perf_counter()
        done = loader.breach_members(given, breach, source)
        spent = time.perf_counter() - start
        size = sum(f.stat().st_size for f in Path(folder).rglob("*") if f.is_file())
        start = time.perf_counter()
        known = Known.load(Path(folder), secret)
        opened = time.perf_counter() - start
        one, moment = np.array([7], np.int64), np.array([1_767_225_600_000_000], np.int64)
        known.exposure(one, moment)
        start = time.perf_counter()
        for _ in range(2_000):
            known.exposure(one, moment)
        asked = (time.perf_counter() - start) / 2_000
    print(
        f"load       {done.rows / spent:>12,.0f} rows per second ({done.rows:,} rows, {spent:.1f} s)"
    )
    print(f"size       {size / done.rows:>12.1f} bytes per row")
    print(f"open       {opened * 1e3:>12.0f} ms, everything checked")
    print(f"look up    {asked * 1e6:>12.0f} µs per identity, both tables")


if __name__ == "__main__":
    main()
