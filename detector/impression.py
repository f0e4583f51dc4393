"""The impression that a registration makes at its own moment: what a fixed booster says of its features.

The booster learned from simulated countries only, and is a part of the features like any of their constants:
the same wherever and by whomever a model is trained, so that histories mean the same to all models. An
impression is a level from 1 to 255, an eighth of a log-odd each; 0 says that nobody looked. It is kept in
the histories of the registration's keys and says something of the registrations that come after it.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from detector.errors import BadInput

if TYPE_CHECKING:  # its import takes long, and `--help` needs no booster
    import lightgbm as lgb

FILE = Path(__file__).resolve().parent.parent / "models" / "impression.txt"
LEAST, MOST = 1, 255
PER_LOG_ODD, ZERO = 8, 96  # levels in a log-odd, and the level of even odds
_in_force = [FILE]


def levels(vectors: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The impression of each row of plain features (`signals.plain_vectors`)."""
    if not len(vectors):
        return np.empty(0, np.uint8)
    said = np.asarray(booster(_in_force[-1]).predict(vectors, raw_score=True, num_threads=1))
    found: NDArray[np.uint8] = np.clip(np.rint(said * PER_LOG_ODD) + ZERO, LEAST, MOST).astype("u1")
    return found


def log_odds(level: NDArray[np.float32]) -> NDArray[np.float32]:
    """Levels, or means of them, as log-odds."""
    return ((level - ZERO) / PER_LOG_ODD).astype(np.float32)


def version() -> str:
    """A hash of the booster in force."""
    return _hash(_in_force[-1])


@cache
def booster(path: Path) -> lgb.Booster:
    """The booster in a file. Raises BadInput where it is not there, or none."""
    import lightgbm as lgb  # noqa: PLC0415 - see above

    try:
        return lgb.Booster(model_str=path.read_text("utf-8"))
    except (OSError, lgb.basic.LightGBMError):
        raise BadInput(
            f"{path.name}, which says what impressions are made, cannot be read"
        ) from None


@cache
def _hash(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    except OSError:
        raise BadInput(f"{path.name}, which says what impressions are made, is not there") from None


@contextlib.contextmanager
def in_force(path: Path) -> Iterator[None]:
    """Another booster for a while, such as one that an author's countries did not teach.

    For the whole process, whose threads see it too: what is made meanwhile has to be made by its end.
    """
    _in_force.append(path)
    try:
        yield
    finally:
        _in_force.pop()
