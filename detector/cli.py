"""The commands. Heavy libraries load inside a command, so that `--help` answers at once."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from detector.console import FILE, FOLDER, SEED, Moment, Program, bars, check_place
from detector.errors import BadInput
from detector.simulating import simulate

if TYPE_CHECKING:
    import pandas as pd

    from detector.decision import Policy
    from detector.model.recipe import Recipe
    from detector.model.train import Lesson
    from detector.pseudonym import Pseudonymiser
    from detector.registration import DataFolder

MODELS = Path(__file__).resolve().parent.parent / "models"
CHAMPION = MODELS / "champion"
KEY_HELP = (
    "File with the pseudonym key; else SIMVIGIA_KEY_FILE or SIMVIGIA_KEY. Without one, this run makes "
    "its own and forgets it: scores are the same under any key."
)


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="simvigia")
def main() -> None:
    """Find SIM lines registered in the name of somebody who never asked for them."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # nothing here calls home


main.add_command(simulate)


@main.command()
@click.option("--data", type=FOLDER, required=True, help="Data folder to learn from.")
@click.option("--out", type=FOLDER, required=True, help="Model folder to write.")
@click.option(
    "--until", type=Moment(), help="Learn from what was known by then. Default: everything."
)
@SEED
@click.option("--key-file", type=FILE, help=KEY_HELP)
@click.option("--recipe", type=FILE, default=MODELS / "recipe.toml", help="How to train.")
@click.option(
    "--policy", type=FILE, default=MODELS / "policy.toml", help="Budgets of false alarms."
)
@click.option("--simulated", is_flag=True, help="Say in the card that the data are simulated.")
@click.option("--practice/--no-practice", default=True, show_default=True,
              help="Also learn from simulated countries.")  # fmt: skip
@click.option(
    "--elsewhere",
    is_flag=True,
    help="The model is for other countries than the data's: it learns from simulated ones alone, and its "
    "thresholds are set on those of authors left out in turn.",
)
def train(
    *,
    data: Path,
    out: Path,
    until: int | None,
    seed: int,
    key_file: Path | None,
    recipe: Path,
    policy: Path,
    simulated: bool,
    practice: bool,
    elsewhere: bool,
) -> None:
    """Learn a model, log the run to MLflow and write the model folder."""
    from detector.decision import Policy
    from detector.model.artefact import check_room, save
    from detector.model.card import card
    from detector.model.recipe import Recipe
    from detector.model.tracking import data_fingerprint, log_run

    check_place(out)
    check_room(out)
    wanted, budgets = Recipe.load(recipe), Policy.load(policy)
    with bars() as report:
        folder = _read(data, key_file, out, report)
        known = _lessons(wanted, key_file, seed, (), report) if practice else []
        trained = _trained(
            folder,
            known,
            recipe=wanted,
            policy=budgets,
            until=until,
            seed=seed,
            elsewhere=elsewhere,
            report=report,
        )
    fingerprint = data_fingerprint(folder)
    text = card(trained, simulated=simulated, fingerprint=fingerprint, memory=trained.memory)
    version = save(trained.model, out, card=text)
    run = log_run(trained, out=out, fingerprint=fingerprint, version=version)
    click.echo(f"model {version} in {out}, MLflow run {run}")
    for name, value in trained.metrics.items():
        if name.endswith("recall_at_0.1_percent"):
            click.echo(f"  {name}: {value:.3f} ({trained.parameters['measured_on']})")


@main.command()
@click.option("--model", type=FOLDER, default=CHAMPION, help="Model folder. Default: the champion.")
@click.option("--data", type=FOLDER, required=True, help="Data folder to replay.")
@click.option("--out", type=FILE, required=True, help="Scores to write, .parquet or .csv.")
@click.option(
    "--from", "start", type=Moment(), help="Score from then on; everything before is history."
)
@click.option("--key-file", type=FILE, help=KEY_HELP)
def score(model: Path, data: Path, out: Path, start: int | None, key_file: Path | None) -> None:
    """Replay a data folder in time order and write scores with reasons."""
    from detector.model.artefact import load
    from detector.output import check_target, write_scores
    from detector.scoring import scores

    check_place(out)
    check_target(out)
    known = load(model)
    with bars() as report:
        folder = _read(data, key_file, out, report)
        tables = scores(folder, known, start=start, progress=lambda s: report("Scoring", s))
        counts = write_scores(tables, out)
    click.echo(f"{sum(counts.values()):,} scores in {out}")
    for decision, count in counts.items():
        click.echo(f"  {decision}: {count:,}")


@main.command()
@click.option("--scores", type=FILE, required=True, help="What `score` wrote.")
@click.option("--data", type=FOLDER, required=True, help="The data folder that was scored.")
@click.option("--out", type=click.Path(path_type=Path), help="Report to write (.html and .json).")
@click.option("--from", "start", type=Moment(), help="Evaluate registrations from then on.")
@click.option(
    "--baselines", is_flag=True, help="Compare with simple baselines, trained before --from."
)
@click.option("--leave-out", is_flag=True, help="Train again without each pattern and look for it.")
@SEED
def evaluate(
    *,
    scores: Path,
    data: Path,
    out: Path | None,
    start: int | None,
    baselines: bool,
    leave_out: bool,
    seed: int,
) -> None:
    """Measure scores against truth, or against matured verdicts where there is none."""
    import pandas as pd

    from detector.model import evaluate as measured
    from detector.model import report as reported

    if out:
        check_place(out)
    found = measured.evaluate(
        measured.read_scores(scores),
        data,
        start=None if start is None else pd.Timestamp(start, unit="us", tz="UTC"),
        baselines=baselines,
        leave_out=_left_out(data, out or data, start, seed) if leave_out else None,
        progress=_step,
    )
    if out:
        reported.write(found, out)
    click.echo(reported.summary(found))


@main.command()
@click.option("--out", type=FILE, help="File to write. Default: to the terminal.")
def catalogue(out: Path | None) -> None:
    """Every feature, rule and reason the engine knows, as Markdown."""
    from detector.catalogue import text

    if out is None:
        click.echo(text())
    else:
        check_place(out)
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text(), "utf-8")


@main.command()
@click.option(
    "--out", type=FOLDER, default=Path("demo"), show_default=True, help="Folder to work in."
)
@click.option(
    "--registrations",
    type=click.IntRange(5_000),
    default=40_000,
    show_default=True,
    help="How many.",
)
@click.option("--seed", type=int, default=7, show_default=True, help="Number to draw by.")
@click.pass_context
def demo(context: click.Context, out: Path, registrations: int, seed: int) -> None:
    """The whole job from nothing: simulate, learn, score, explain, serve."""
    from detector.demo import run

    check_place(out)
    with bars() as report:
        told = run(out, registrations=registrations, seed=seed, models=MODELS, progress=report)
    click.echo(told)
    rehearse = main.get_command(context, "rehearse")  # where a service is installed too
    if rehearse is not None:
        click.echo(
            "\nNow the same country as carriers meet it: over HTTP, scored by the champion.\n"
        )
        context.invoke(rehearse, data=out / "country", out=out / "service")


def _pseudonymiser(key_file: Path | None) -> Pseudonymiser:
    from detector.errors import KeyMissing
    from detector.pseudonym import Key, Pseudonymiser

    try:
        return Pseudonymiser(Key.load(key_file))
    except KeyMissing:
        if key_file is not None:
            raise
        return Pseudonymiser(Key.fresh())


def _step(step: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"{step} …", err=True)


def _read(
    data: Path, key_file: Path | None, out: Path, report: Callable[[str, float], None]
) -> DataFolder:
    """The folder behind the door; what was rejected goes beside the output."""
    from detector.intake import read_folder, write_rejections

    folder = read_folder(
        data, _pseudonymiser(key_file), progress=lambda share: report("Reading", share)
    )
    for warning in folder.warnings:
        click.echo(f"simvigia: {warning}", err=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    written = write_rejections(folder.rejections, out, data)
    if not len(folder.registrations):
        raise BadInput(f"no registration in {data} could be taken; {written[0]} says why")
    lost = Counter(f"{rejection.table}.rejected" for rejection in folder.rejections)
    for file in written:
        click.echo(f"simvigia: rows that were rejected: {lost[file.stem]:,}, see {file}", err=True)
    return folder


def _left_out(data: Path, out: Path, start: int | None, seed: int) -> Callable[[str], pd.DataFrame]:
    """How to score with a model that never saw a pattern: neither in the data's verdicts nor in lessons."""
    from detector.decision import Policy
    from detector.model.recipe import Recipe
    from detector.practice import other_impressions, scores_without

    recipe, policy = Recipe.load(MODELS / "recipe.toml"), Policy.load(MODELS / "policy.toml")
    folder = _read(data, None, out, _quiet)
    border = start if start is not None else int(folder.registrations.at[0])

    def scored(pattern: str) -> pd.DataFrame:
        with other_impressions(recipe, _pseudonymiser(None), without=(pattern,)):
            return scores_without(
                pattern,
                folder,
                data,
                lessons=_lessons(recipe, None, seed, (pattern,), _quiet),
                train=lambda cut, known: _trained(
                    cut,
                    known,
                    recipe=recipe,
                    policy=policy,
                    until=border,
                    seed=seed,
                    report=_quiet,
                ),
                start=border,
            )

    return scored


def _quiet(_what: str, _share: float) -> None:
    """Progress of a part that reports as a whole."""


def _lessons(
    recipe: Recipe,
    key_file: Path | None,
    seed: int,
    without: tuple[str, ...],
    report: Callable[[str, float], None],
) -> list[Lesson]:
    from detector.practice import lessons

    return lessons(
        recipe,
        _pseudonymiser(key_file),
        seed=seed,
        without=without,
        progress=lambda share: report("Simulating lessons", share),
    )


def _trained(
    folder: DataFolder,
    known: list[Lesson],
    *,
    recipe: Recipe,
    policy: Policy,
    until: int | None,
    seed: int,
    elsewhere: bool = False,
    report: Callable[[str, float], None],
) -> Any:
    from detector.model.train import train as trained

    return trained(
        folder,
        known,
        recipe=recipe,
        policy=policy,
        until=sys.maxsize if until is None else until,
        seed=seed,
        elsewhere=elsewhere,
        progress=report,
    )
