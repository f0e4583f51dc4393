"""A model on disk: text and JSON in one folder, with a manifest that is checked before anything is read.

LightGBM accepts columns in another order without a word and crashes on a truncated file, so a model
is refused unless every file has the hash its manifest says and the manifest the fingerprint of this
engine's features.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from detector.decision import Thresholds
from detector.errors import BadInput, ModelMismatch
from detector.lifecycle import STAGES
from detector.model.calibrate import Calibration
from detector.model.novelty import Novelty
from detector.signals import features, fingerprint

FORMAT = 1
MANIFEST = "manifest.json"
SETTINGS = "settings.json"
FILES = {SETTINGS, *(f"{stage}.txt" for stage in STAGES)}
CARD = "card.md"
LEARNED_UNTIL = "learned_until"  # in `about`
MAX_GRADE = 4.0
FEW = 64


@dataclass(frozen=True)
class StageModel:
    """One stage: the booster, what is usual, and how a raw score becomes a probability."""

    booster: lgb.Booster
    novelty: Novelty
    calibration: Calibration


@dataclass(frozen=True)
class Model:
    """Everything a score needs."""

    stages: Mapping[str, StageModel]
    thresholds: Thresholds
    novelty_weight: float
    official: float
    breached: float
    about: Mapping[str, Any]
    version: str = ""

    @property
    def learned_until(self) -> int | None:
        """When the last registration was made that it learned from (microseconds); none where unknown."""
        found = self.about.get(LEARNED_UNTIL)
        return None if found is None else int(found)

    def raw(
        self, stage: str, vectors: NDArray[np.float32], *, grade: NDArray[Any], tier: NDArray[Any]
    ) -> NDArray[np.float64]:
        """Log-odds before calibration: the booster's, novelty, and one's own status within its bound."""
        return self.evidence(stage, vectors) + self.status(grade=grade, tier=tier)

    def status(self, *, grade: NDArray[Any], tier: NDArray[Any]) -> NDArray[np.float64]:
        """What one's own breaches and office add, within their bounds."""
        own: NDArray[np.float64] = self.breached * grade / MAX_GRADE + self.official * (tier > 0)
        return own

    def evidence(self, stage: str, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """`raw` without one's own status."""
        if not len(vectors):
            return np.empty(0)
        model = self.stages[stage]
        threads = 1 if len(vectors) <= FEW else 2  # waking another core costs more than it saves
        margin = model.booster.predict(vectors, raw_score=True, num_threads=threads)
        unusual = self.novelty_weight * model.novelty.of(vectors)
        return np.asarray(margin, np.float64) + unusual

    def probability(self, stage: str, raw: NDArray[np.float64]) -> NDArray[np.float64]:
        """Calibrated probability that the registration misuses an identity."""
        return self.stages[stage].calibration.probability(raw)


def save(model: Model, out: Path, *, card: str) -> str:
    """Write the folder, whole or not at all; the model's version, a hash of its content.

    An older model at `out` is replaced. Raises BadInput where `out` holds something else.
    """
    check_room(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as scratch:
        folder = Path(scratch) / out.name
        folder.mkdir()
        for stage, part in model.stages.items():
            text = part.booster.model_to_string(num_iteration=-1)
            (folder / f"{stage}.txt").write_text(text, "utf-8")
        (folder / SETTINGS).write_text(_settings(model), "utf-8")
        hashes = {f.name: _sha256(f) for f in sorted(folder.iterdir())}
        version = _version(hashes)
        manifest = {
            "format": FORMAT,
            "version": version,
            "features": fingerprint(),
            "files": hashes,
            "about": dict(model.about),
        }
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")
        (folder / CARD).write_text(card.replace("{version}", version), "utf-8")
        if out.exists():
            shutil.rmtree(out)
        shutil.move(folder, out)
    return version


def check_room(out: Path) -> None:
    """Raises BadInput unless a model may be written at `out`: nothing there, or a model."""
    if out.exists() and any(out.iterdir()) and not (out / MANIFEST).is_file():
        raise BadInput(f"folder {out} holds something else; name another, or remove it first")


def _version(hashes: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(hashes).encode()).hexdigest()[:12]


def _settings(model: Model) -> str:
    text = {
        "novelty_weight": model.novelty_weight,
        "official": model.official,
        "breached": model.breached,
        "thresholds": model.thresholds.to_json(),
        "stages": {
            stage: {
                "novelty": part.novelty.to_json(),
                "calibration": [
                    part.calibration.slope,
                    part.calibration.intercept,
                    part.calibration.reported,
                ],
                "columns": [f.name for f in features(stage)],
            }
            for stage, part in model.stages.items()
        },
    }
    return json.dumps(text, indent=1) + "\n"


def load(folder: Path) -> Model:
    """Read a model after checking every hash. Raises ModelMismatch with what to do."""
    manifest = _manifest(folder)
    for name, expected in manifest["files"].items():
        if not (folder / name).is_file() or _sha256(folder / name) != expected:
            raise ModelMismatch(
                f"model file {name} is damaged or not the one that was written; train again"
            )
    settings = json.loads((folder / SETTINGS).read_text("utf-8"))
    stages = {
        stage: StageModel(
            lgb.Booster(model_str=(folder / f"{stage}.txt").read_text("utf-8")),
            Novelty.from_json(settings["stages"][stage]["novelty"]),
            Calibration(*settings["stages"][stage]["calibration"]),
        )
        for stage in STAGES
    }
    return Model(
        stages,
        Thresholds.from_json(settings["thresholds"]),
        settings["novelty_weight"],
        settings["official"],
        settings["breached"],
        manifest["about"],
        manifest["version"],
    )


def _manifest(folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        raise ModelMismatch(f"there is no model folder {folder.name}; `simvigia train` makes one")
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
        known, made_for, version = (manifest[k] for k in ("format", "features", "version"))
        whole = version == _version(manifest["files"]) and set(manifest["files"]) == FILES
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise ModelMismatch(f"{folder.name} holds no readable model manifest") from fault
    if known != FORMAT:
        raise ModelMismatch(f"model format is {known}, this engine reads {FORMAT}; train again")
    if made_for != fingerprint():
        raise ModelMismatch(
            f"the model was made for feature set {made_for}, this engine has {fingerprint()}; train again"
        )
    if not whole:
        raise ModelMismatch("the model manifest does not fit its files; train again")
    return manifest


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
