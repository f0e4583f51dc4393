"""The model card: what a model is, what it learned from, how well it did, what it must not be used for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from detector.lifecycle import STAGES
from detector.model.train import LATER, LEFT_OUT, RISE, Trained

_MEANT = {
    LATER: "Recall is at the score where one false alarm in a thousand is expected; AUC and average "
    "precision take what is unlabelled for legitimate, and understate.",
    LEFT_OUT: "Recall is at the score that one honest registration in a thousand exceeds. Each country was "
    "judged by what learned from other authors' only; thresholds and probabilities were set there too. What "
    "impressions are made by had learned from all of them, so that in a strange country it is less.",
}


def card(
    trained: Trained, *, simulated: bool, fingerprint: str, memory: str = "not measured"
) -> str:
    """Markdown; `{version}` is filled in when the model is saved."""
    first = (
        "**Trained on a simulated country.** Every figure below was measured on simulated data."
        if simulated
        else "Trained on the operator's own registrations; no truth is known, so figures understate."
    )
    p = trained.parameters
    return "\n".join(
        [
            f"{first}",
            "",
            "# Model {version}",
            "",
            f"- Registrations {p['registrations']:,} from {p['first_registration'][:10]} to "
            f"{p['last_registration'][:10]}, {p['carriers']} carriers, {p['labels']:,} verdicts "
            f"({p['frauds_reported']:,} of fraud).",
            f"- Lessons: {p['lessons']} simulated countries, {p['lesson_registrations']:,} registrations.",
            f"- Made for {p['for']}.",
            f"- Data fingerprint `{fingerprint}`, seed {p['seed']}.",
            "- Pseudonyms were made in local mode, under one key for all carriers in the data; a service "
            "says at `/health/ready` who makes its tokens.",
            "- Whether a fraud that was learned from outranks a stranger of the same weeks (0.5 is chance, a "
            f"model whose interval lies above 0.56 is refused): {memory}.",
            "",
            f"## On {p['measured_on']}",
            "",
            _MEANT[p["measured_on"]],
            "",
            "| stage | frauds known | recall at 0.1 % | ROC AUC | average precision |",
            "|---|---|---|---|---|",
            *(_row(stage, trained.metrics) for stage in STAGES),
            "",
            *_risen(trained.metrics),
            "## Use",
            "",
            "It orders registrations by suspected misuse of an identity, and asks for proof by degrees. "
            "A flag is not guilt: the holder is presumably the victim. It must not suspend a line in use, "
            "decide without a person on a `hold`, or be read as evidence against anybody.",
            "",
            "Age, sex and birthplace are not features. A person's own public office or breaches move the "
            "log-odds by at most the bounds in `policy.toml`.",
            "",
        ]
    )


def _row(stage: str, metrics: Mapping[str, Any]) -> str:
    def shown(name: str) -> str:
        value = metrics.get(f"{stage}_{name}")
        return "too few" if value is None else f"{value:.3f}"

    frauds = int(metrics.get(f"{stage}_later_frauds", 0))
    return (
        f"| {stage} | {frauds} | {shown('recall_at_0.1_percent')} | {shown('auc')} | "
        f"{shown('average_precision')} |"
    )


def _risen(metrics: Mapping[str, Any]) -> list[str]:
    """What was done since the figures above were measured."""
    rises = [metrics.get(f"{stage}_{RISE}") for stage in STAGES]
    if None in rises:
        return []
    told = ", ".join(f"{rise:.2f}" for rise in rises)
    return [
        "The boosters in use learned from this later data too. They spoke louder of people they did not learn "
        f"from than the ones measured here, by {told} log-odds by stage (0.00 also where too few rows could "
        "tell), which was taken off.",
        "",
    ]
