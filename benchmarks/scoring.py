"""How fast a data folder becomes scores: rate, ratio to a plain pandas pass, memory.

    python -m benchmarks.scoring [registrations ...] [--stages activation|all]

Makes a simulated country of each size (kept in a temporary folder), then in one run times what pandas
needs to read the same Parquet and count three keys, and what the engine needs from file to scores.
With several sizes it prints how the time per registration grows. The sizes run in processes of their
own, and simulating them in others, so that the peak memory is each one's: of the plain pass and the
engine. Processor time is printed beside the clock's: on a machine that others use it says what an idle one
would need.

A country beyond TILE registrations, in whole tiles, tells the same lives again under other keys: each
tile's people, lines, devices and sellers are its own, its municipalities are shared.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from detector.cli import CHAMPION
from detector.intake import read_folder, tokenise
from detector.model.artefact import load
from detector.output import write_scores
from detector.pseudonym import Key, Pseudonymiser
from detector.scoring import scores
from detector.simulate import Country, simulate

KEYS = ("identity_value", "device_id", "agent_id")
ACTIVATION = ("registrations", "breaches", "breach_members", "officials", "labels")
TOKENISED = ("registrations", "line_events", "breach_members", "officials")
OWN = ("registration_id", "agent_id", "point_of_sale_id")  # what a tile names in its own way
TILE = 1_000_000
WARM = 2_000
CORES = 2


def country(folder: Path, registrations: int, *, stages: str) -> Path:
    """A simulated country on disk; without line events only activation is scored."""
    folder.mkdir(parents=True)
    tables = simulate(Country(), registrations=min(registrations, TILE), seed=1)
    for name, table in tables.items():
        if name in ACTIVATION or (stages == "all" and name == "line_events"):
            with_writer(folder / f"{name}.parquet", tiles(name, table, -(-registrations // TILE)))
    return folder


def with_writer(path: Path, tables: Iterator[pa.Table]) -> None:
    """Tables of one schema into one file."""
    first = next(tables)
    with pq.ParquetWriter(path, first.schema, compression="zstd") as file:
        file.write_table(first)
        for table in tables:
            file.write_table(table.cast(first.schema))


def tiles(name: str, table: pa.Table, count: int) -> Iterator[pa.Table]:
    """The table once as it is, or `count` times under keys and names of each tile's own."""
    if count == 1 or name == "breaches":
        yield table
        return
    for tile in range(count):
        door = Pseudonymiser(Key(tile.to_bytes(32, "big")))
        yield renamed(tokenise(table, door) if name in TOKENISED else table, f"t{tile}.")


def renamed(table: pa.Table, prefix: str) -> pa.Table:
    """The table with a prefix before the names that are a tile's own."""
    for name in OWN:
        if name in table.column_names:
            own = pc.binary_join_element_wise(prefix, table[name].cast(pa.string()), "")
            table = table.set_column(table.column_names.index(name), name, own)
    return table


def plain_pass(folder: Path) -> None:
    """What pandas does: read the registrations and count three keys."""
    frame = pd.read_parquet(folder / "registrations.parquet")
    for key in KEYS:
        frame.groupby(key).cumcount()


def engine(folder: Path, out: Path) -> int:
    """From file to scores; how many."""
    tables = scores(read_folder(folder, Pseudonymiser(Key.fresh())), load(CHAMPION))
    return sum(write_scores(tables, out).values())


class Clock:
    """Seconds by the clock and of all cores since it was made."""

    def __init__(self) -> None:
        self._since = time.perf_counter(), time.process_time()

    def read(self) -> Mapping[str, float]:
        """Both by now."""
        wall, busy = time.perf_counter() - self._since[0], time.process_time() - self._since[1]
        return {"wall": wall, "busy": busy}


def timed(work: Callable[[Path], None], folder: Path) -> Mapping[str, float]:
    """What one piece of work takes."""
    clock = Clock()
    work(folder)
    return clock.read()


def measure(folder: Path, registrations: int) -> Mapping[str, float]:
    """Print one size's line; microseconds per registration by the clock and of cores."""
    with tempfile.TemporaryDirectory() as scratch:
        plain = sorted((timed(plain_pass, folder) for _ in range(3)), key=lambda t: t["wall"])[1]
        clock = Clock()
        scored = engine(folder, Path(scratch) / "scores.parquet")
        taken = clock.read()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{registrations:>11,} registrations, {scored:>11,} scores: "
        f"{registrations / taken['wall']:>9,.0f} registrations/s, "
        f"{taken['wall'] / plain['wall']:.1f} times the plain pass ({plain['wall']:.2f} s), "
        f"peak {peak / 2**20:.1f} GB; "
        f"{taken['busy']:.1f} s of cores, {taken['busy'] / CORES / plain['busy']:.1f} times "
        f"the plain pass's {plain['busy']:.2f} s on {CORES} cores",
        flush=True,
    )
    return {name: seconds / registrations * 1e6 for name, seconds in taken.items()}


def main() -> None:
    """Measure all sizes asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("registrations", type=int, nargs="*", default=[1_000_000])
    parser.add_argument("--stages", choices=("activation", "all"), default="activation")
    asked = parser.parse_args()
    stages = {"stages": asked.stages}
    costs = []
    with (
        multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool,
        tempfile.TemporaryDirectory() as scratch,
    ):
        warm = pool.apply(country, (Path(scratch) / "warm", WARM), stages)
        pool.apply(engine, (warm, Path(scratch) / "warm.parquet"))  # compiles the kernels
        for n in asked.registrations:
            folder = pool.apply(country, (Path(scratch) / f"of-{n}", n), stages)
            costs.append(pool.apply(measure, (folder, n)))
            shutil.rmtree(folder)
    first = asked.registrations[0]
    for n, cost in zip(asked.registrations[1:], costs[1:], strict=True):
        wall, busy = (cost[name] / costs[0][name] for name in ("wall", "busy"))
        print(
            f"per registration at {n:,}: {wall:.2f} times that at {first:,} ({busy:.2f} of cores)"
        )


if __name__ == "__main__":
    main()
