"""No model is served that is not whole, signed where that is asked for, and scoring as it did."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import shutil
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from detector.errors import ModelMismatch
from detector.lifecycle import STAGES
from detector.model import artefact
from detector.model.artefact import FILES, MANIFEST, save
from serve.champion import Champion
from serve.models import GOLDEN, SIGNATURE, golden_vectors, prepare, verified
from tests import tiny

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SIGNER = KEY.public_key()
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
ALL = (*sorted(FILES), MANIFEST, GOLDEN, SIGNATURE)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "sound"
    save(tiny.trained().model, out, card="# Model {version}\n")
    prepare(out, KEY)
    return out


@pytest.fixture
def spoilt(sound: Path, tmp_path: Path) -> Path:
    """A copy, free to be spoiled."""
    shutil.copytree(sound, tmp_path / "model")
    return tmp_path / "model"


def rehash(folder: Path) -> None:
    """What somebody does who can write the folder but has no signing key: a manifest that fits."""
    manifest = json.loads((folder / MANIFEST).read_text())
    files = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in manifest["files"]
    }
    manifest |= {"files": files, "version": artefact._version(files)}
    (folder / MANIFEST).write_text(json.dumps(manifest))


def test_a_sound_model_is_loaded_and_scores_as_the_one_that_was_made(sound: Path) -> None:
    model = verified(sound, SIGNER)

    vectors = golden_vectors("day_7")
    made, read = (m.evidence("day_7", vectors) for m in (tiny.trained().model, model))
    np.testing.assert_array_equal(made, read)


def test_golden_vectors_are_the_same_everywhere() -> None:
    vectors = golden_vectors("activation")

    first = hashlib.shake_256(b"simvigia golden 1 activation").digest(1)[0]
    assert vectors[0, 0] == np.float32((first - 16) ** 2) / 50
    assert np.isnan(vectors).mean() == pytest.approx(1 / 16, abs=0.01)


@pytest.mark.parametrize("name", [SIGNATURE, GOLDEN, MANIFEST])
def test_without_signature_or_what_it_covers_nothing_is_loaded(spoilt: Path, name: str) -> None:
    (spoilt / name).unlink()

    with pytest.raises(ModelMismatch):
        verified(spoilt, SIGNER)


def test_a_model_signed_by_another_hand_is_refused(spoilt: Path) -> None:
    prepare(spoilt, OTHER)

    with pytest.raises(ModelMismatch, match="not signed"):
        verified(spoilt, SIGNER)


def test_a_rewritten_model_with_a_fitting_manifest_is_not_signed(spoilt: Path) -> None:
    text = (spoilt / "activation.txt").read_text()
    (spoilt / "activation.txt").write_text(text.replace("leaf_value=", "leaf_value=9", 1))
    rehash(spoilt)

    with pytest.raises(ModelMismatch, match="not signed"):
        verified(spoilt, SIGNER)


def truncated(held: bytes, rng: random.Random, _: bytes) -> bytes:
    return held[: rng.randrange(len(held))]


def flipped(held: bytes, rng: random.Random, _: bytes) -> bytes:
    at = rng.randrange(len(held))
    return held[:at] + bytes([held[at] ^ 1 << rng.randrange(8)]) + held[at + 1 :]


def swapped(held: bytes, rng: random.Random, other: bytes) -> bytes:
    return other


def test_no_corrupted_file_is_ever_loaded(
    sound: Path, spoilt: Path, examples: int, figure: Callable[[str], None]
) -> None:
    rng = random.Random(20261123)
    refused = 0
    for _ in range(examples * 5):
        name, other = rng.sample(ALL, 2)
        how: Any = rng.choice([truncated, flipped, swapped])
        held = (sound / name).read_bytes()
        bent = how(held, rng, (sound / other).read_bytes())
        assert bent != held
        (spoilt / name).write_bytes(bent)
        with pytest.raises(ModelMismatch):
            verified(spoilt, SIGNER)
        (spoilt / name).write_bytes(held)
        refused += 1
    figure(f"corrupted model files: {refused} tried, {refused} refused, 0 loaded, 0 crashes")


def test_a_file_that_crashes_its_reader_crashes_only_the_child(spoilt: Path) -> None:
    """Without a signing key, and with a manifest made to fit: the last line of defence."""
    held = (spoilt / "day_1.txt").read_bytes()
    (spoilt / "day_1.txt").write_bytes(held[: len(held) // 2])
    rehash(spoilt)

    with pytest.raises(ModelMismatch, match="ended badly"):
        verified(spoilt)


def test_a_file_that_loads_and_scores_otherwise_is_refused(spoilt: Path) -> None:
    text = (spoilt / "day_1.txt").read_text()
    bent = re.sub(r"(?m)(?<=^leaf_value=)\S+", lambda found: found[0].replace("0.", "7.", 1), text)
    assert len(bent) == len(text) != sum(a == b for a, b in zip(bent, text, strict=True))
    (spoilt / "day_1.txt").write_text(bent)
    rehash(spoilt)

    with pytest.raises(ModelMismatch, match=r"does not score as it did .*day_1"):
        verified(spoilt)


def test_a_model_that_takes_too_long_is_refused(sound: Path) -> None:
    with pytest.raises(ModelMismatch, match="in time"):
        verified(sound, SIGNER, patience=0.01)


def test_the_model_in_use_serves_on_where_the_next_one_is_refused(
    sound: Path, spoilt: Path
) -> None:
    (spoilt / f"{STAGES[0]}.txt").write_text("")
    folders = iter([sound, spoilt])
    champion = Champion(lambda: (next(folders), ""))
    before = champion()

    champion.look()

    assert before is not None
    assert champion() is before
    assert champion.state == "degraded"


def test_answers_go_on_from_the_verified_model_while_files_are_bent(
    sound: Path, spoilt: Path, examples: int, figure: Callable[[str], None]
) -> None:
    """Model, manifest and golden files, bent under a champion that looks again while it is asked.

    No model file that was bent is taken. Without a signature, a manifest or golden scores that say the same in
    other bytes (the seventeenth digit of a number) may be: what answers is the same model.
    """
    taken: set[str] = set()
    rng, champion, stop = random.Random(3), Champion(spoilt), threading.Event()
    vectors, asked, wrong = golden_vectors(STAGES[0]), Counter[str](), list[str]()
    nobody = np.zeros(len(vectors), np.int64)
    first = champion()
    assert first is not None
    right = first.raw(STAGES[0], vectors, grade=nobody, tier=nobody)

    def ask() -> None:
        while not stop.is_set():
            model = champion()
            found = model and model.raw(STAGES[0], vectors, grade=nobody, tier=nobody)
            asked["times"] += 1
            if model is None or model.version != first.version or not np.array_equal(found, right):
                wrong.append(model.version if model else "none")

    traffic = threading.Thread(target=ask)
    traffic.start()
    try:
        for number in range(examples):
            name, other = rng.sample([*sorted(FILES), MANIFEST, GOLDEN], 2)
            how: Any = rng.choice([truncated, flipped, swapped])
            held = (sound / name).read_bytes()
            bent = how(held, rng, (sound / other).read_bytes())
            (spoilt / name).write_bytes(bent)
            os.utime(spoilt / MANIFEST, ns=(number, number))
            champion.look()
            asked[champion.state] += 1
            taken |= {name} if champion.state == "ok" else set()
            (spoilt / name).write_bytes(held)
    finally:
        stop.set()
        traffic.join()

    figure(
        f"{examples} bent model files under traffic: {asked['times']} answers, {len(wrong)} wrong"
    )
    assert wrong == []
    assert asked["degraded"] + asked["ok"] == examples
    assert taken <= {MANIFEST, GOLDEN}
    assert asked["times"] > 0


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelMismatch):
        verified(tmp_path / "none")
