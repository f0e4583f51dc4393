"""A small made-up country on disk, with scores, for what evaluates: five attacks among 6,000 lines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detector.model.evaluate import evaluate
from detector.model.findings import Evaluation

LINES = 6_000
EASE = {"star": 4.0, "spread": 3.0, "agent": 2.5, "mule": 0.5}


@dataclass(frozen=True)
class Country:
    """A data folder and the table of its scores."""

    data: Path
    registrations: pd.DataFrame
    truth: pd.DataFrame
    scores: pd.DataFrame

    def write(self) -> Country:
        self.registrations.to_parquet(self.data / "registrations.parquet", index=False)
        self.truth.to_parquet(self.data / "truth.parquet", index=False)
        labels(self).to_parquet(self.data / "labels.parquet", index=False)
        return self


def country(data: Path, seed: int = 3) -> Country:
    rng = np.random.default_rng(seed)
    fraud = rng.random(LINES) < 0.03
    at = pd.Timestamp("2026-02-01", tz="UTC") + pd.to_timedelta(
        np.sort(rng.integers(0, 90 * 86_400, LINES)), unit="s"
    )
    key = {
        "carrier_id": rng.choice(["alfa", "beta"], LINES),
        "registration_id": [f"f{i:05d}" for i in range(LINES)],
    }
    device = np.where(fraud, rng.integers(0, 12, LINES), np.arange(LINES) + 100)
    registrations = pd.DataFrame(
        key
        | {
            "registered_at": at,
            "operation": rng.choice(["new_line", "link_existing"], LINES, p=[0.3, 0.7]),
            "channel": rng.choice(["web", "service_center"], LINES),
            "plan": "prepaid",
            "identity_type": "curp",
            "identity_value": [f"tok1:{i}" for i in rng.integers(0, 4000, LINES)],
            "device_id": [f"d{d}" for d in device],
            "liveness_score": rng.random(LINES),
        }
    )
    pattern = np.where(fraud, rng.choice(list(EASE), LINES), None)
    ring = np.where(fraud, [f"ring-{d}" for d in device], None)
    segments = np.where(rng.random(LINES) < 0.4, "woman|rural", "woman")
    truth = pd.DataFrame(
        key | {"fraud": fraud, "pattern": pattern, "ring": ring, "segments": segments}
    )
    later = np.arange(LINES) >= LINES // 2
    ease = np.array([EASE.get(p, 0.0) for p in pattern])
    tables = [
        _stage(name, registrations, ease + more * fraud, rng)
        for name, more in (("activation", 0.5), ("day_7", 1.5))
    ]
    scores = pd.concat([table[later] for table in tables], ignore_index=True)
    return Country(data, registrations, truth, scores)


def _stage(
    name: str, registrations: pd.DataFrame, ease: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    score = 1 / (1 + np.exp(-(rng.normal(0, 1, len(ease)) + ease) * 2 + 7))
    strongest = "hold" if name == "activation" else "step_up"
    words = np.array(["allow", "allow_notify", "step_up", strongest])
    table = registrations[["registration_id", "carrier_id"]].copy()
    return table.assign(
        stage=name,
        score=score,
        decision=words[np.searchsorted([0.05, 0.3, 0.6], score)],
        model_version="made-up",
    )


def labels(made: Country) -> pd.DataFrame:
    fraud = made.truth["fraud"]
    known = made.registrations.loc[fraud | (made.registrations.index % 50 == 0)]
    return known[["registration_id", "carrier_id"]].assign(
        label=np.where(fraud[known.index], "fraud", "legitimate"),
        decided_at=known["registered_at"] + pd.Timedelta(days=5),
        source="holder",
    )


@pytest.fixture
def made_up(tmp_path: Path) -> Country:
    """A fresh copy on disk that a test may spoil."""
    return country(tmp_path).write()


@pytest.fixture(scope="session")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """The evaluation of an unspoilt country, baselines and all; made once, for it is immutable."""
    made = country(tmp_path_factory.mktemp("evaluated")).write()
    return evaluate(made.scores, made.data, start=None, baselines=True)
