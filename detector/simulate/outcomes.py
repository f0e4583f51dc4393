"""What the validation says, how many attempts it took, how the liveness check went, which document.

One generator for everybody: a row differs only through the person's camera and age, or a forger's skill.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detector.registration import Float32, Int8
from detector.simulate.identities import IDENTITY_TYPE_OF_KIND, MISTYPED, Identities
from detector.simulate.rows import DEAD, UNKNOWN, Rows
from detector.simulate.world import World, is_remote

MATCH, PARTIAL, NOT_FOUND, DECEASED, UNAVAILABLE = range(5)
INE, PASSPORT_BOOK, CURP_CARD, TAX_CERTIFICATE = range(4)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Columns known at the moment of registration; -1 or NaN where there is none."""

    validation: Int8
    attempts: Int8
    liveness: Float32
    document: Int8


def outcomes_of(world: World, rows: Rows, identities: Identities) -> Outcomes:
    """Outcomes for all rows."""
    rng = world.rng("outcomes")
    n = len(rows)
    live = rng.normal(2.7 + rows.liveness, 0.95, n)
    attempts = 1 + (rng.random(n) < rows.fumbles + 0.1 * (live < 1)).astype(np.int8)
    attempts += ((attempts == 2) & (rng.random(n) < 0.3)).astype(np.int8)
    checked = is_remote(rows) | world.country.records.liveness_in_shops
    company = IDENTITY_TYPE_OF_KIND[identities.kind[rows.who]] == 1
    liveness = np.where(checked & ~company, 1 / (1 + np.exp(-live)), np.nan)
    return Outcomes(
        validation=_validation(world, rows, rng),
        attempts=attempts.astype(np.int8),
        liveness=np.round(liveness, 3).astype(np.float32),
        document=_documents(rows, identities, rng),
    )


def _validation(world: World, rows: Rows, rng: np.random.Generator) -> Int8:
    """The trusted source is mostly right, sometimes behind, sometimes down."""
    n = len(rows)
    answer = rng.choice(5, n, p=[0.944, 0.025, 0.008, 0.0005, 0.0225])
    wrong = (rows.typed == MISTYPED) | (rows.standing == UNKNOWN)
    doubt = rng.choice(5, n, p=[0.15, 0.22, 0.55, 0.0, 0.08])
    answer = np.where(wrong, doubt, answer)
    known_dead = (rows.standing == DEAD) & (
        rng.random(n) < world.country.society.deaths_known * 0.45
    )
    answer = np.where(known_dead, np.where(rng.random(n) < 0.75, DECEASED, NOT_FOUND), answer)
    return answer.astype(np.int8)


def _documents(rows: Rows, identities: Identities, rng: np.random.Generator) -> Int8:
    kind = IDENTITY_TYPE_OF_KIND[identities.kind[rows.who]]
    personal = rng.choice(3, len(rows), p=[0.8, 0.06, 0.14])
    return np.choose(kind, [personal, TAX_CERTIFICATE, PASSPORT_BOOK]).astype(np.int8)
