"""A champion is replaced and rolled back while carriers ask: no request fails, no answer mixes two models."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count, groupby
from pathlib import Path
from subprocess import run
from typing import Any

import httpx
import mlflow
import pytest

from detector.cli import CHAMPION
from detector.model import artefact
from detector.model.promotion import Evidence, promote, roll_back
from detector.model.signing import Signer
from detector.model.tracking import Registry, registry
from tests.builders import curp_of
from tests.serve.counter import question
from tests.serve.engine.serving import Server, ask

PATIENCE = 120.0  # seconds until a promotion answers, on a busy machine; 12 at most on a quiet one
ASKERS, PAUSE = 2, 0.03  # about half of what a worker on a shared core does
SURE = 2 * ASKERS + 1  # answers in a row: every asker has then asked anew
WHY = {"by": "Ana", "why": "finds more misuse on the same weeks"}


@dataclass
class Counter:
    """What carriers were told: the model of every answer in the order of asking, and what went wrong."""

    models: list[str] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)

    def note(self, answer: httpx.Response) -> None:
        if answer.status_code == 201:
            self.models.append(answer.json()["modelVersion"])
        else:
            self.failed.append(answer.status_code)

    def wait_for(self, model: str) -> None:
        """Until every asker was told this model, and again."""
        end = time.monotonic() + PATIENCE
        while self.models[-SURE:] != [model] * SURE:
            assert time.monotonic() < end, f"{model} never answered"
            time.sleep(0.05)


@contextmanager
def asking(server: Server) -> Iterator[Counter]:
    """Carriers that ask without end, each over a connection of its own, about somebody new each time."""
    told, stop, numbers = Counter(), threading.Event(), count(10_000)

    def one() -> None:
        with server.client() as client:
            while not stop.wait(PAUSE):
                told.note(ask(client, registration(next(numbers))))

    threads = [threading.Thread(target=one) for _ in range(ASKERS)]
    for thread in threads:
        thread.start()
    try:
        yield told
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def registration(number: int) -> dict[str, Any]:
    return question(
        registrationId=f"r-{number}",
        registeredAt=datetime.now(UTC).isoformat(),
        identityValue=curp_of(number),
    )


@pytest.fixture
def models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Registry, list[tuple[int, str]]]:
    """A registry on disk with two versions of a real model: its address, their numbers and names."""
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    mlflow.set_tracking_uri(uri)
    home, shipped = registry(), artefact.load(CHAMPION)
    made = []
    for weight in (1.25, 1.5):
        folder = tmp_path / f"model{weight}"
        name = artefact.save(
            replace(shipped, novelty_weight=weight * shipped.novelty_weight), folder, card="test"
        )
        run_id = home.client.create_run(
            home.client.create_experiment(name, (tmp_path / "runs").as_uri())
        ).info.run_id
        home.client.log_artifacts(run_id, str(folder), "model_folder")
        made.append((home.register(run_id, model=name), name))
    return home, made


def test_promoting_and_rolling_back_under_load_fails_nothing_and_mixes_nothing(
    models: tuple[Registry, list[tuple[int, str]]], tmp_path: Path
) -> None:
    home, [(one, first), (two, second)] = models
    signer = Signer.generate(tmp_path / "promotion.key")
    proof = Evidence("shipped", first, "test", 0, 1, "truth", (), {})
    signed: dict[str, Any] = {"registry": home, "signer": signer, "at": datetime.now(UTC), **WHY}
    server = Server(
        tmp_path,
        told={
            "SIMVIGIA_REGISTRY": f"sqlite:///{tmp_path / 'mlflow.db'}",
            "SIMVIGIA_SEAL": signer.seal.text(),
        },
    )
    try:
        with asking(server) as told:
            promote(proof, version=one, **signed)
            told.wait_for(first)
            promote(replace(proof, champion=first, challenger=second), version=two, **signed)
            told.wait_for(second)
            roll_back(**signed)
            told.wait_for(first)
    finally:
        server.kill()
    program = Path(sys.executable).with_name("simvigia")
    asked = [program, "replay", "--store", f"sqlite:///{server.store}"]
    replayed = run(asked, text=True, capture_output=True, check=False)

    assert told.failed == []
    assert [name for name in runs(told.models) if name in {first, second}] == [first, second, first]
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    assert f"{len(told.models):,}" in replayed.stdout


def runs(models: list[str]) -> list[str]:
    """Which model answered, one after the other; two askers may note the last of one late."""
    longer = [name for name, some in groupby(models) if len(list(some)) > ASKERS]
    return [name for name, _ in groupby(longer)]
