"""A small release: a few registrations that would have to prove more are let pass, to learn from.

A model that stops people never sees what it stopped, and in time learns "was stopped". So, where an
operator switches it on, a drawn few go from `step_up` to `allow_notify`: the holder is told, and the
outcome is seen. Never a person who is enrolled for protection, never a `hold`. Off by default.

The draw is a keyed hash of the registration's name: nobody outside can foresee it or ask again for
another, and a replay draws the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.decision import NOTIFY, STEP_UP
from detector.errors import BadInput, KeyMissing

MOST = 0.05  # the literature's releases lie between 0.1 and 5 %
LEAST_KEY = 16  # bytes
SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True)
class Release:
    """How large the share of released `step_up` decisions is; 0 is off. `key` must stay secret."""

    share: float = 0.0
    key: bytes = b""

    def __post_init__(self) -> None:
        if not 0 <= self.share <= MOST:
            raise BadInput(f"the released share must lie between 0 and {MOST:g}")
        if self.share and len(self.key) < LEAST_KEY:
            raise KeyMissing(f"a release needs a key of at least {LEAST_KEY} bytes")


@dataclass(frozen=True, slots=True)
class Released:
    """Decisions after the release, and the propensity to store with each.

    `propensity` is the chance with which the outcome could be seen: 1 for what nothing stops, the
    released share for what was let pass, 0 for what was stopped.
    """

    decision: NDArray[np.int8]
    propensity: NDArray[np.float64]
    let_pass: NDArray[np.bool_]


def released(
    release: Release,
    decision: NDArray[np.int8],
    *,
    carriers: Sequence[str],
    registrations: Sequence[str],
    enrolled: NDArray[np.bool_],
) -> Released:
    """Lets the drawn few of `step_up` pass. A released row keeps its score and its reasons."""
    candidate = (decision == STEP_UP) & ~enrolled
    let_pass = np.zeros(len(decision), np.bool_)
    if release.share:
        for row in np.flatnonzero(candidate).tolist():
            let_pass[row] = draw(release.key, carriers[row], registrations[row]) < release.share
    after = np.where(let_pass, NOTIFY, decision).astype(np.int8)
    stopped = after >= STEP_UP
    chance = np.where(let_pass, release.share, np.where(stopped, 0.0, 1.0))
    return Released(after, chance, let_pass)


def draw(key: bytes, carrier: str, registration: str) -> float:
    """A number in [0, 1) that looks random and is always the same for one registration and key."""
    named = f"{carrier}{SEPARATOR}{registration}".encode()
    digest = hashlib.blake2b(named, key=key[:64], digest_size=8, person=b"release").digest()
    return int.from_bytes(digest, "big") / 2**64
