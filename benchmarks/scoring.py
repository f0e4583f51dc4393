"""How fast a data folder becomes scores: rate, ratio to a plain pandas pass, memory.

    python -m benchmarks.scoring [registrations ...] [--stages activation|all]

Makes a simulated country of each size (kept in a temporary folder), then in one run times what pandas
needs to read the same Parquet and count three keys, and what the engine needs from file to scores.
With several sizes it prints how the time per registration grows. The sizes run in processes of their
own, so that the peak memory is each one's.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from detector.cli import CHAMPION
from detector.intake import read_folder
from detector.model.artefact import load
from detector.output import write_scores
from detector.pseudonym import Key, Pseudonymiser
from detector.scoring import scores
from detector.simulate import Country, simulate, write

KEYS = ("identity_value", "device_id", "agent_id")
ACTIVATION = ("registrations", "breaches", "breach_members", "officials", "labels")
WARM = 2_000


def country(folder: Path, registrations: int, *, stages: str) -> Path:
    """A simulated country on disk; without line events only activation is scored."""
    tables = simulate(Country(), registrations=registrations, seed=1)
    kept = {k: v for k, v in tables.items() if stages == "all" or k in ACTIVATION}
    write(kept, folder)
    return folder


def plain_pass(folder: Path) -> float:
    """Seconds that pandas takes to read the registrations and count three keys."""
    start = time.perf_counter()
    frame = pd.read_parquet(folder / "registrations.parquet")
    for key in KEYS:
        frame.groupby(key).cumcount()
    return time.perf_counter() - start


def engine(folder: Path, out: Path) -> tuple[float, int]:
    """Seconds from file to scores, and how many scores."""
    start = time.perf_counter()
    known = load(CHAMPION)
    counts = write_scores(scores(read_folder(folder, _door()), known), out)
    return time.perf_counter() - start, sum(counts.values())


def _door() -> Pseudonymiser:
    return Pseudonymiser(Key.fresh())


def measure(registrations: int, stages: str) -> float:
    """Print one size's line; microseconds per registration."""
    with tempfile.TemporaryDirectory() as scratch:
        warm = country(Path(scratch) / "warm", WARM, stages=stages)
        engine(warm, Path(scratch) / "warm.parquet")  # compiles the kernels, once per machine
        folder = country(Path(scratch) / "country", registrations, stages=stages)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        plain = np.median([plain_pass(folder) for _ in range(3)])
        seconds, scored = engine(folder, Path(scratch) / "scores.parquet")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{registrations:>11,} registrations, {scored:>11,} scores: {registrations / seconds:>9,.0f} "
        f"registrations/s, {seconds / plain:.1f} times the plain pass ({plain:.2f} s), "
        f"peak {peak / 2**20:.1f} GB (simulating took it to {before / 2**20:.1f} GB)",
        flush=True,
    )
    return seconds / registrations * 1e6


def main() -> None:
    """Measure all sizes asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("registrations", type=int, nargs="*", default=[1_000_000])
    parser.add_argument("--stages", choices=("activation", "all"), default="activation")
    asked = parser.parse_args()
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        costs = [pool.apply(measure, (n, asked.stages)) for n in asked.registrations]
    for n, cost in zip(asked.registrations[1:], costs[1:], strict=True):
        ratio = cost / costs[0]
        print(f"per registration at {n:,}: {ratio:.2f} times that at {asked.registrations[0]:,}")


if __name__ == "__main__":
    main()
