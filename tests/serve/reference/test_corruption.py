"""Reference tables bent on disk while they are asked: the old ones answer on, no bent one is ever used.

`SIMVIGIA_EXAMPLES=1000` bends them as many times.
"""

from __future__ import annotations

import shutil
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from detector.errors import BadInput
from serve.reference.known import Known
from serve.reference.live import in_force
from serve.reference.places import Folder
from tests.serve.reference.telling import SECRET, at, identities
from tests.serve.reference.test_reference import filled


def bent(path: Path, rng: np.random.Generator) -> str:
    """A file cut short, lengthened, changed in a bit, filled with zeros, or gone; which of these."""
    held = bytearray(path.read_bytes())
    way = str(rng.choice(["cut", "longer", "bit", "zeros", "gone"]))
    place = int(rng.integers(0, len(held)))
    if way == "gone":
        path.unlink()
        return way
    if way == "cut":
        del held[place:]
    elif way == "longer":
        held += rng.bytes(1 + place)
    elif way == "bit":
        held[place] ^= 1 << int(rng.integers(0, 8))
    else:
        held[place:] = bytes(len(held) - place)
    path.write_bytes(held)
    return way


def test_no_bent_table_is_used_and_the_old_one_answers_on(
    tmp_path: Path, examples: int, figure: Callable[[str], None]
) -> None:
    rng, people = np.random.default_rng(7), identities(*range(50))
    moments = at("2026-06-01", 50)
    store = filled(tmp_path / "sound")
    known, versions = store.known(), in_force(store.books)
    right = known.exposure(people, moments)
    asked, wrong, stop = Counter[str](), list[str](), threading.Event()

    def ask() -> None:
        while not stop.is_set():
            found = known.exposure(people, moments)
            asked["times"] += 1
            for column in ("grade", "incidents", "tier"):
                if not np.array_equal(getattr(found, column), getattr(right, column)):
                    wrong.append(column)

    traffic = threading.Thread(target=ask)
    traffic.start()
    outcomes = Counter[str]()
    try:
        for _ in range(examples):
            copy = tmp_path / "bent"
            shutil.copytree(tmp_path / "sound" / "store.db.tables", copy)
            files = sorted(p for p in copy.rglob("*") if p.is_file())
            file = files[int(rng.integers(0, len(files)))]
            before, way = file.read_bytes(), bent(file, rng)
            same = file.is_file() and file.read_bytes() == before
            try:
                Known.load(Folder(copy), SECRET, versions)
                outcomes["same bytes" if same else f"taken after {way} in {file.name}"] += 1
            except BadInput:
                outcomes["refused"] += 1
            shutil.rmtree(copy)
    finally:
        stop.set()
        traffic.join()

    figure(f"{examples} bent reference tables, {asked['times']} answers meanwhile: {outcomes}")
    assert wrong == []
    assert asked["times"] > 0
    assert set(outcomes) <= {"refused", "same bytes"}
