"""`python -m benchmarks.outsiders --out DATA`: one simulated country as a data folder."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.outsiders.check import report
from benchmarks.outsiders.simulation import KINDS, tables


def main() -> None:
    """Write the tables; with `--check` say what they give away."""
    parser = argparse.ArgumentParser(prog="benchmarks.outsiders", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the tables")
    parser.add_argument("--registrations", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=KINDS, default="hard")
    parser.add_argument("--check", action="store_true", help="print what the country gives away")
    given = parser.parse_args()
    country = tables(given.kind, size=given.registrations, seed=given.seed)
    given.out.mkdir(parents=True, exist_ok=True)
    for name, table in country.items():
        table.to_parquet(given.out / f"{name}.parquet", index=False)
    if given.check:
        print(report(country))


if __name__ == "__main__":
    main()
