"""Promote and roll back under load: requests that failed, answers that mix two models, and how long it takes.

    python -m benchmarks.promotion [--stored N] [--asked N] [--every SECONDS]

A real MLflow registry in SQLite, one worker on the first core at half of what it was measured to answer,
asked by a client on the second. Meanwhile a challenger is promoted and rolled back, several times, by the
signed statement and the alias. Then `simvigia replay` makes every answer again by the model it names.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import mlflow

from benchmarks.activations import Asker
from benchmarks.serving import ASSESS, Store, filled, load, service
from detector.cli import CHAMPION
from detector.model import artefact
from detector.model.promotion import Evidence, promote, roll_back
from detector.model.signing import Signer
from detector.model.tracking import Registry, registry

COMMAND = Path(sys.executable).with_name("simvigia")
WHY = "a rehearsal of promotion under load"


@dataclass(frozen=True, slots=True)
class Promoted(Store):
    """A store whose service believes a registry."""

    registry: str = ""
    seal: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """What the service is told."""
        told = super(Promoted, self).environment
        return told | {"SIMVIGIA_REGISTRY": self.registry, "SIMVIGIA_SEAL": self.seal}


def other(folder: Path) -> Path:
    """Another model of the champion's size."""
    model = artefact.load(CHAMPION)
    heavier = replace(model, novelty_weight=1.5 * model.novelty_weight)
    artefact.save(heavier, folder, card="benchmark")
    return folder


def registered(folder: Path, home: Registry) -> tuple[int, str]:
    """A model as a new version; its number and name."""
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(folder), "model_folder")
    name = artefact.load(folder).version
    return home.register(run.info.run_id, model=name), name


def proof(champion: str, challenger: str) -> Evidence:
    """Evidence without a refusal: what is measured here is taking up, not deciding."""
    return Evidence(champion, challenger, "benchmark", 0, 1, "truth", (), {})


def acts(
    home: Registry, signer: Signer, models: list[tuple[int, str]], every: float
) -> list[tuple[str, float]]:
    """Promote one, promote the other, roll back twice; which model from when on, in Unix seconds."""
    done = []
    for turn in range(4):
        time.sleep(every)
        (number, name), (_, before) = models[turn % 2], models[(turn + 1) % 2]
        told = {
            "registry": home,
            "by": "benchmark",
            "why": WHY,
            "signer": signer,
            "at": datetime.now(UTC),
        }
        if turn < 2:
            promote(proof(before, name), version=number, **told)
        else:
            roll_back(**told)
        done.append((f"{'promote' if turn < 2 else 'roll back to'} {name}", time.time()))
    time.sleep(every)
    return done


def measure(folder: Path, *, stored: int, asked: int, every: float) -> None:
    """Everything, printed."""
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    os.environ["MLFLOW_TRACKING_URI"] = uri
    mlflow.set_tracking_uri(uri)
    mlflow.create_experiment("b", artifact_location=(folder / "mlruns").as_uri())
    mlflow.set_experiment("b")
    home, signer = registry(), Signer.generate(folder / "promotion.key")
    models = [registered(other(folder / "other"), home), registered(CHAMPION, home)]
    plain = filled(folder / "store", stored)
    same = {field.name: getattr(plain, field.name) for field in fields(plain)}
    store = Promoted(**same, registry=uri, seal=signer.seal.text())
    asker = Asker(stored)
    with service(store) as server, ThreadPoolExecutor(1) as beside:
        load(server, ASSESS, asker.bodies(500))
        full = successful(load(server, ASSESS, asker.bodies(asked)))["rate"]
        half = full / 2
        print(f"capacity {full:,.0f} a second; asked {half:,.0f} a second from here on", flush=True)
        bodies = asker.bodies(int(half * every * 5))
        doing = beside.submit(acts, home, signer, models, every)
        found = load(server, ASSESS, bodies, connections=32, warm=0, rate=half)
        told(successful(found), doing.result())
    arguments = [str(COMMAND), "replay", "--store", store.environment["SIMVIGIA_STORE"]]
    print(subprocess.run(arguments, text=True, capture_output=True, check=False).stdout)


def successful(found: dict[str, Any]) -> dict[str, Any]:
    """What a client measured. Ends the benchmark where it failed, or where nothing was answered."""
    if "failed" in found:
        raise SystemExit(f"the client failed: {found['failed']}")
    if "201" not in found["statuses"]:
        raise SystemExit(f"no registration was assessed: {found['statuses']} {found['bad']}")
    return found


def told(found: dict[str, Any], done: list[tuple[str, float]]) -> None:
    """What came of it, printed."""
    asked, good = sum(found["statuses"].values()), found["statuses"].get("201", 0)
    print(f"{asked:,} requests, {asked - good} failed {found['bad']}")
    print(
        f"p50 {found['p50']:.1f} ms, p99 {found['p99']:.1f} ms, slowest {found['slowest']:.0f} ms"
    )
    for what, at in done:
        name = what.split()[-1]
        first = [run[2] for run in found["models"] if run[0] == name and run[2] > at]
        print(f"  {what}: {f'answers {first[0] - at:.1f} s later' if first else 'NOT TAKEN UP'}")
    print(f"{len(found['models'])} runs of answers by one model each, one after the other")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stored", type=int, default=2_000)
    parser.add_argument("--asked", type=int, default=3_000)
    parser.add_argument("--every", type=float, default=30.0)
    given = parser.parse_args()
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    with tempfile.TemporaryDirectory() as name:
        measure(Path(name), stored=given.stored, asked=given.asked, every=given.every)


if __name__ == "__main__":
    main()
