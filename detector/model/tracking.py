"""The run in MLflow: parameters, data fingerprint, metrics, plots and the model. The only importer of it.

Without MLFLOW_TRACKING_URI the runs go to `mlflow.db` (SQLite) in the working folder, and what they
attach to `mlruns` beside it. Nothing that is logged was ever a raw identifier or a token.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import matplotlib as mpl
import mlflow
import numpy as np
from matplotlib.figure import Figure
from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.data.meta_dataset import MetaDataset
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature

from detector.errors import BadInput
from detector.lifecycle import STAGES
from detector.model.artefact import Model
from detector.model.train import Trained
from detector.registration import DataFolder
from detector.signals import features

T = TypeVar("T")
EXPERIMENT = "simvigia"
SQLITE = "sqlite:///"
LOCAL_STORE = Path("mlflow.db")
BEST = 25
REGISTERED = "simvigia"
ALIAS = "champion"
RETRIES = "2"  # MLflow's own seven take four minutes to say that nobody answers
KIND = ("mlflow.experimentKind", "custom_model_development")  # else the UI opens for chat bots
NOTE = "mlflow.note.content"  # what the UI shows as description
ABOUT = (
    "The alias *champion* only points. What a service believes is the last `promotion.…` tag that the "
    "promotion key has signed: moving the alias, or the button *Promote model*, changes nothing there. "
    "Promote with notebook 4; go back with `compare.rolled_back(…)`."
)
RECORD = "promotion."  # tags of the registered model: one signed statement each


def data_fingerprint(folder: DataFolder) -> str:
    """A hash of what was learned from that does not depend on the pseudonym key."""
    own = folder.registrations
    digest = hashlib.sha256()
    labels, events = folder.labels, folder.line_events
    facts = (own.at, own.carrier, own.operation, own.channel, own.place, own.line_first_seen)
    said = np.where(labels.withdrawn, np.uint8(2), labels.fraud.view(np.uint8))
    for column in (*facts, labels.at, said, events.at):
        digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()[:16]


def log_run(
    trained: Trained,
    *,
    out: Path,
    fingerprint: str,
    version: str,
    tags: Mapping[str, str] | None = None,
    figures: Mapping[str, Figure] | None = None,
) -> str:
    """Log one training run; its id. The model folder at `out` is attached whole."""
    mpl.use("Agg")
    _connect()
    _open_experiment()
    with mlflow.start_run(run_name=f"train-{version}") as run:
        mlflow.log_params(dict(trained.parameters))
        told = {"model_version": version, "data_fingerprint": fingerprint, **window(trained)}
        mlflow.set_tags(told | dict(tags or {}) | {NOTE: note(trained, version)})
        mlflow.log_input(_data(trained, fingerprint), context="training")
        for name, figure in (figures or {}).items():
            mlflow.log_figure(figure, f"plots/{name}.png")
        mlflow.log_metrics({k: v for k, v in trained.metrics.items() if np.isfinite(v)})
        for stage in STAGES:
            mlflow.log_figure(importance(trained.model, stage), f"plots/importance_{stage}.png")
        mlflow.log_artifacts(str(out), "model_folder")
        _log_booster(trained.model)
        run_id: str = run.info.run_id
        return run_id


def window(trained: Trained) -> dict[str, str]:
    """From when to when what was learned from was registered."""
    first, last = (trained.parameters[f"{end}_registration"][:10] for end in ("first", "last"))
    return {"data_window": f"{first} to {last}"}


def note(trained: Trained, version: str) -> str:
    """What a run is, for who finds it in the UI: Markdown."""
    told, found = trained.parameters, trained.metrics
    stage = STAGES[0]
    lines = [
        f"Model `{version}`, learned from {told['registrations']:,} registrations of {told['carriers']} "
        f"carriers ({window(trained)['data_window']}) with {told['frauds_reported']:,} reported cases, and "
        f"from simulated countries: {told['lessons']}.",
        f"On {told['measured_on']}, at activation: AUC {found.get(f'{stage}_auc', np.nan):.3f}, average "
        f"precision {found.get(f'{stage}_average_precision', np.nan):.3f}. Where the truth is not known, "
        "unlabelled misuse counts as legitimate, so these understate.",
        "Metrics begin with their stage (`activation`, `first_attach`, `day_1`, `day_7`); `backtest_…` are of "
        "notebook 4, champion and challenger on the same frozen weeks. Pictures are in *Artifacts, plots*, "
        "the model's card in *Artifacts, model_folder*, the evidence of a promotion in *promotion*.",
    ]
    return "\n\n".join(lines)


def _data(trained: Trained, fingerprint: str) -> MetaDataset:
    """Names what was learned from, so that runs can be filtered by it; holds no row."""
    name = f"registrations {window(trained)['data_window']}"
    return MetaDataset(CodeDatasetSource({}), name=name, digest=fingerprint)  # type: ignore[abstract]


def _connect() -> None:
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", RETRIES)
    logging.getLogger("mlflow").setLevel(logging.WARNING)  # a new store's table creation is no news
    # Whole, because MLflow remembers stores by their address, whatever folder a process works in.
    local = f"{SQLITE}{LOCAL_STORE.resolve()}"
    mlflow.set_tracking_uri(os.environ.get("MLFLOW_TRACKING_URI") or local)


def _open_experiment() -> None:
    """Use the experiment; a new one in a SQLite file keeps its attachments beside that file."""
    store = mlflow.get_tracking_uri()
    if mlflow.get_experiment_by_name(EXPERIMENT) is None and store.startswith(SQLITE):
        beside = Path(store.removeprefix(SQLITE)).resolve().parent / "mlruns"
        mlflow.create_experiment(EXPERIMENT, artifact_location=beside.as_uri())
    mlflow.set_experiment(EXPERIMENT)
    mlflow.set_experiment_tag(*KIND)


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


@dataclass(frozen=True, slots=True)
class Registry:
    """MLflow's model registry as promotion needs it: versions, one alias, signed records, evidence.

    Whatever it cannot reach is a BadInput in one sentence.
    """

    client: Any

    def register(self, run: str, *, model: str, tags: Mapping[str, str] | None = None) -> int:
        """The model folder of a run as a new version; its number."""
        source = f"runs:/{run}/model_folder"
        told = {"model": model, **(tags or {})}
        made = _asked(
            lambda: self.client.create_model_version(REGISTERED, source, run_id=run, tags=told)
        )
        return int(made.version)

    def model_version(self, version: int) -> str:
        """The model that a version says it holds."""
        found = _asked(lambda: self.client.get_model_version(REGISTERED, str(version)))
        return str(found.tags.get("model", ""))

    def run_of(self, version: int) -> str:
        """The run that made a version."""
        return str(_asked(lambda: self.client.get_model_version(REGISTERED, str(version))).run_id)

    def version_of(self, model: str) -> int | None:
        """The latest version that holds a model, none where none does."""
        found = _asked(lambda: self.client.search_model_versions(f"name='{REGISTERED}'"))
        mine = [int(v.version) for v in found if v.tags.get("model") == model]
        return max(mine, default=None)

    def point(self, version: int) -> None:
        """Move the alias."""
        _asked(lambda: self.client.set_registered_model_alias(REGISTERED, ALIAS, str(version)))

    def pointed(self) -> int | None:
        """The version that the alias names, whoever moved it; none where nobody set it."""
        found = _asked(lambda: self.client.get_registered_model(REGISTERED)).aliases.get(ALIAS)
        return None if found is None else int(found)

    def record(self, number: int, signed: str) -> None:
        """Keep one signed statement."""
        name = f"{RECORD}{number:06d}"
        _asked(lambda: self.client.set_registered_model_tag(REGISTERED, name, signed))

    def records(self) -> list[tuple[int, str]]:
        """All statements by number, signed or not."""
        tags = _asked(lambda: self.client.get_registered_model(REGISTERED)).tags
        named = [(key.removeprefix(RECORD), text) for key, text in tags.items() if RECORD in key]
        return sorted((int(number), text) for number, text in named if number.isdigit())

    def attach(self, version: int, name: str, content: Mapping[str, Any]) -> None:
        """Put a JSON document beside the run that made a version."""
        run = self.run_of(version)
        _asked(lambda: self.client.log_dict(run, dict(content), name))

    def download(self, version: int, into: Path) -> Path:
        """The model folder of a version, copied below `into`."""
        into = into / str(version)
        into.mkdir(parents=True, exist_ok=True)
        run = self.run_of(version)
        got = _asked(lambda: self.client.download_artifacts(run, "model_folder", str(into)))
        return Path(got)


def log_comparison(
    run: str, *, figures: Mapping[str, Figure], metrics: Mapping[str, float]
) -> None:
    """Add the plots and figures of a backtest to the run that made the challenger."""
    _connect()
    client = mlflow.MlflowClient()
    for name, figure in figures.items():
        _asked(partial(client.log_figure, run, figure, f"plots/{name}.png"))
    for name, value in metrics.items():
        if np.isfinite(value):
            _asked(partial(client.log_metric, run, name, float(value)))


def registry(store: str | None = None) -> Registry:
    """The registry at an MLflow URI, else at MLFLOW_TRACKING_URI, else beside the working folder."""
    found = opened(store)
    if found is None:
        _asked(lambda: _client(store).create_registered_model(REGISTERED, description=ABOUT))
    return found or Registry(_client(store))


def opened(store: str | None = None) -> Registry | None:
    """As `registry`, for who only reads: none where no model of ours was ever registered."""
    _connect()
    client = _asked(lambda: _client(store))
    found = _asked(lambda: client.search_registered_models(f"name='{REGISTERED}'"))
    return Registry(client) if found else None


def _client(store: str | None) -> Any:
    return mlflow.MlflowClient(store or mlflow.get_tracking_uri())


def _asked(question: Callable[[], T]) -> T:
    try:
        return question()
    except (MlflowException, OSError) as fault:
        kind = type(fault).__name__
        raise BadInput(
            f"the model registry cannot be used now ({kind}); nothing changed"
        ) from fault


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
