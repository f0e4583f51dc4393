"""The whole job on a simulated country, told as it goes: from registrations to explained scores."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from detector.decision import Policy
from detector.errors import BadInput
from detector.intake import read_folder
from detector.model import evaluate as measured
from detector.model import report as reported
from detector.model.artefact import load, save
from detector.model.card import card
from detector.model.recipe import Recipe
from detector.model.tracking import data_fingerprint, log_run
from detector.model.train import train
from detector.output import write_scores
from detector.practice import lessons
from detector.pseudonym import Key, Pseudonymiser
from detector.registration import MICROSECONDS
from detector.scoring import scores
from detector.signals import REASONS
from detector.simulate import Country, simulate, write

LEARNED_SHARE = 0.6
SHOWN = 3
MARKER = ".simvigia-demo"
LESSON_REGISTRATIONS = 20_000


def run(
    out: Path,
    *,
    registrations: int,
    seed: int,
    models: Path,
    progress: Callable[[str, float], None],
) -> str:
    """Do everything in `out` (made anew if an earlier demo left it); what to tell at the end."""
    _make_room(out)
    data, model = out / "country", out / "model"
    os.environ.setdefault("MLFLOW_TRACKING_URI", f"sqlite:///{(out / 'mlflow.db').resolve()}")
    tables = simulate(
        Country(),
        registrations=registrations,
        seed=seed,
        progress=lambda share: progress("Simulating a country", share),
    )
    write(tables, data)
    pseudonymiser = Pseudonymiser(Key.generate(out / "pseudonym.key"))
    folder = read_folder(data, pseudonymiser, progress=lambda s: progress("Reading it", s))
    at = folder.registrations.at
    border = int(at[int(len(at) * LEARNED_SHARE)])
    shipped = Recipe.load(models / "recipe.toml")
    recipe = replace(
        shipped,
        countries=len(shipped.lands),  # a lesson of each
        practice_registrations=LESSON_REGISTRATIONS,
    )
    taught = lessons(
        recipe, pseudonymiser, seed=seed, progress=lambda s: progress("Simulating lessons", s)
    )
    trained = train(
        folder,
        taught,
        recipe=recipe,
        policy=Policy.load(models / "policy.toml"),
        until=border,
        seed=seed,
        progress=progress,
    )
    fingerprint = data_fingerprint(folder)
    version = save(
        trained.model, model, card=card(trained, simulated=True, fingerprint=fingerprint)
    )
    progress("Logging to MLflow", 0.0)
    log_run(trained, out=model, fingerprint=fingerprint, version=version)
    progress("Logging to MLflow", 1.0)
    scored = scores(folder, load(model), start=border, progress=lambda s: progress("Scoring", s))
    counts = write_scores(scored, out / "scores.parquet")
    start = pd.Timestamp(border, unit="us", tz="UTC")
    evaluation = measured.evaluate(
        measured.read_scores(out / "scores.parquet"), data, start=start, baselines=True
    )
    reported.write(evaluation, out / "report.html")
    return _told(out, border, counts, reported.summary(evaluation))


def _make_room(out: Path) -> None:
    if out.exists() and any(out.iterdir()):
        if not (out / MARKER).exists():
            raise BadInput(f"folder {out} holds something else; name another with --out")
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)
    (out / MARKER).touch()


def _told(out: Path, border: int, counts: dict[str, int], summary: str) -> str:
    day = pd.Timestamp(border // MICROSECONDS, unit="s").date()
    decided = ", ".join(f"{count:,} {decision}" for decision, count in counts.items())
    return "\n".join(
        [
            f"A simulated country. What happened before {day} was learned from; the rest was scored in "
            "time order.",
            f"Decisions at all stages: {decided}.",
            "",
            summary,
            "",
            "Three of the registrations held or asked to prove more, and why:",
            *_examples(out / "scores.parquet"),
            "",
            "Where to look:",
            f"  {out}/report.html          the evaluation, with plots",
            f"  {out}/model/card.md        the model's card",
            f"  {out}/scores.parquet       every score with its reasons",
            f"  .venv/bin/mlflow ui --backend-store-uri sqlite:///{out}/mlflow.db      the training run",
            "",
            "Next:",
            f"  .venv/bin/simvigia score --model {out}/model --data {out}/country --out again.csv",
            "  .venv/bin/simvigia simulate --country 5 --out another",
            "  .venv/bin/simvigia train --data another --out another-model",
        ]
    )


def _examples(path: Path) -> list[str]:
    """The highest scores at activation, each from another ring, in words."""
    table: pa.Table = pq.read_table(path, filters=[("stage", "=", "activation")])
    frame = table.to_pandas()
    flagged = frame[frame["decision"].isin(["hold", "step_up"])].sort_values(
        "score", ascending=False
    )
    rings = flagged["ring_id"].fillna(flagged["registration_id"])
    lines = []
    for row in flagged[~rings.duplicated()].head(SHOWN).itertuples():
        lines.append(f"  {row.decision}, score {row.score:.2f}, {row.carrier_id}:")
        lines.extend(f"    - {REASONS[code].es} ({REASONS[code].en})" for code in row.reasons)
    return lines
