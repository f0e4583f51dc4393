"""A real MLflow registry on disk with two registered models and a promotion key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from detector.model.artefact import save
from detector.model.backtest import Backtest
from detector.model.gates import Limits
from detector.model.promotion import Champion, Evidence, champion, evidence, promote, roll_back
from detector.model.signing import Signer
from detector.model.tracking import Registry, log_run, registry
from tests import tiny
from tests.model.backtests import backtest

AT = datetime(2026, 6, 1, 9, tzinfo=UTC)
WHY = "finds more misuse on the same weeks"


def judged(test: Backtest, **limits: float) -> Evidence:
    return evidence(test, rng=np.random.default_rng(1), limits=Limits(**limits))


@dataclass(frozen=True)
class Desk:
    """A registry on disk with two versions, and a key."""

    registry: Registry
    signer: Signer
    shipped: Path
    into: Path

    def promote(self, version: int, found: Evidence, **how: object) -> dict[str, object]:
        told = {"by": "Ana", "why": WHY, "at": AT} | how
        return promote(found, registry=self.registry, version=version, signer=self.signer, **told)

    def roll_back(self) -> dict[str, object]:
        return roll_back(registry=self.registry, by="Luis", why=WHY, at=AT, signer=self.signer)

    def champion(self, least: int = 0) -> Champion:
        return champion(
            self.registry, self.signer.seal, shipped=self.shipped, into=self.into, least=least
        )


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """An MLflow store in SQLite with two logged runs: its address, and run and model of each."""
    home = tmp_path_factory.mktemp("mlflow")
    store = f"sqlite:///{home / 'mlflow.db'}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", store)
        made = []
        for number in (1, 2):
            model = replace(tiny.trained().model, novelty_weight=0.01 * number)
            out = home / f"model{number}"
            version = save(model, out, card="tiny")
            trained = replace(tiny.trained(), model=model)
            made.append((log_run(trained, out=out, fingerprint="f", version=version), version))
        yield store, made


@pytest.fixture
def desk(
    runs: tuple[str, list[tuple[str, str]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Desk:
    store, made = runs
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    client = registry().client
    client.delete_registered_model("simvigia")
    fresh = registry()
    for run, model in made:
        fresh.register(run, model=model)
    return Desk(fresh, Signer.generate(tmp_path / "key"), tiny.MODELS / "champion", tmp_path / "m")


def versions(desk: Desk) -> list[str]:
    return [desk.registry.model_version(number) for number in (1, 2)]


def proof(desk: Desk, version: int, against: str = "shipped") -> Evidence:
    return replace(judged(backtest()), challenger=versions(desk)[version - 1], champion=against)
