"""A tiny simulated country and the one model trained on it: made once for each process that asks."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from detector.decision import Policy
from detector.intake import read_folder
from detector.model.artefact import Model, save
from detector.model.artefact import load as loaded
from detector.model.recipe import Recipe
from detector.model.train import Lesson, Trained, train
from detector.practice import truth_of
from detector.pseudonym import Pseudonymiser
from detector.registration import DataFolder
from detector.scoring import scores
from detector.simulate import Country, simulate, write
from tests.builders import pseudonymiser

MODELS = Path(__file__).resolve().parents[1] / "models"
REGISTRATIONS, SEED, LEARNED = 6_000, 5, 0.6
ROUNDS = 40


@cache
def tables() -> dict[str, pa.Table]:
    """The country as the simulator writes it, truth beside it."""
    return simulate(Country(), registrations=REGISTRATIONS, seed=SEED)


def on_disk(path: Path, *, without: Sequence[str] = ()) -> Path:
    """The country's data folder, without the tables named."""
    write({name: table for name, table in tables().items() if name not in without}, path)
    return path


def behind_the_door(made: dict[str, pa.Table], door: Pseudonymiser | None = None) -> DataFolder:
    """Tables read as any carrier's are, under a key that only tests use where none is given."""
    with tempfile.TemporaryDirectory() as scratch:
        write(made, Path(scratch) / "country")
        return read_folder(Path(scratch) / "country", door or pseudonymiser())


@cache
def folder() -> DataFolder:
    """The country behind the door."""
    return behind_the_door(tables())


@cache
def fraud() -> np.ndarray:
    """What each registration really was."""
    return truth_of(folder(), tables()["truth"].to_pandas())


@cache
def lesson() -> Lesson:
    """Another country, in which the truth is known."""
    made = simulate(Country(), registrations=4_000, seed=SEED + 1)
    other = behind_the_door(made)
    return Lesson(other, truth_of(other, made["truth"].to_pandas()))


def border() -> int:
    """The moment before which the model learned."""
    at = folder().registrations.at
    return int(at[int(len(at) * LEARNED)])


@cache
def policy() -> Policy:
    """The shipped one."""
    return Policy.load(MODELS / "policy.toml")


@cache
def recipe() -> Recipe:
    """The shipped one with few rounds, in which its one lesson weighs as much as any row."""
    known = Recipe.load(MODELS / "recipe.toml")
    return replace(
        known,
        booster={**known.booster, "num_iterations": ROUNDS},
        practice_honest_share=1.0,
        practice_weight=1.0,
    )


def learned(
    data: DataFolder,
    lessons: Sequence[Lesson] = (),
    *,
    until: int,
    seed: int = 1,
    elsewhere: bool = False,
) -> Trained:
    """A model of that data by the tiny recipe."""
    return train(
        data,
        lessons,
        recipe=recipe(),
        policy=policy(),
        until=until,
        seed=seed,
        elsewhere=elsewhere,
    )


@cache
def trained() -> Trained:
    """Learned from the country's first part and one lesson."""
    return learned(folder(), [lesson()], until=border())


@cache
def model() -> Model:
    """The trained model as a folder gives it back."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "model"
        save(trained().model, out, card="tiny")
        return loaded(out)


def scored(data: DataFolder, *, start: int | None = None) -> pd.DataFrame:
    """The model's scores of that data."""
    return pa.concat_tables(scores(data, model(), start=start)).to_pandas()


@cache
def all_scores() -> pd.DataFrame:
    """The scores of the whole country."""
    return scored(folder())
