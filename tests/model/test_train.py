"""Training: the same again for the same data and seed, blind to what came later, honest about too little."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from detector.errors import BadInput, TooLittleData
from detector.lifecycle import STAGES
from detector.model import train
from detector.model.artefact import MANIFEST, save
from detector.model.card import card
from detector.model.dataset import UNLABELLED, as_known, verdicts
from detector.model.hindsight import HINDSIGHT
from detector.model.material import lesson_rows
from detector.model.recipe import Recipe
from detector.model.train import LEAST_ROWS, Trained
from detector.pseudonym import Key, Pseudonymiser
from detector.registration import NEVER, DataFolder, Labels
from detector.signals import features
from tests import tiny


@cache
def without_lessons() -> Trained:
    """Learned from the tiny country's own verdicts alone."""
    return tiny.learned(tiny.folder(), until=tiny.border())


def content(trained: Trained, out: Path) -> bytes:
    """The bytes of the model's files."""
    save(trained.model, out, card="")
    return b"".join(file.read_bytes() for file in sorted(out.iterdir()))


def unlabelled(folder: DataFolder) -> DataFolder:
    return replace(folder, labels=folder.labels.take(np.zeros(0, np.int64)))


def with_verdict(folder: DataFolder, *, decided_at: int) -> DataFolder:
    """The folder with verdicts of fraud on 300 registrations of which nobody has spoken."""
    known = verdicts(folder.labels, len(folder.registrations))
    rows = np.append(folder.labels.row, np.flatnonzero(known == UNLABELLED)[:300]).astype(np.int32)
    more = len(rows) - len(folder.labels)
    at = np.append(folder.labels.at, np.full(more, decided_at))
    order = np.lexsort((at, rows))
    told = Labels(
        rows,
        at,
        np.append(folder.labels.fraud, np.ones(more, bool)),
        np.zeros(len(rows), np.int8),
        np.full(len(rows), np.nan, np.float32),
        np.zeros(len(rows), np.bool_),
    )
    return replace(folder, labels=told.take(order))


def test_the_same_data_and_seed_give_the_same_model_file(tmp_path: Path) -> None:
    again = tiny.learned(tiny.folder(), until=tiny.border())

    assert content(again, tmp_path / "b") == content(without_lessons(), tmp_path / "a")


def test_the_model_is_the_same_under_any_key(tmp_path: Path) -> None:
    """Also with verdicts enough that training asks whether it remembers them, half against half."""
    one, other = (tiny.behind_the_door(tiny.tables(), Pseudonymiser(Key.fresh())) for _ in range(2))
    told = [with_verdict(folder, decided_at=tiny.border() - 1) for folder in (one, other)]
    learned = [tiny.learned(folder, until=tiny.border()) for folder in told]

    assert "cannot be told" not in learned[0].memory
    assert content(learned[0], tmp_path / "a") == content(learned[1], tmp_path / "b")


def test_another_seed_gives_another_model(tmp_path: Path) -> None:
    other = tiny.learned(tiny.folder(), until=tiny.border(), seed=2)

    assert content(other, tmp_path / "b") != content(without_lessons(), tmp_path / "a")


def test_what_came_after_the_date_changes_nothing(tmp_path: Path) -> None:
    past = as_known(tiny.folder(), tiny.border())

    trained = tiny.learned(past, until=tiny.border())

    assert content(trained, tmp_path / "b") == content(without_lessons(), tmp_path / "a")


def test_a_verdict_that_became_known_after_the_date_changes_nothing(tmp_path: Path) -> None:
    told = with_verdict(tiny.folder(), decided_at=tiny.border() + 1)

    trained = tiny.learned(told, until=tiny.border())

    assert content(trained, tmp_path / "b") == content(without_lessons(), tmp_path / "a")


def test_a_verdict_known_by_the_date_changes_the_model(tmp_path: Path) -> None:
    told = with_verdict(tiny.folder(), decided_at=tiny.border())

    trained = tiny.learned(told, until=tiny.border())

    assert content(trained, tmp_path / "b") != content(without_lessons(), tmp_path / "a")


def test_a_handful_of_registrations_is_too_little(tmp_path: Path) -> None:
    at = tiny.folder().registrations.at

    with pytest.raises(TooLittleData, match=f"at least {LEAST_ROWS} registrations"):
        tiny.learned(tiny.folder(), [tiny.lesson()], until=int(at[LEAST_ROWS - 1]))


def test_neither_verdicts_nor_lessons_is_too_little() -> None:
    with pytest.raises(TooLittleData, match="verdicts of fraud, or lessons"):
        tiny.learned(unlabelled(tiny.folder()), until=tiny.border())


def test_lessons_alone_are_enough_and_the_probabilities_stay_sane() -> None:
    data = unlabelled(tiny.folder())

    model = tiny.learned(data, [tiny.lesson()], until=tiny.border()).model

    vectors = np.full((1, model.stages["activation"].booster.num_feature()), np.nan, np.float32)
    assert 0 <= model.probability("activation", model.evidence("activation", vectors))[0] < 0.5


def test_a_model_for_elsewhere_is_another_and_says_so(tmp_path: Path) -> None:
    abroad = tiny.learned(tiny.folder(), [tiny.lesson()], until=tiny.border(), elsewhere=True)

    assert content(abroad, tmp_path / "abroad") != content(tiny.trained(), tmp_path / "here")
    told = card(abroad, simulated=True, fingerprint="f", memory=abroad.memory)
    assert "Made for other countries" in told
    assert "was shown no verdict" in told
    assert "Made for the country of its data" in card(
        tiny.trained(), simulated=True, fingerprint="f"
    )


def test_a_model_for_elsewhere_needs_lessons() -> None:
    with pytest.raises(TooLittleData, match="or lessons"):
        tiny.learned(tiny.folder(), until=tiny.border(), elsewhere=True)


def test_of_a_lesson_all_misuse_and_a_share_of_the_honest_is_learned_from() -> None:
    lesson, recipe = tiny.lesson(), replace(tiny.recipe(), practice_honest_share=0.25)

    made = train._lesson_table(lesson, recipe, np.random.default_rng(1), looks=True)
    found = made[STAGES[0]]
    assert made[HINDSIGHT].row.tolist() == found.row.tolist(), "everybody is looked at again"
    rows = lesson_rows(found, 2.0, recipe, standing=False)

    honest = int((~lesson.fraud).sum())
    assert rows.fraud.sum() == lesson.fraud.sum()
    assert (rows.fraud == 0).sum() == pytest.approx(honest / 4, rel=0.2)
    assert rows.weight[rows.fraud == 0].sum() == pytest.approx(2.0 * honest, rel=0.2)
    assert set(rows.weight[rows.fraud == 1]) == {2.0}


def test_without_a_date_everything_is_learned_from() -> None:
    trained = tiny.learned(tiny.folder(), until=NEVER)

    assert trained.parameters["registrations"] == len(tiny.folder().registrations)
    assert trained.parameters["labels"] == len(tiny.folder().labels)


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_has_a_model_thresholds_and_figures(stage: str) -> None:
    trained = tiny.trained()

    assert trained.model.stages[stage].booster.num_trees() == tiny.ROUNDS
    assert any(key[0] == stage for key in trained.model.thresholds.table)
    assert trained.metrics[f"{stage}_later_rows"] > 0


def test_a_riskier_value_never_lowers_the_evidence() -> None:
    """The direction that the domain is sure of holds in the booster and in the novelty."""
    rng = np.random.default_rng(2)
    wanted = features("activation")
    vectors = rng.exponential(3, (400, len(wanted))).astype(np.float32)
    riskier = vectors.copy()
    for i, f in enumerate(wanted):
        riskier[:, i] += f.monotone * rng.exponential(3, 400)

    model = tiny.model()

    difference = model.evidence("activation", riskier) - model.evidence("activation", vectors)
    assert (difference >= -1e-9).all()
    assert (difference > 0).any()


def test_ones_own_status_moves_the_odds_within_the_policys_bounds() -> None:
    model, n = tiny.model(), 5
    vectors = np.zeros((n, len(features("activation"))), np.float32)
    grades = np.arange(n)

    plain = model.evidence("activation", vectors)
    official = model.raw("activation", vectors, grade=grades, tier=np.ones(n))

    most = tiny.policy().official + tiny.policy().breached
    assert ((official - plain >= 0) & (official - plain <= most + 1e-12)).all()


@pytest.mark.parametrize("spoil", ["", "[booster", "[booster]\nnum_leaves = 3"])
def test_a_bad_recipe_is_one_clear_line(spoil: str, tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text(spoil, "utf-8")

    with pytest.raises(BadInput, match=r"^recipe recipe\.toml cannot be used[^\n]+$"):
        Recipe.load(tmp_path / "recipe.toml")


def test_the_model_folder_holds_text_only(tmp_path: Path) -> None:
    save(tiny.trained().model, tmp_path / "model", card="")

    names = {file.name for file in (tmp_path / "model").iterdir()}
    assert names == {MANIFEST, "card.md", "settings.json", *(f"{s}.txt" for s in STAGES)}
