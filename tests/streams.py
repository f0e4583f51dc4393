"""Random streams behind the door: hot keys, missing keys, ties, late rows, unlinkings and labels."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from detector.registration import (
    KEYS,
    NEVER,
    NO_DATE,
    Breaches,
    BreachMembers,
    DataFolder,
    Labels,
    LineEvents,
    Officials,
    Registrations,
)

SECOND = 1_000_000
START = 1_767_225_600 * SECOND  # 2026-01-01


def random_folder(
    rng: np.random.Generator, n: int, *, late: bool = False, days: int = 40
) -> DataFolder:
    """`n` registrations over `days`, with everything a folder may hold."""
    at = np.sort(START + rng.integers(0, days * 86_400, n) * SECOND)
    at[rng.random(n) < 0.1] = at[0]  # ties
    at = np.sort(at)
    sequence = np.arange(n)
    if late:
        moved = rng.random(n) < 0.1
        sequence = np.argsort(np.argsort(sequence + moved * rng.integers(1, n, n), kind="stable"))
    own = Registrations(
        registration_id=pa.array([f"r{i}" for i in range(n)], pa.large_string()),
        carrier=rng.integers(0, 3, n).astype(np.int16),
        at=at.astype(np.int64),
        sequence=sequence.astype(np.int64),
        operation=rng.integers(0, 5, n).astype(np.int8),
        channel=rng.integers(0, 5, n).astype(np.int8),
        plan=rng.integers(0, 2, n).astype(np.int8),
        identity_type=rng.choice([0, 0, 0, 1, 2], n).astype(np.int8),
        document_type=rng.integers(-1, 4, n).astype(np.int8),
        validation_result=rng.integers(-1, 5, n).astype(np.int8),
        validation_attempts=rng.integers(0, 4, n).astype(np.int8),
        liveness=np.where(rng.random(n) < 0.3, np.nan, rng.random(n)).astype(np.float32),
        **{key: _key(rng, n) for key in KEYS},
        block_offset=rng.integers(-1, 60, n).astype(np.int16),
        last_two=rng.integers(0, 100, n).astype(np.int8),
        place=(rng.integers(0, 33, n) * 1000 + rng.integers(0, 3, n)).astype(np.int32),
        line_first_seen=np.where(
            rng.random(n) < 0.4, NO_DATE, at // (86_400 * SECOND) - rng.integers(0, 3000, n)
        ).astype(np.int32),
        rfc_since=np.full(n, NO_DATE, np.int32),
        notes=rng.integers(0, 64, n).astype(np.uint32),
        carriers=("alfa", "beta", "gama"),
    )
    return DataFolder(
        own,
        _line_events(rng, own),
        _labels(rng, own),
        Breaches(("b0", "b1", "b2"), np.array([19000, 20300, 20400], np.int32),
                 np.array([4, 1 + 16, 128], np.uint16)),
        _members(rng, own),
        _officials(rng, own),
        (),
        (),
        True,
    )  # fmt: skip


def _key(rng: np.random.Generator, n: int) -> np.ndarray:
    """Ids from a heavy-tailed pool: some hot, many rare, some missing."""
    ids = rng.zipf(1.3, n) % max(n // 3, 2) + 1
    ids = ids * 0x5DEECE66D + 11
    ids[rng.random(n) < 0.15] = 0
    return ids.astype(np.int64)


def _line_events(rng: np.random.Generator, own: Registrations) -> LineEvents:
    m = len(own)
    row = np.sort(rng.integers(0, m, m))
    at = own.at[row] + rng.integers(0, 12 * 86_400, m) * SECOND + rng.integers(0, SECOND, m)
    order = np.lexsort((at, row))
    return LineEvents(
        row.astype(np.int32),
        at[order].astype(np.int64),
        rng.integers(0, 5, m).astype(np.int8),
        rng.choice(np.append(own.handset, 0), m).astype(np.int64),
        rng.choice(np.append(own.place, 0), m).astype(np.int32),
    )


def _labels(rng: np.random.Generator, own: Registrations) -> Labels:
    m = len(own) // 3
    row = np.sort(rng.integers(0, len(own), m))
    at = own.at[row] + rng.integers(0, 20 * 86_400, m) * SECOND
    order = np.lexsort((at, row))
    return Labels(
        row.astype(np.int32),
        at[order].astype(np.int64),
        rng.random(m) < 0.6,
        rng.integers(0, 5, m).astype(np.int8),
        np.full(m, np.nan, np.float32),
        np.zeros(m, np.bool_),
    )


def _members(rng: np.random.Generator, own: Registrations) -> BreachMembers:
    m = len(own) // 2
    identity = np.sort(rng.choice(own.identity, m))
    known = rng.choice(own.at, m) - rng.integers(-5, 5, m) * 86_400 * SECOND
    order = np.lexsort((known, identity))
    return BreachMembers(identity, known[order], rng.integers(0, 3, m).astype(np.int32))


def _officials(rng: np.random.Generator, own: Registrations) -> Officials:
    identity = np.unique(rng.choice(own.identity, max(len(own) // 20, 1)))
    m = len(identity)
    since = rng.choice(own.at, m)
    until = np.where(rng.random(m) < 0.5, NEVER, since + 9 * 86_400 * SECOND)
    return Officials(identity, rng.integers(0, 5, m).astype(np.int8), since, until)
