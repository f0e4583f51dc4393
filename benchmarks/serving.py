"""What one worker on one core does with SQLite and full durability, beside what is possible at all.

    python -m benchmarks.serving [--stored N] [--asked N] [--keep FOLDER] [--no-mlflow]

In one run, one after the other, on the first core, asked over 16 connections by a client on the second: an
empty FastAPI POST with the same body, response model and server; the service on an empty store; the service
on a store with N registrations (of a simulated country, at their own times, with the later stages that fell
due, filled in process through the engine), once it has done what filling left it; the same with the later
stages that fall due; with a hot key; in bulk; and the champion's activation booster behind `mlflow models
serve`. Everything is printed, nothing is judged. 1,000,000 stored take long to fill: with `--keep` the filled
store stays there, and the next run goes on filling it where it stands; `--fill-only` ends there, and `--for`
after so many seconds. The column of CPU is what the server's processes used per request, and holds on a
machine that others use too, where rates and latencies do not; that of KB is what the machine's disks wrote
meanwhile. (What Linux says that a process has written counts whole folios, many times a page of 4 KB.)
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import lightgbm
import mlflow.lightgbm
import psutil
import pyarrow as pa
import structlog

from benchmarks.activations import Asker, country, events
from detector.cli import CHAMPION
from detector.pseudonym import Key
from serve import wiring
from serve.engine import Question
from serve.naming import API_BASE
from serve.settings import Settings
from serve.store.keys import StoreKeys

BATCH, CHUNK = 250, 10_000
QUIET = 3.0  # seconds without a write, after which a service has caught up
APART = timedelta(seconds=30)  # between registrations asked: later stages fall due
ANYBODY = Settings(issuer="bench", jwks_url="https://bench.example/jwks", several_carriers=True)
LATER = "2027-01-01T00:00:00Z@0"  # the clock stands still after everything
SERVING = (sys.executable, "-c", "from detector.cli import main; main()", "serve")
ASSESS = f"{API_BASE}/assessments"


@dataclass(frozen=True, slots=True)
class Store:
    """A folder with a store, its key and a client."""

    folder: Path
    stored: int
    carriers: tuple[str, ...] = ("alfa", "beta", "gama")

    @property
    def environment(self) -> dict[str, str]:
        """What the service is told."""
        return {
            "SIMVIGIA_KEY_FILE": str(self.folder / "simvigia.key"),
            "SIMVIGIA_STORE": f"sqlite:///{self.folder / 'simvigia.db'}",
            "SIMVIGIA_CLOCK": LATER,
            "SIMVIGIA_LOG_DAYS": "800",  # the clock stands far behind the first of them
            "SIMVIGIA_RATE": "900000",
            "SIMVIGIA_BURST": "100000000",
            "OMP_WAIT_POLICY": "passive",
        }

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(path.stat().st_size for path in self.folder.glob("simvigia.db*"))


def filled(
    folder: Path, stored: int, rows: pa.Table | None = None, *, seconds: float = math.inf
) -> Store:
    """A store with so many registrations, those it has already included, and the later stages reached."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "simvigia.key").exists():
        Key.generate(folder / "simvigia.key")
        StoreKeys.generate(folder)
    rows = country(stored) if rows is None else rows
    store = Store(folder, stored, carriers(rows))
    parts = wiring.parts(store.environment, settings=ANYBODY)
    engine = parts.desk._engine
    began, have = time.perf_counter(), engine.books.last_sequence()
    end, at = began + seconds, have
    while at < stored and time.perf_counter() < end:
        chunk = events(rows.slice(at, min(CHUNK, stored - at)))
        for low in range(0, len(chunk), BATCH):
            engine.take([Question(row, True, False) for row in chunk[low : low + BATCH]])
        at += len(chunk)
        while engine.follow():  # the later stages that they reached
            pass
    spent = time.perf_counter() - began
    while parts.keeper.turn(engine.books):  # the audit log is in step before anybody asks
        pass
    engine.books.own.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.books.own.close()
    if at > have:
        rate = (at - have) / spent
        print(f"{at:,} stored, {rate:,.0f} a second, in batches of {BATCH}")
    if at:
        print(f"{store.size / at:,.0f} bytes of disk per registration, all told\n", flush=True)
    return store


def carriers(rows: pa.Table) -> tuple[str, ...]:
    """Who registers."""
    return tuple(sorted(rows["carrier_id"].unique().to_pylist()))


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs: where, and its processes."""

    port: int
    own: psutil.Process
    token: str = ""

    @property
    def cpu(self) -> float:
        """Seconds that it and its children have used so far."""
        times = [p.cpu_times() for p in (self.own, *self.own.children(recursive=True))]
        return sum(t.user + t.system for t in times)

    @property
    def written(self) -> int:
        """What grows while it or its children write to the disk."""
        return sum(
            p.io_counters().write_bytes for p in (self.own, *self.own.children(recursive=True))
        )


@contextlib.contextmanager
def process(
    arguments: list[str], more: dict[str, str], *, path: str, log: Path
) -> Iterator[Server]:
    """A server on the first core, answering when the body begins."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = ["taskset", "-c", "0", *(a.replace("PORT", str(port)) for a in arguments)]
    with log.open("ab") as file:
        running = subprocess.Popen(command, env=os.environ | more, stdout=file, stderr=file)
    try:
        for _ in range(1_200):
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"http://127.0.0.1:{port}{path}").is_success:
                    break
            time.sleep(0.1)
        yield Server(port, psutil.Process(running.pid))
    finally:
        running.terminate()
        running.wait()


@contextlib.contextmanager
def service(store: Store) -> Iterator[Server]:
    """`simvigia serve` on a store, with a token for it."""
    grants = [f"--carrier={name}" for name in store.carriers]
    asked = [*SERVING, "--port", "PORT", *grants]
    log = store.folder / "log"
    with process(asked, store.environment, path="/health/ready", log=log) as server:
        known = json.loads((store.folder / "credentials.json").read_text())
        answer = httpx.post(
            f"http://127.0.0.1:{server.port}/oauth2/token",
            data={"grant_type": "client_credentials"},
            auth=(known["client_id"], known["client_secret"]),
        )
        yield replace(server, token=answer.json()["access_token"])


def settled(server: Server, patience: float = 900.0) -> None:
    """Wait until it writes nothing: then what filling in process left it is done. `patience` in seconds."""
    began, before, now = time.monotonic(), -1, server.written
    while now != before and time.monotonic() - began < patience:
        time.sleep(QUIET)
        before, now = now, server.written
    state = "caught up with what was filled" if now == before else "still busy with what was filled"
    print(f"  ({state} after {time.monotonic() - began:,.0f} s)", flush=True)


def load(
    server: Server,
    path: str,
    bodies: list[Any],
    *,
    connections: int = 16,
    warm: int = 200,
    rate: float = 0.0,
) -> dict[str, Any]:
    """Ask from the second core; what the client measured."""
    with tempfile.NamedTemporaryFile(suffix=".ndjson") as file:
        file.write(b"\n".join(json.dumps(each).encode() for each in bodies))
        file.flush()
        command = [
            "taskset",
            "-c",
            "1",
            sys.executable,
            "-m",
            "benchmarks.load",
            str(server.port),
            path,
        ]
        command += [
            file.name,
            f"--connections={connections}",
            f"--token={server.token}",
            f"--warm={warm}",
            f"--rate={rate}",
        ]
        before, wrote = server.cpu, on_disks()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        used, written = server.cpu - before, on_disks() - wrote
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1]}
    found: dict[str, Any] = json.loads(done.stdout)
    each = len(bodies)
    return found | {"cpu": used / each * 1e3, "written": written / each / 1_024}


def on_disks() -> float:
    """Bytes that the machine's disks have written so far; not a number where it does not say."""
    counted = psutil.disk_io_counters()
    return float(counted.write_bytes) if counted else math.nan


def told(what: str, found: dict[str, Any], *, each: int = 1) -> float:
    """One line of the table; registrations a second."""
    if "failed" in found:
        print(f"{what:<58} failed: {found['failed']}", flush=True)
        return float("nan")
    rate = float(found["rate"]) * each
    refused = sum(n for code, n in found["statuses"].items() if code not in {"200", "201"})
    why = f"  {found['statuses']} {found['bad']}" if refused else ""
    print(
        f"{what:<58}{rate:>9,.0f}{found['p50']:>10.1f}{found['p99']:>10.1f}"
        f"{found['cpu'] / each:>9.2f}{found['written'] / each:>9.0f}{refused:>9,}{why}",
        flush=True,
    )
    return rate


def compare(folder: Path, kept: Path, stored: int, asked: int) -> None:
    """The service beside the empty one, empty and filled."""
    rows = country(stored, kept / "country.parquet")
    plain = Asker(0, rows).bodies(asked)
    arguments = [sys.executable, "-m", "benchmarks.empty", "PORT"]
    with process(arguments, {}, path="/health/ready", log=folder / "log") as server:
        floor = load(server, "/assessments", plain)
        alone = load(server, "/assessments", plain, connections=1)
    most = told("an empty FastAPI POST", floor)
    told("  over one connection", alone)
    store = filled(folder / "empty", 0, rows)
    with service(store) as server:
        nothing = load(server, ASSESS, Asker(0, rows).bodies(asked))
    told("the service, nothing stored", nothing)
    shutil.copytree(filled(kept, stored, rows).folder, folder / "filled")
    store, asker = Store(folder / "filled", stored, store.carriers), Asker(stored, rows)
    with service(store) as server:
        settled(server)
        single = load(server, ASSESS, asker.bodies(asked))
        rate = told(f"the service, {stored:,} stored", single)
        one = load(server, ASSESS, asker.bodies(asked // 4), connections=1)
        told("  over one connection", one)
        load(server, ASSESS, asker.bodies(2_000, hot=True))
        hot = load(server, ASSESS, asker.bodies(asked, hot=True))
        told("  half of all from one service centre and address", hot)
        due = load(server, ASSESS, asker.bodies(asked // 2, apart=APART))
        told("  with the later stages that fall due", due)
        hundred = [{"registrations": asker.bodies(100)} for _ in range(max(asked // 100, 10))]
        bulk = load(server, f"{ASSESS}/bulk", hundred, connections=4, warm=2)
        together = told("  in bulk of 100, over 4 connections, per registration", bulk, each=100)
    print(f"\nratio to the empty one: {rate / most:.2f} (wanted 0.4)")
    print(f"the same of CPU:        {floor['cpu'] / single['cpu']:.2f}")
    print(f"bulk to single:         {together / rate:.2f} (wanted 4)")
    print(f"p50, stored to nothing: {single['p50'] / nothing['p50']:.2f} (wanted 1.3 at most)")
    print(f"p50, hot to not:        {hot['p50'] / single['p50']:.2f} (wanted below 1.5)")


def beside(folder: Path, asked: int) -> None:
    """One booster of the champion behind MLflow's own server."""

    booster = lightgbm.Booster(model_file=str(CHAMPION / "activation.txt"))
    mlflow.lightgbm.save_model(booster, folder / "mlflow")
    serve = [str(Path(sys.executable).with_name("mlflow")), "models", "serve", "--port", "PORT"]
    serve += ["--model-uri", str(folder / "mlflow"), "--env-manager", "local", "--workers", "1"]
    told_ = {"MLFLOW_DISABLE_TELEMETRY": "true", "OMP_WAIT_POLICY": "passive"}
    told_["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    vector = [[0.5] * booster.num_feature()]
    with process(serve, told_, path="/ping", log=folder / "mlflow.log") as server:
        found = load(server, "/invocations", [{"inputs": vector}] * asked, warm=20)
    told("the activation booster behind `mlflow models serve`", found)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stored", type=int, default=20_000)
    parser.add_argument("--asked", type=int, default=4_000)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--fill-only", action="store_true")
    parser.add_argument("--for", type=float, default=math.inf, dest="seconds")
    parser.add_argument("--mlflow", action=argparse.BooleanOptionalAction, default=True)
    given = parser.parse_args()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    if given.fill_only:
        given.keep.mkdir(parents=True, exist_ok=True)
        rows = country(given.stored, given.keep / "country.parquet")
        filled(given.keep, given.stored, rows, seconds=given.seconds)
        return
    print(
        f"{'':<57}{'per second':>10}{'p50 ms':>10}{'p99 ms':>10}{'CPU ms':>9}{'KB':>9}{'refused':>9}"
    )
    with tempfile.TemporaryDirectory() as name:
        kept = given.keep or Path(name) / "kept"
        kept.mkdir(parents=True, exist_ok=True)
        compare(Path(name), kept, given.stored, given.asked)
        if given.mlflow:
            beside(Path(name), given.asked // 10)


if __name__ == "__main__":
    main()
