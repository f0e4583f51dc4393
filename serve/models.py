"""A model is served only after a child process has loaded it and scored as it did when it was made.

LightGBM crashes the process that reads a truncated model file, and reads some damaged ones without a
word. So: the folder is copied to where nobody else writes; signature and hashes are checked on the
copy; a child process loads it and scores the golden vectors; this process loads the same copy and
scores them too; only then it is handed out. Whatever fails, the model in use serves on.
"""

from __future__ import annotations

import hashlib
import json
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from numpy.typing import NDArray

from detector.errors import BadInput, ModelMismatch
from detector.lifecycle import STAGES
from detector.model.artefact import FILES, MANIFEST, Model, load
from detector.signals import features

GOLDEN, SIGNATURE = "golden.json", "signature.bin"
ROWS = 512
TOLERANCE = 1e-12
PATIENCE = 300.0  # seconds for a child to import, load and score: 3 s, far more on a busy machine
MEMORY = 8 << 30  # bytes of address space: a damaged file may ask for any amount
LARGEST_FILE = 256 << 20
# Answers come first: it gives way to them before it imports anything.
CHILD = "import os, sys; os.nice(5); from serve.models import main; sys.exit(main(sys.argv[1:]))"


def prepare(folder: Path, key: Ed25519PrivateKey | None = None) -> None:
    """Write what `verified` compares with: golden scores, and a signature where there is a key.

    Called once by whoever made the model, on the machine that made it.
    """
    (folder / GOLDEN).write_text(json.dumps(_golden(load(folder))) + "\n", "utf-8")
    if key is not None:
        (folder / SIGNATURE).write_bytes(key.sign(_signed_text(folder)))


def verified(
    folder: Path, signer: Ed25519PublicKey | None = None, *, patience: float = PATIENCE
) -> Model:
    """The model in a folder once everything about it holds. Raises ModelMismatch saying what does not.

    With `signer` a signature and golden scores are required; without, they are compared where present.
    """
    with tempfile.TemporaryDirectory(prefix="simvigia-model-") as scratch:
        copy = Path(scratch) / "model"
        _copy(folder, copy)
        if signer is not None:
            _check_signature(copy, signer)
        _check_hashes(copy)
        expected = _expected(copy, required=signer is not None)
        seen = _scored_apart(copy, patience)
        _compare(expected or seen, seen)
        model = _loaded(copy)
        _compare(expected or seen, _golden(model))
    return model


def _copy(folder: Path, copy: Path) -> None:
    if not folder.is_dir():
        raise ModelMismatch(f"there is no model folder {folder.name}")
    copy.mkdir(mode=0o700)
    for name in (*sorted(FILES), MANIFEST, GOLDEN, SIGNATURE):
        path = folder / name
        if not path.is_file():
            continue
        if path.stat().st_size > LARGEST_FILE:
            raise ModelMismatch(f"model file {name} is larger than any model")
        shutil.copyfile(path, copy / name)


def _signed_text(folder: Path) -> bytes:
    """Both hashes that everything else follows from."""
    hashes = [hashlib.sha256(_bytes(folder / name)).hexdigest() for name in (MANIFEST, GOLDEN)]
    return f"simvigia model\n{hashes[0]}\n{hashes[1]}\n".encode()


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise ModelMismatch(f"the model lacks its file {path.name}") from None


def _check_signature(folder: Path, signer: Ed25519PublicKey) -> None:
    try:
        signer.verify(_bytes(folder / SIGNATURE), _signed_text(folder))
    except InvalidSignature:
        raise ModelMismatch("the model is not signed by the key that this engine trusts") from None


def _check_hashes(folder: Path) -> None:
    try:
        files = dict(json.loads(_bytes(folder / MANIFEST))["files"])
    except (ValueError, KeyError, TypeError):
        raise ModelMismatch("the model has no readable manifest") from None
    if set(files) != FILES:
        raise ModelMismatch("the model manifest does not fit its files")
    for name, expected in files.items():
        if hashlib.sha256(_bytes(folder / name)).hexdigest() != expected:
            raise ModelMismatch(f"model file {name} is damaged or not the one that was written")


Scores = dict[str, list[str]]


def _expected(folder: Path, *, required: bool) -> Scores | None:
    if not required and not (folder / GOLDEN).is_file():
        return None
    try:
        held = json.loads(_bytes(folder / GOLDEN))
        return {stage: [float.fromhex(v).hex() for v in held[stage]] for stage in STAGES}
    except (ValueError, KeyError, TypeError, OverflowError):
        raise ModelMismatch("the model's golden scores cannot be read") from None


def _scored_apart(folder: Path, patience: float) -> Scores:
    """Golden scores as a child process gives them; its death is only a refusal here."""
    command = [sys.executable, "-c", CHILD, str(folder)]
    try:
        child = subprocess.run(command, capture_output=True, timeout=patience, check=False)
    except subprocess.TimeoutExpired:
        raise ModelMismatch("the model did not load in time") from None
    if child.returncode:
        raise ModelMismatch("the model cannot be loaded: the process that tried ended badly")
    try:
        made: Scores = json.loads(child.stdout)
    except ValueError:
        raise ModelMismatch(
            "the model cannot be loaded: the process that tried was not understood"
        ) from None
    return made


def _compare(expected: Scores, seen: Scores) -> None:
    for stage in STAGES:
        one, other = (_numbers(scores.get(stage, [])) for scores in (expected, seen))
        sound = len(one) == len(other) == ROWS and bool(np.isfinite(other).all())
        if not sound or float(np.max(np.abs(one - other))) > TOLERANCE:
            raise ModelMismatch(f"the model does not score as it did when it was made ({stage})")


def _numbers(texts: list[str]) -> NDArray[np.float64]:
    return np.array([float.fromhex(text) for text in texts])


def _loaded(folder: Path) -> Model:
    try:
        return load(folder)
    except BadInput:
        raise
    except Exception:  # noqa: BLE001 - a library's complaint may be of any kind, and may quote the file
        raise ModelMismatch("the model cannot be loaded") from None


def _golden(model: Model) -> Scores:
    """Calibrated scores of the golden vectors, exact to the bit."""
    made: dict[str, list[str]] = {}
    for stage in STAGES:
        vectors = golden_vectors(stage)
        grade = np.arange(ROWS) % 5
        raw = model.raw(stage, vectors, grade=grade, tier=np.arange(ROWS) % 2)
        made[stage] = [float(score).hex() for score in model.probability(stage, raw)]
    return made


def golden_vectors(stage: str) -> NDArray[np.float32]:
    """Made-up rows that are the same everywhere and for good; a sixteenth of the values is missing.

    A byte of SHAKE-256 per value: 0 to 1146, denser near 0, as counts are.
    """
    width = len(features(stage))
    drawn = hashlib.shake_256(f"simvigia golden 1 {stage}".encode()).digest(ROWS * width)
    values = np.frombuffer(drawn, np.uint8).astype(np.float32).reshape(ROWS, width)
    return np.where(values < 16, np.float32(np.nan), np.square(values - 16) / 50)


def main(arguments: list[str]) -> int:
    """The child: load, score, print. Leaves no core file and takes only so much memory."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    scores: Any = _golden(load(Path(arguments[0])))
    sys.stdout.write(json.dumps(scores))
    return 0
