"""Lessons: simulated countries of several lands, each drawn differently, in which the truth is known.

A model that also learns from them knows attacks that the data's few verdicts have not shown yet.
Lessons pass the same door as any data, under a key that is forgotten with them.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from detector import folder as files
from detector import impression
from detector.errors import BadInput
from detector.intake import read_folder
from detector.lands import HOME
from detector.lands.countries import tables
from detector.model.impressions import booster
from detector.model.recipe import Recipe
from detector.model.train import Lesson, Trained
from detector.pseudonym import Pseudonymiser
from detector.registration import DataFolder
from detector.scoring import scores
from detector.simulate import write

SEEDS = 7_919  # apart from the seeds that people use for their own countries
IMPRESSIONS = 40_009  # the seed of countries that teach impressions, and no model anything


def lessons(
    recipe: Recipe,
    pseudonymiser: Pseudonymiser,
    *,
    seed: int,
    without: Collection[str] = (),
    progress: Callable[[float], None] | None = None,
) -> list[Lesson]:
    """The recipe's countries, simulated anew for a seed, without the patterns left out.

    What is left out at home may be taught elsewhere under another name: then all lessons are home's.
    """
    lands = (HOME,) if without else recipe.lands
    made = []
    for number in range(recipe.countries):
        land = lands[number % len(lands)]
        made.append(_lesson(land, recipe, pseudonymiser, (seed + 1) * SEEDS + number, without))
        if progress:
            progress((number + 1) / recipe.countries)
    return made


def _lesson(
    land: str, recipe: Recipe, pseudonymiser: Pseudonymiser, seed: int, without: Collection[str]
) -> Lesson:
    made = tables(land, registrations=recipe.practice_registrations, seed=seed, without=without)
    with tempfile.TemporaryDirectory() as scratch:
        write(made, Path(scratch) / "lesson")
        folder = read_folder(Path(scratch) / "lesson", pseudonymiser)
    return Lesson(folder, truth_of(folder, made["truth"].to_pandas()), land)


def impressions(
    recipe: Recipe,
    pseudonymiser: Pseudonymiser,
    out: Path,
    *,
    without: Collection[str] = (),
    progress: Callable[[float], None] | None = None,
) -> Path:
    """Write the booster of impressions, as it is without the patterns left out."""
    taught = lessons(recipe, pseudonymiser, seed=IMPRESSIONS, without=without, progress=progress)
    known = [(lesson.folder, lesson.fraud) for lesson in taught]
    made = booster(known, recipe, np.random.default_rng(IMPRESSIONS))
    out.write_text(made.model_to_string(), "utf-8")
    return out


@contextlib.contextmanager
def other_impressions(
    recipe: Recipe, pseudonymiser: Pseudonymiser, *, without: Collection[str] = ()
) -> Iterator[None]:
    """For a while impressions are made as by somebody who never saw these patterns, or lands that the recipe
    leaves out. Without it what is left out would be known from its impressions."""
    with tempfile.TemporaryDirectory() as scratch:
        made = impressions(recipe, pseudonymiser, Path(scratch) / "made.txt", without=without)
        with impression.in_force(made):
            yield


def scores_without(
    pattern: str,
    folder: DataFolder,
    data: Path,
    *,
    lessons: list[Lesson],
    train: Callable[[DataFolder, list[Lesson]], Trained],
    start: int,
) -> pd.DataFrame:
    """Scores from `start` on by a model that never saw `pattern`.

    Its registrations before `start` lose their verdicts, so the model learns from no example of it;
    as history they stay, because the attackers did not vanish.
    """
    path = files.table_path(data, "truth")
    if path is None:
        raise BadInput(
            f"{data} has no truth, so it does not say which pattern a registration belongs to"
        )
    truth = files.columns(path, ("registration_id", "carrier_id", "fraud", "pattern"))
    seen = truth_of(folder, truth[truth["pattern"] == pattern])
    silenced = replace(folder, labels=folder.labels.take(~seen[folder.labels.row]))
    model = train(silenced, lessons).model
    scored: pd.DataFrame = pa.concat_tables(scores(folder, model, start=start)).to_pandas()
    return scored


def truth_of(folder: DataFolder, truth: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether each registration of a folder is fraud, from a table of truth."""
    own = folder.registrations
    names = pd.Series(own.carriers, dtype=object)
    keys = pd.DataFrame(
        {
            "registration_id": own.registration_id.to_pandas().astype(object),
            "carrier_id": names.to_numpy()[own.carrier],
        }
    )
    wanted = truth[["registration_id", "carrier_id", "fraud"]].astype({"carrier_id": object})
    joined = keys.merge(wanted, how="left", on=["registration_id", "carrier_id"])
    found: NDArray[np.bool_] = joined["fraud"].fillna(False).to_numpy(dtype=bool)
    return found
