"""What the audit log costs: records written in groups of 64 to a synced file, and read back against its chain.

python benchmarks/audit.py [--records N]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

from serve.audit.log import Log
from serve.audit.records import Entry, commitment
from serve.audit.storage import FileStorage
from serve.audit.verify import verify

GROUP = 64


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=200_000)
    count = parser.parse_args().records
    committed = commitment({"bench": 1}, bytes(32))
    entries = [Entry("decision", date(2026, 11, 23), committed, {"model": "a"})] * GROUP
    with tempfile.TemporaryDirectory() as folder:
        log = Log(FileStorage(Path(folder) / "log"))
        start = time.perf_counter()
        for _ in range(count // GROUP):
            log.append(entries)
        written = time.perf_counter() - start
        kept = log.checkpoint("bench", datetime.now(UTC))
        start = time.perf_counter()
        report = verify(FileStorage(Path(folder) / "log"), [kept])
        read = time.perf_counter() - start
        if report.findings:
            raise SystemExit("the log does not hold")
        size = len(log)
        start = time.perf_counter()
        for i in range(0, size, size // 1_000):
            log.inclusion(i, size)
        proved = (time.perf_counter() - start) / 1_000
    print(f"append, synced in groups of {GROUP}  {len(log) / written:>10,.0f} records per second")
    print(f"verify                        {report.records / read:>10,.0f} records per second")
    print(f"inclusion proof               {proved * 1e6:>10,.0f} µs")


if __name__ == "__main__":
    main()
