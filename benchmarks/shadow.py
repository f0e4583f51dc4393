"""What a challenger in the shadow costs the service, and how many answers get their shadow result.

    python -m benchmarks.shadow [--stored N] [--asked N] [--rounds N]

One worker on the first core, asked over 16 connections by a client on the second, as fast as it answers.
Rounds without and with a shadow take turns and neighbours are compared, so that what else happens on the
machine hits both; the shadow's process shares the first core with the service. After each round with a
shadow it catches up. The processor's time holds on a machine that others use too, where rates do not.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from statistics import median

from benchmarks.activations import Asker
from benchmarks.promotion import successful
from benchmarks.serving import ASSESS, Store, filled, load, service
from detector.cli import CHAMPION
from detector.model import artefact
from serve.clock import system
from serve.shadow import ledger
from serve.shadow.keeper import LOOK_EVERY
from serve.store.database import connect

DAY = 86_400_000_000
CATCH_UP = 600.0  # seconds to wait at most


def challenger(folder: Path) -> Path:
    """Another model of the champion's size."""
    model = artefact.load(CHAMPION)
    artefact.save(replace(model, novelty_weight=2 * model.novelty_weight), folder, card="benchmark")
    return folder


def begin(url: str, model: Path) -> None:
    """Start the shadow and wait until its process has begun to read."""
    with closing(connect(url)) as own:
        now = system()
        ledger.start(own, model, by="benchmark", now=now, until=now + DAY)
    time.sleep(LOOK_EVERY + 10)


def caught_up(url: str) -> tuple[int, int, float]:
    """Answers since the shadow began, results, and the seconds it took to have them all."""
    began = time.perf_counter()
    with closing(connect(url)) as own:
        while True:
            shadow = ledger.latest(own)
            answered = ledger.answered(own, shadow)
            scored = len(ledger.results(own, shadow)[1])
            spent = time.perf_counter() - began
            if scored >= answered or spent > CATCH_UP:
                ledger.end(own, shadow, now=system())
                return answered, scored, spent
            time.sleep(0.5)


def measure(store: Store, model: Path, *, asked: int, rounds: int) -> None:
    """Take turns and print."""
    url = store.environment["SIMVIGIA_STORE"]
    asker = Asker(store.stored)
    rates: dict[bool, list[float]] = {False: [], True: []}
    latency: dict[bool, list[float]] = {False: [], True: []}
    used: dict[bool, list[float]] = {False: [], True: []}
    answered = scored = 0
    with service(store) as server:
        load(server, ASSESS, asker.bodies(1_000))
        for turn in range(2 * rounds):
            shadowed = bool((turn + turn // 2) % 2)  # without, with, with, without
            if shadowed:
                begin(url, model)
            found = successful(load(server, ASSESS, asker.bodies(asked)))
            rates[shadowed].append(found["rate"])
            latency[shadowed].append(found["p99"])
            used[shadowed].append(found["cpu"])
            said = f"{found['rate']:>8,.0f} a second, p50 {found['p50']:.1f}, p99 {found['p99']:.1f} ms"
            said += f", {found['cpu']:.2f} ms of processor each"
            print(f"{'with' if shadowed else 'without':<8}{said}, {found['statuses']}", flush=True)
            if shadowed:
                more, have, spent = caught_up(url)
                answered, scored = answered + more, scored + have
                print(
                    f"        {have:,} of {more:,} results, the last {spent:.1f} s after the last answer"
                )
    kept = [shadowed / plain for plain, shadowed in zip(rates[False], rates[True], strict=True)]
    print(
        f"\ncost of throughput:  {1 - median(kept):.1%}, the median of neighbours (wanted below 5 %);"
    )
    print(f"  in each pair:      {', '.join(f'{1 - one:.1%}' for one in kept)}")
    dearer = [shadowed / plain for plain, shadowed in zip(used[False], used[True], strict=True)]
    print(f"cost of processor:   {median(dearer) - 1:.1%}, all processes, while asked")
    print(f"p99 with to without: {median(latency[True]) / median(latency[False]):.2f}")
    print(f"shadow results:      {scored / max(answered, 1):.2%} (wanted 99 %)")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stored", type=int, default=10_000)
    parser.add_argument("--asked", type=int, default=6_000)
    parser.add_argument("--rounds", type=int, default=4)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = challenger(folder / "challenger")
        measure(
            filled(folder / "store", given.stored), model, asked=given.asked, rounds=given.rounds
        )


if __name__ == "__main__":
    main()
