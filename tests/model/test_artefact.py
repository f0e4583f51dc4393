"""A model on disk: the same once read, and refused where it is not the one that was written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from detector.errors import BadInput, ModelMismatch
from detector.lifecycle import STAGES
from detector.model.artefact import CARD, MANIFEST, load, save
from tests import tiny

FILES = [*(f"{stage}.txt" for stage in STAGES), "settings.json"]


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """The tiny model's folder, free to be spoiled."""
    out = tmp_path / "model"
    save(tiny.trained().model, out, card="# Model {version}\n")
    return out


def spoil_manifest(folder: Path, **changes: object) -> None:
    path = folder / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


@pytest.mark.parametrize("stage", STAGES)
def test_a_model_that_was_read_scores_as_the_one_that_was_written(
    stage: str, written: Path
) -> None:
    made, read = tiny.trained().model, load(written)
    vectors = vectors_of(stage)
    own = {"grade": np.full(len(vectors), 2), "tier": np.arange(len(vectors)) % 2}

    scores = [m.probability(stage, m.raw(stage, vectors, **own)) for m in (made, read)]

    assert len(np.unique(scores[0])) > 5
    np.testing.assert_array_equal(scores[0], scores[1])


def test_thresholds_and_bounds_are_read_as_written(written: Path) -> None:
    made, read = tiny.trained().model, load(written)

    assert read.thresholds == made.thresholds
    assert (read.official, read.breached) == (made.official, made.breached)
    assert read.novelty_weight == made.novelty_weight


def test_its_version_is_its_content(written: Path, tmp_path: Path) -> None:
    again = save(tiny.trained().model, tmp_path / "again", card="another card")
    version = json.loads((written / MANIFEST).read_text("utf-8"))["version"]

    assert again == version == load(written).version
    assert (written / CARD).read_text("utf-8") == f"# Model {version}\n"


@pytest.mark.parametrize("name", FILES)
def test_one_changed_byte_is_seen(name: str, written: Path) -> None:
    content = bytearray((written / name).read_bytes())
    content[len(content) // 2] ^= 1
    (written / name).write_bytes(content)

    assert_refused(written, rf"{name} is damaged")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "spoil",
    [lambda path: path.write_bytes(path.read_bytes()[:-1]), lambda path: path.unlink()],
    ids=["truncated", "gone"],
)
def test_a_truncated_or_missing_file_is_seen(
    name: str, spoil: Callable[[Path], object], written: Path
) -> None:
    spoil(written / name)

    assert_refused(written, rf"{name} is damaged")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"format": 1}'], ids=["empty", "cut", "list", "bare", "part"]
)
def test_a_manifest_that_cannot_be_read_is_refused(text: str, written: Path) -> None:
    (written / MANIFEST).write_text(text, "utf-8")

    assert_refused(written, "no readable model manifest")


def test_a_manifest_that_forgot_a_file_is_refused(written: Path) -> None:
    manifest = json.loads((written / MANIFEST).read_text("utf-8"))
    (written / FILES[0]).write_text("not a booster", "utf-8")
    del manifest["files"][FILES[0]]
    spoil_manifest(written, files=manifest["files"])

    assert_refused(written, "manifest does not fit its files")


@pytest.mark.parametrize("fact", ["version", "files"])
def test_a_changed_fact_in_the_manifest_is_seen(fact: str, written: Path) -> None:
    other = {"version": "0" * 12, "files": dict.fromkeys(FILES, "0" * 64)}

    spoil_manifest(written, **{fact: other[fact]})

    assert_refused(written, "manifest does not fit its files")


def test_a_model_of_another_feature_set_is_refused(written: Path) -> None:
    spoil_manifest(written, features="0123456789abcdef")

    assert_refused(written, "made for feature set 0123456789abcdef.*train again")


def test_a_model_of_another_format_is_refused(written: Path) -> None:
    spoil_manifest(written, format=99)

    assert_refused(written, "model format is 99")


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    assert_refused(tmp_path, "no readable model manifest")
    assert_refused(tmp_path / "nowhere", "there is no model folder nowhere")


def test_a_new_model_takes_the_place_of_the_old(written: Path) -> None:
    (written / "settings.json").write_text("spoilt", "utf-8")

    save(tiny.trained().model, written, card="")

    assert load(written).version


def test_a_folder_of_something_else_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    letter = tmp_path / "letters" / "letter.txt"
    letter.write_text("dear", "utf-8")

    with pytest.raises(BadInput, match="holds something else"):
        save(tiny.trained().model, tmp_path / "letters", card="")

    assert letter.read_text("utf-8") == "dear"


def assert_refused(folder: Path, words: str) -> None:
    with pytest.raises(ModelMismatch, match=words) as refusal:
        load(folder)
    assert "\n" not in str(refusal.value)


def vectors_of(stage: str) -> np.ndarray:
    """Real vectors of the tiny country, and one of which nothing is known."""
    columns = tiny.model().stages[stage].booster.num_feature()
    rng = np.random.default_rng(1)
    vectors = np.round(rng.exponential(3, (200, columns))).astype(np.float32)
    vectors[rng.random(vectors.shape) < 0.2] = np.nan
    vectors[-1] = np.nan
    return vectors
