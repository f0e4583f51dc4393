"""What the training table as of a date costs from a live store, beside training on it.

    python -m benchmarks.asof [--stored N] [--verdicts N] [--store URL]

Fills a SQLite store with made-up registrations over 30 days and verdicts on some, or takes a store that is
there. Misuse is where the face was hardly alive, and nobody else's is: what follows from nothing, or looks like
what nobody complained of, could only be remembered, which training refuses. Then: opens the store and builds
the table of activations, and trains the four boosters on the same data without lessons. Prints both and their
ratio; the table should cost no more than the training.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from benchmarks.intake import registrations
from detector.cli import MODELS
from detector.decision import Policy
from detector.model.asof import table_as_of
from detector.model.memory import Remembers
from detector.model.recipe import Recipe
from detector.model.train import train
from detector.pseudonym import Key, Pseudonymiser
from detector.workbench import Country, opened
from serve.answers import LineEvent, Outcome
from serve.engine import Engine, Question
from serve.judge import Judge
from serve.store.books import Books
from serve.store.database import connect
from serve.store.keys import StoreKeys, found

BATCH = 250
DEAD = 0.5  # a liveness score below which a made-up verdict says misuse
START = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
SPAN = timedelta(days=30)
AFTER = START + SPAN + timedelta(days=1)
Made = TypeVar("Made")


def reports(row: Mapping[str, Any]) -> tuple[LineEvent, Outcome]:
    """A line's first use, an hour after its registration, and a verdict on it."""
    named = str(row["carrier_id"]), str(row["registration_id"])
    used = datetime.fromisoformat(row["registered_at"]) + timedelta(hours=1)
    found = "fraud" if row["liveness_score"] < DEAD else "legitimate"
    return LineEvent(*named, used, "first_attach"), Outcome(*named, found, "holder")


def alive(row: Mapping[str, Any]) -> dict[str, Any]:
    """The same registration with a face that is alive."""
    return dict(row) | {"liveness_score": max(row["liveness_score"], 1 - row["liveness_score"])}


def events(first: int, count: int, at: datetime, *, apart: timedelta) -> list[dict[str, Any]]:
    """Made-up registrations in order of time."""
    rows = registrations(first, count, np.random.default_rng(first + 1)).to_pylist()
    made = []
    for n, row in enumerate(rows):
        held = {name: value for name, value in row.items() if value is not None}
        held["line_first_seen_on"] = held["line_first_seen_on"].isoformat()
        made.append(held | {"registered_at": (at + n * apart).isoformat()})
    return made


def filled(url: str, stored: int, verdicts: int) -> None:
    """Registrations and verdicts through the engine, by rules alone."""
    engine = Engine(
        Books(
            connect(
                url, found(url) or StoreKeys.generate(Path(url.removeprefix("sqlite:///")).parent)
            )
        ),
        pseudonymiser=Pseudonymiser(Key.fresh()),
        body_key=b"b" * 32,
        judge=Judge(lambda: None, policy="p"),
        clock=lambda: int(AFTER.timestamp() * 1e6),
    )
    apart, every = SPAN / stored, max(stored // verdicts, 1)
    for first in range(0, stored, 10_000):
        rows = events(first, min(10_000, stored - first), START + first * apart, apart=apart)
        spoken = [(first + number) % every == 0 for number in range(len(rows))]
        rows = [row if said else alive(row) for row, said in zip(rows, spoken, strict=True)]
        for low in range(0, len(rows), BATCH):
            engine.take([Question(row, True, False) for row in rows[low : low + BATCH]])
        told = [row for row, said in zip(rows, spoken, strict=True) if said]
        engine.take([report for row in told for report in reports(row)])
    engine.books.own.close()


def timed(what: str, work: Callable[[], Made]) -> tuple[Made, float]:
    """What a piece of work gives, and its seconds, which are printed."""
    began = time.perf_counter()
    done = work()
    spent = time.perf_counter() - began
    print(f"{what:<38}{spent:>10.1f} s", flush=True)
    return done, spent


def trained(country: Country, *, recipe: Recipe, policy: Policy, until: int) -> bool:
    """Whether training came to its end: it refuses a model that would remember made-up verdicts."""
    try:
        train(country.folder, [], recipe=recipe, policy=policy, until=until, seed=1)
    except Remembers:
        return False
    return True


def measured(country: Country, opening: float) -> None:
    """The table, the training, and their ratio."""
    recipe = replace(Recipe.load(MODELS / "recipe.toml"), most_unlabelled=10**9)
    policy, until = Policy.load(MODELS / "policy.toml"), pd.Timestamp(AFTER + timedelta(days=1))
    rng = np.random.default_rng(1)
    table, building = timed(
        "table as of the end", lambda: table_as_of(country.folder, until, rng=rng, most=10**9)
    )
    whole, training = timed(
        "training on the same registrations",
        lambda: trained(country, recipe=recipe, policy=policy, until=until.value // 1000),
    )
    if not whole:
        print(
            "training was refused before it ended: its time, and so the table's share, is a bound"
        )
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{len(table.frame):,} rows; the table takes {(opening + building) / training:.2f} of the "
          f"training's time; {memory:.1f} GB at most")  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--stored", type=int, default=100_000)
    parser.add_argument("--verdicts", type=int, default=1_000)
    parser.add_argument("--store", help="a store that is there")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = given.store or f"sqlite:///{Path(folder) / 'store.db'}"
        if not given.store:
            timed("filling the store", lambda: filled(url, given.stored, given.verdicts))
        country, opening = timed("opening the store", lambda: opened(url))
        measured(country, opening)


if __name__ == "__main__":
    main()
