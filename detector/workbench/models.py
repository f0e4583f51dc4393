"""Models in the notebooks: which one is in use, and a challenger trained, saved, logged and registered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from detector.decision import Policy
from detector.errors import BadInput, TooLittleData
from detector.model import tracking
from detector.model.artefact import Model, load, save
from detector.model.asof import AsOfTable, table_as_of
from detector.model.card import card
from detector.model.estimators import RiskClassifier
from detector.model.memory import memory
from detector.model.promotion import champion
from detector.model.recipe import Recipe
from detector.model.signing import Signer
from detector.model.splits import RollingGroupSplit
from detector.model.train import Lesson, train
from detector.model.tuning import Tuning
from detector.practice import lessons
from detector.pseudonym import Key, Pseudonymiser
from detector.registration import NEVER
from detector.workbench import charts
from detector.workbench.charts import Chart
from detector.workbench.country import Country, microseconds, moment

MODELS = Path(__file__).resolve().parents[2] / "models"
SMALL = 50_000  # registrations; a smaller country gets smaller lessons
POLICY = MODELS / "policy.toml"
KEY = "promotion.key"


def shipped() -> Model:
    """The champion that came with the engine."""
    return load(MODELS / "champion")


def budgets() -> Mapping[str, tuple[float, float, float]]:
    """The shipped policy's budgets by operation: allow_notify, step_up, hold."""
    return Policy.load(POLICY).budgets


def in_use(home: Path | str = ".") -> Model:
    """The champion: of the last promotion signed with the key in `home`, else the shipped one."""
    if not (Path(home) / KEY).exists():
        return shipped()
    into = Path(home) / "models"
    seal = signer(home).seal
    found = champion(tracking.registry(), seal, shipped=MODELS / "champion", into=into)
    return load(found.folder)


def learned_until(model: Model, country: Country) -> pd.Timestamp:
    """Until when a model learned from this country; three fifths into it where it does not say.

    (The shipped champion knows simulated countries only.)
    """
    told = model.learned_until
    known = told is not None and country.first < moment(told) < country.last
    return moment(told) if known and told is not None else country.after(0.6)


def signer(home: Path | str = ".") -> Signer:
    """The promotion key in `home`, made if there is none. Keep it away from the service."""
    path = Path(home) / KEY
    return Signer.load(path) if path.exists() else Signer.generate(path)


def suited(country: Country) -> Recipe:
    """The shipped recipe, with fewer and smaller lessons for a small country."""
    recipe = Recipe.load(MODELS / "recipe.toml")
    if len(country) >= SMALL:
        return recipe
    booster = {**recipe.booster, "num_iterations": 80}
    return replace(recipe, booster=booster, countries=1, practice_registrations=4_000)


def table(country: Country, until: pd.Timestamp | str, *, rng: np.random.Generator) -> AsOfTable:
    """The training table of activations as of a date; an `rng` without a seed numbers groups afresh."""
    at = pd.Timestamp(microseconds(until), unit="us", tz="UTC")
    return table_as_of(country.folder, at, rng=rng)


def known(made: AsOfTable) -> pd.DataFrame:
    """How many rows a table has of which kind, and what they weigh in training."""
    words = {True: "misuse", False: "legitimate"}
    kind = made.frame["fraud"].map(words).astype("object")
    silent = np.where(made.frame["matured"], "silent, matured", "silent, too young")
    kind = kind.where(made.frame["fraud"].notna(), silent)
    weight = pd.Series(made.weights(), name="weight of a row")
    shown = pd.DataFrame({"kind": kind, "weight": weight}).groupby("kind")["weight"]
    return shown.agg(rows="size", weight_of_a_row="mean").reset_index()


def folds(made: AsOfTable, splits: RollingGroupSplit) -> pd.DataFrame:
    """Each split: when it learns, when it tests, on how many rows and cases; what is shared (nothing)."""
    usable, rows = made.usable(), []
    for learned, tested in splits.split(usable.frame, groups=usable.groups()):
        one, two = usable.frame.iloc[learned], usable.frame.iloc[tested]
        shared = sum(len(set(one[g].dropna()) & set(two[g].dropna())) for g in ("identity", "pos"))
        cases = [int((side["fraud"] == True).sum()) for side in (one, two)]  # noqa: E712  NA is neither
        span = (one["at"].max(), two["at"].min(), two["at"].max())
        rows.append((*span, len(one), cases[0], len(two), cases[1], shared))
    columns = ["learned until", "tested from", "to", "rows learned", "cases learned", "rows tested",
               "cases tested", "identities or shops on both sides"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def remembers(made: AsOfTable, recipe: Recipe, *, rng: np.random.Generator) -> str:
    """Whether a booster of this recipe remembers single cases; in words, also where that cannot be told."""
    try:
        return memory(made, RiskClassifier.of(recipe), rng=rng).words
    except TooLittleData as fault:
        return f"Cannot be told: {fault}."


@dataclass(frozen=True, slots=True)
class Challenger:
    """A trained model, where it lies, its run and its version in the registry."""

    model: Model
    folder: Path
    run: str
    version: int
    metrics: dict[str, float]

    def table(self) -> pd.DataFrame:
        """What training measured, on later rows against the verdicts known so far."""
        rows = [(name, value) for name, value in self.metrics.items() if np.isfinite(value)]
        return pd.DataFrame(rows, columns=["measured on later rows", "value"])


def challenge(
    country: Country,
    until: pd.Timestamp | str,
    *,
    recipe: Recipe,
    seed: int = 1,
    home: Path | str = ".",
    tuning: Tuning | None = None,
    heard: Any = None,
) -> Challenger:
    """Train on what was known by a date, save to `challenger` in `home`, log to MLflow, register.

    The same data, date and seed give the same model, which is registered once however often this runs.
    Where `heard` is not given, what a live store stopped and released says how likely each outcome was
    to be heard.
    """
    border = microseconds(until)
    registry = tracking.registry()  # before the work: a registry that is down costs no training
    made = train(
        country.folder,
        practised(recipe, seed),
        recipe=recipe,
        policy=Policy.load(POLICY),
        until=min(border, NEVER),
        seed=seed,
        heard=country.propensity if heard is None else heard,
    )
    folder = Path(home) / "challenger"
    mark = tracking.data_fingerprint(country.folder)
    simulated = country.known.source == "truth"
    version = save(made.model, folder, card=card(made, simulated=simulated, fingerprint=mark))
    number = registry.version_of(version)
    run = registry.run_of(number) if number else ""
    if not number:
        figures = {"tuning": tuning_chart(tuning)} if tuning else {}
        tags = {"learned_until": f"{pd.Timestamp(border, unit='us'):%Y-%m-%d}"}
        run = tracking.log_run(
            made, out=folder, fingerprint=mark, version=version, tags=tags, figures=figures
        )
        number = registry.register(run, model=version, tags=tags)
    return Challenger(load(folder), folder, run, number, dict(made.metrics))


def practised(recipe: Recipe, seed: int) -> list[Lesson]:
    """The recipe's lessons, simulated anew under a key that is forgotten with them."""
    return lessons(recipe, Pseudonymiser(Key.fresh()), seed=seed)


def latest(home: Path | str = ".") -> Challenger:
    """The challenger that notebook 3 left in `home`. Raises BadInput where it left none."""
    folder = Path(home) / "challenger"
    if not folder.is_dir():
        raise BadInput("there is no challenger here yet: run 03_train_a_challenger first")
    model, registry = load(folder), tracking.registry()
    number = registry.version_of(model.version)
    if number is None:
        raise BadInput("the challenger is not in the registry: run 03_train_a_challenger again")
    return Challenger(model, folder, registry.run_of(number), number, {})


def tuning_chart(found: Tuning) -> Chart:
    """Every trial by what it reached, the recipe's own settings first."""

    def draw(axes: Any) -> None:
        trials = found.trials
        axes.plot(trials["trial"], trials["average_precision"], "o", color=charts.FIRST)
        best = trials["average_precision"].cummax()
        axes.step(trials["trial"], best, where="post", color=charts.SECOND, label="best so far")
        axes.plot(
            0, trials["average_precision"].iloc[0], "o", color=charts.ALARM, label="as shipped"
        )
        axes.set(xlabel="trial", ylabel="average precision, later weeks")
        charts.whole(axes.xaxis)
        axes.legend()

    return charts.drawn("Tuning", draw)


def leaning_chart(model: Model, *, stage: str = "activation", most: int = 18) -> Chart:
    """What a booster leans on: each feature's share of the gain."""
    booster = model.stages[stage].booster
    gain = pd.Series(booster.feature_importance("gain"), booster.feature_name())
    share = (gain / max(float(gain.sum()), 1e-9)).sort_values(ascending=False)
    return charts.bars("What the model leans on", share.head(most), x="share of the gain")
