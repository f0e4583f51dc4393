"""CPU that the engine uses for a registration, in process, without HTTP; and whether a change made it less.

    python -m benchmarks.engine [--asked N] [--together 16 250] [--close] [--against CHECKOUT]

Registrations of a simulated country, at their own times, are answered in transactions of so many, with the
later stages that fall due; or `--close`, a millisecond apart, so that none falls due. With `--against` the
code of another checkout answers the same, a few transactions of one and then of the other, so that whatever
else the machine does meets both; printed is the CPU per registration of each, and the median of the ratio
over such turns.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.activations import FAST, country, events
from benchmarks.serving import ANYBODY, Store, carriers
from detector.pseudonym import Key
from serve import wiring
from serve.engine import Question
from serve.store.keys import StoreKeys

HERE = Path(__file__).resolve()
BEFORE, TURN = 2_000, 240  # registrations stored first, and in a turn


def answer(together: int, *, close: bool) -> None:
    """One checkout's side: for each line that comes in, a turn of registrations; says the CPU seconds."""
    rows = country(0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        Key.generate(folder / "simvigia.key")
        StoreKeys.generate(folder)
        environment = Store(folder, 0, carriers(rows)).environment
        engine = wiring.parts(environment, settings=ANYBODY).desk._engine
        told = events(rows)
        asked = [Question(row, True, False) for row in (_close(told) if close else told)]
        for low in range(0, BEFORE, 250):
            engine.take(asked[low : low + 250])
        while engine.catch_up():
            pass
        at = BEFORE
        print("ready", flush=True)
        for _ in sys.stdin:
            began = time.process_time()
            for low in range(at, at + TURN, together):
                engine.take(asked[low : min(low + together, at + TURN)])
            at += TURN
            print(time.process_time() - began, flush=True)


def _close(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those behind the first ones a millisecond apart."""
    first = datetime.fromisoformat(told[BEFORE]["registered_at"])
    later = [
        row | {"registered_at": (first + n * FAST).isoformat()}
        for n, row in enumerate(told[BEFORE:])
    ]
    return told[:BEFORE] + later


class Side:
    """A checkout that answers in a process of its own."""

    def __init__(self, checkout: Path, together: int, *, close: bool) -> None:
        asked = [sys.executable, str(HERE), "--side", "--together", str(together)]
        asked += ["--close"] * close
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

    def turn(self) -> float:
        """Milliseconds of CPU per registration."""
        assert self._own.stdin
        assert self._own.stdout
        self._own.stdin.write("\n")
        self._own.stdin.flush()
        return float(self._own.stdout.readline()) / TURN * 1e3

    def close(self) -> None:
        """End it."""
        self._own.communicate()


def compare(checkouts: Sequence[Path], together: int, asked: int, *, close: bool) -> None:
    """One line: CPU of each, and the ratio."""
    sides = [Side(checkout, together, close=close) for checkout in checkouts]
    for side in sides:
        side.ready()
    turns = [[side.turn() for side in sides] for _ in range(max(asked // TURN, 2))][1:]
    for side in sides:
        side.close()
    told = "  ".join(f"{statistics.median(one):.2f} ms" for one in zip(*turns, strict=True))
    ratio = statistics.median(turn[0] / turn[-1] for turn in turns)
    beside = f"  ratio {ratio:.3f}" if len(sides) > 1 else ""
    print(f"{together:>4} in a transaction: {told}{beside}", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--asked", type=int, default=4_800)
    parser.add_argument("--together", type=int, nargs="+", default=[16, 250])
    parser.add_argument("--close", action="store_true")
    parser.add_argument("--against", type=Path)
    parser.add_argument("--side", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.side:
        answer(given.together[0], close=given.close)
        return
    checkouts = [HERE.parents[1], *([given.against.resolve()] if given.against else [])]
    for together in given.together:
        compare(checkouts, together, given.asked, close=given.close)


if __name__ == "__main__":
    main()
