"""What an answer costs where the worker is another process, beside one process that does everything.

python -m benchmarks.apart [registrations]

Both answer the same registrations by turns, each over a store of its own, in transactions of 1 and of 16. The
worker's end of the line is a process of its own, as in service.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import numpy as np

from benchmarks.sealing import START, TURNS, WARM, answered, milliseconds, question
from detector.model import artefact
from detector.pseudonym import Key, Pseudonymiser
from serve.assembly import MODELS
from serve.engine import Engine
from serve.judge import Judge
from serve.store.books import Books
from serve.store.database import connect
from serve.store.keys import ENGINE_NAME, StoreKeys
from serve.working.country import Afar, Told
from serve.working.line import STAND, Answering, Line
from serve.world import Country, World

SERVE = "import sys; from benchmarks.apart import tell; tell(*sys.argv[1:])"


def tell(url: str, socket: str) -> None:
    """The worker's end, until its input ends."""
    line = Answering(Path(socket), {STAND: Told(Books(connect(url)))})
    line.start()
    print("ready", flush=True)
    sys.stdin.read()
    line.stop()


def engine(books: Books, country: Country) -> Engine:
    """With the shipped model."""
    model = artefact.load(MODELS / "champion")
    return Engine(
        books,
        pseudonymiser=Pseudonymiser(Key.fresh()),
        body_key=bytes(32),
        judge=Judge(lambda: model, policy="bench"),
        clock=lambda: int((START + timedelta(days=30)).timestamp() * 1e6),
        country=country,
    )


def main(registrations: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="apart") as scratch:
        folders = {name: Path(scratch) / name for name in ("apart", "one")}
        for folder in folders.values():
            folder.mkdir()
            StoreKeys.generate(folder)
        url, socket = f"sqlite:///{folders['apart'] / 'store.db'}", folders["apart"] / "line"
        connect(url).close()
        worker = subprocess.Popen(
            [sys.executable, "-c", SERVE, url, str(socket)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=dict(os.environ),
        )
        assert worker.stdout is not None
        worker.stdout.readline()
        keys = StoreKeys.of(folders["apart"] / ENGINE_NAME, None)
        books = (
            Books(connect(url, keys)),
            Books(connect(f"sqlite:///{folders['one'] / 'store.db'}")),
        )
        engines = {
            "apart": engine(books[0], Afar(books[0], None, Line(socket, timeout=30.0))),
            "one": engine(books[1], World(books[1])),
        }
        for one in engines.values():
            one.take([question(n) for n in range(WARM)])
        for together in (1, 16):
            compared(engines, registrations, together=together)
        worker.communicate()


def compared(engines: dict[str, Engine], registrations: int, *, together: int) -> None:
    """One line."""
    spent: dict[str, list[float]] = {name: [] for name in engines}
    for turn in range(TURNS):
        span = range(registrations * turn // TURNS, registrations * (turn + 1) // TURNS)
        for name, one in engines.items():
            for first in range(span.start, span.stop, together):
                numbers = range(first, first + together)
                asked = [question(together * 2 * registrations + WARM + n) for n in numbers]
                spent[name].append(milliseconds(lambda e=one, a=asked: answered(e, a)))  # type: ignore[misc]
    halves = {name: float(np.median(some)) for name, some in spent.items()}
    late = {name: float(np.quantile(some, 0.99)) for name, some in spent.items()}
    print(
        f"{together:>3} together: p50 {halves['apart']:.2f} ms apart, {halves['one']:.2f} ms in one process:"
        f" {halves['apart'] / halves['one']:.2f} times; p99 {late['apart']:.2f} and {late['one']:.2f} ms"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3_000)
