"""The run in MLflow: parameters, data fingerprint, metrics, plots and the model. The only importer of it.

Without MLFLOW_TRACKING_URI the runs go to `mlflow.db` (SQLite) in the working folder, and what they
attach to `mlruns` beside it. Nothing that is logged was ever a raw identifier or a token.
"""

from __future__ import annotations

import hashlib
import logging
import os
from pathlib import Path

import matplotlib as mpl
import mlflow
import numpy as np
from matplotlib.figure import Figure
from mlflow.models import infer_signature

from detector.lifecycle import STAGES
from detector.model.artefact import Model
from detector.model.train import Trained
from detector.registration import DataFolder
from detector.signals import features

EXPERIMENT = "simvigia"
SQLITE = "sqlite:///"
LOCAL_STORE = f"{SQLITE}mlflow.db"
BEST = 25


def data_fingerprint(folder: DataFolder) -> str:
    """A hash of what was learned from that does not depend on the pseudonym key."""
    own = folder.registrations
    digest = hashlib.sha256()
    labels, events = folder.labels, folder.line_events
    facts = (own.at, own.carrier, own.operation, own.channel, own.place, own.line_first_seen)
    for column in (*facts, labels.at, labels.fraud, events.at):
        digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()[:16]


def log_run(trained: Trained, *, out: Path, fingerprint: str, version: str) -> str:
    """Log one training run; its id. The model folder at `out` is attached whole."""
    mpl.use("Agg")
    logging.getLogger("mlflow").setLevel(logging.WARNING)  # a new store's table creation is no news
    mlflow.set_tracking_uri(os.environ.get("MLFLOW_TRACKING_URI") or LOCAL_STORE)
    _open_experiment()
    with mlflow.start_run(run_name=f"train-{version}") as run:
        mlflow.log_params(dict(trained.parameters))
        mlflow.set_tags({"model_version": version, "data_fingerprint": fingerprint})
        mlflow.log_metrics({k: v for k, v in trained.metrics.items() if np.isfinite(v)})
        for stage in STAGES:
            mlflow.log_figure(importance(trained.model, stage), f"plots/importance_{stage}.png")
        mlflow.log_artifacts(str(out), "model_folder")
        _log_booster(trained.model)
        run_id: str = run.info.run_id
        return run_id


def _open_experiment() -> None:
    """Use the experiment; a new one in a SQLite file keeps its attachments beside that file."""
    store = mlflow.get_tracking_uri()
    if mlflow.get_experiment_by_name(EXPERIMENT) is None and store.startswith(SQLITE):
        beside = Path(store.removeprefix(SQLITE)).resolve().parent / "mlruns"
        mlflow.create_experiment(EXPERIMENT, artifact_location=beside.as_uri())
    mlflow.set_experiment(EXPERIMENT)


def _log_booster(model: Model) -> None:
    """The activation booster in MLflow's own form, with a signature and a made-up example."""
    names = [f.name for f in features(STAGES[0])]
    example = np.zeros((1, len(names)), np.float32)
    mlflow.lightgbm.log_model(
        model.stages[STAGES[0]].booster,
        name="activation",
        signature=infer_signature(example, np.zeros(1)),
        input_example=example,
    )


def importance(model: Model, stage: str) -> Figure:
    """What the booster of a stage leans on: total gain of its strongest features."""
    booster = model.stages[stage].booster
    gain = booster.feature_importance("gain")
    names = np.asarray(booster.feature_name())
    top = np.argsort(gain)[-BEST:]
    figure = Figure(figsize=(7, 6), layout="constrained")
    axes = figure.subplots()
    axes.barh(names[top], gain[top] / max(gain.sum(), 1e-9), color="#2a6f97")
    axes.set_xlabel("share of the booster's gain")
    axes.set_title(f"What the model leans on: {stage}")
    axes.spines[["top", "right"]].set_visible(False)
    return figure
