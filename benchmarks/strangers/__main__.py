"""Writes a country by other hands: `python -m benchmarks.strangers --out DATA`."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.strangers.check import report
from benchmarks.strangers.country import tables, write
from benchmarks.strangers.world import KINDS


def main() -> None:
    """Writes a country, and with `--check` says what gives it away."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.strangers", description=__doc__)
    asked.add_argument("--out", type=Path, required=True)
    asked.add_argument("--registrations", type=int, default=200_000)
    asked.add_argument("--seed", type=int, default=7)
    asked.add_argument("--kind", choices=sorted(KINDS), default="hard")
    asked.add_argument("--check", action="store_true")
    given = asked.parse_args()
    found = tables(given.kind, size=given.registrations, seed=given.seed)
    write(found, given.out)
    for name, table in found.items():
        print(f"{name:15} {len(table):>9,} rows")
    for line in report(found) if given.check else ():
        print(line)


main()
