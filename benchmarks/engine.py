"""CPU that the engine uses for a registration, in process, without HTTP; and whether a change made it less.

    python -m benchmarks.engine [--asked N] [--together 16 250] [--close] [--on FOLDER] [--against CHECKOUT]

Registrations of a simulated country, at their own times, are answered in transactions of so many, with the
later stages that fall due; or `--close`, a millisecond apart, so that none falls due. They are answered behind
2,000 others, or behind those of a copy of a FOLDER that `benchmarks.serving --keep FOLDER` has filled. With
`--against` the code of another checkout answers the same, a few transactions of one and then of the other, so
that whatever else the machine does meets both; printed is the CPU per registration of each, with the pages of
4 KB that SQLite's log grew by, and the median of the ratio of CPU over such turns.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.activations import FAST, country, events
from benchmarks.serving import ANYBODY, Store, carriers
from detector.pseudonym import Key
from serve import wiring
from serve.engine import Question
from serve.store.keys import StoreKeys

HERE = Path(__file__).resolve()
BEFORE, TURN = 2_000, 240  # registrations stored first, and in a turn
MOST_FRAME = slice(16, 20)


def answer(together: int, *, close: bool, on: Path | None) -> None:
    """One checkout's side: for each line that comes in, a turn of registrations; says what it cost."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "store"
        rows = _copied(on, folder) if on else _begun(folder)
        environment = Store(folder, 0, carriers(rows)).environment
        engine = wiring.parts(environment, settings=ANYBODY).desk._engine
        stored = engine.books.last_sequence()
        for low in range(stored, BEFORE, 250):
            engine.take(_asked(events(rows.slice(low, 250))))
        while engine.catch_up():
            pass
        told = events(rows.slice(max(stored, BEFORE)))
        asked, at = _asked(_close(told) if close else told), 0
        print("ready", flush=True)
        for _ in sys.stdin:
            began, before = time.process_time(), _pages(folder)
            for low in range(at, at + TURN, together):
                engine.take(asked[low : min(low + together, at + TURN)])
            at += TURN
            print(time.process_time() - began, _pages(folder) - before, flush=True)


def _begun(folder: Path) -> pa.Table:
    """A store with nothing in it; the registrations to come."""
    folder.mkdir()
    Key.generate(folder / "simvigia.key")
    StoreKeys.generate(folder)
    return country(0)


def _copied(on: Path, folder: Path) -> pa.Table:
    """A copy of a filled store; its registrations and those to come."""
    shutil.copytree(on, folder)
    return country(0, folder / "country.parquet")


def _asked(told: list[dict[str, Any]]) -> list[Question]:
    return [Question(row, True, False) for row in told]


def _close(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All a millisecond apart."""
    first = datetime.fromisoformat(told[0]["registered_at"])
    return [row | {"registered_at": (first + n * FAST).isoformat()} for n, row in enumerate(told)]


def _pages(folder: Path) -> int:
    """Pages in SQLite's log, as its shared index counts them (https://sqlite.org/walformat.html, mxFrame)."""
    index = (folder / "simvigia.db-shm").read_bytes()[: MOST_FRAME.stop]
    return int.from_bytes(index[MOST_FRAME], sys.byteorder)


class Side:
    """A checkout that answers in a process of its own."""

    def __init__(self, checkout: Path, together: int, more: Sequence[str]) -> None:
        asked = [sys.executable, str(HERE), "--side", "--together", str(together), *more]
        self._own = subprocess.Popen(
            asked,
            env=os.environ | {"PYTHONPATH": str(checkout)},
            cwd=checkout,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def ready(self) -> None:
        """Wait until it can begin."""
        assert self._own.stdout
        while self._own.stdout.readline().strip() != "ready":
            if self._own.poll() is not None:
                raise SystemExit("a side could not begin")

    def turn(self) -> tuple[float, float]:
        """Milliseconds of CPU, and pages, per registration."""
        assert self._own.stdin
        assert self._own.stdout
        self._own.stdin.write("\n")
        self._own.stdin.flush()
        cpu, pages = map(float, self._own.stdout.readline().split())
        return cpu / TURN * 1e3, pages / TURN

    def close(self) -> None:
        """End it."""
        self._own.communicate()


def compare(checkouts: Sequence[Path], together: int, asked: int, more: Sequence[str]) -> None:
    """One line: CPU and pages of each, and the ratio of CPU."""
    sides = [Side(checkout, together, more) for checkout in checkouts]
    for side in sides:
        side.ready()
    turns = [[side.turn() for side in sides] for _ in range(max(asked // TURN, 2))][1:]
    for side in sides:
        side.close()
    told = [
        f"{statistics.median(cpu for cpu, _ in one):.2f} ms and"
        f" {statistics.median(pages for _, pages in one):.0f} pages"
        for one in zip(*turns, strict=True)
    ]
    ratio = statistics.median(turn[0][0] / turn[-1][0] for turn in turns)
    beside = f", ratio {ratio:.3f}" if len(sides) > 1 else ""
    print(f"{together:>4} in a transaction: {', '.join(told)}{beside}", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--asked", type=int, default=4_800)
    parser.add_argument("--together", type=int, nargs="+", default=[16, 250])
    parser.add_argument("--close", action="store_true")
    parser.add_argument("--on", type=Path)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--side", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.side:
        answer(given.together[0], close=given.close, on=given.on)
        return
    checkouts = [HERE.parents[1], *([given.against.resolve()] if given.against else [])]
    more = ["--close"] * given.close + (["--on", str(given.on.resolve())] if given.on else [])
    for together in given.together:
        compare(checkouts, together, given.asked, more)


if __name__ == "__main__":
    main()
