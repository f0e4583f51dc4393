"""One simulated country: everything a data folder holds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from detector.lands.travellers import aftermath, habits, honest, rings
from detector.lands.travellers.acts import Acts, column, join, moments
from detector.lands.travellers.door import allot, registrations
from detector.lands.travellers.people import World, settle


def tables(kind: str, *, size: int, seed: int) -> dict[str, pd.DataFrame]:
    """The tables of the contract's data folder, by name; the same three arguments give the same tables.

    Raises ``ValueError`` for a kind that is none of ``plain``, ``hard`` and ``sparse``.
    """
    if kind not in habits.KINDS:
        raise ValueError(f"kind: expected one of {', '.join(habits.KINDS)}, got {kind!r}")
    rng = np.random.default_rng([seed, habits.KINDS.index(kind), size])
    salt = int(rng.integers(0, 2**40))
    world = settle(habits.draw(kind, rng), size, salt, rng)
    frame = _everything(world, size)
    table = registrations(world, frame)
    incidents, members = aftermath.breaches(world)
    return {
        "registrations": table,
        "line_events": aftermath.line_events(world, frame, table),
        "labels": aftermath.labels(world, frame, table),
        "breaches": incidents,
        "breach_members": members,
        "officials": aftermath.officials(world),
        "truth": aftermath.truth(world, frame, table),
    }


def _everything(world: World, size: int) -> Acts:
    """Exactly `size` acts in the order of time: honest ones, and those of the rings."""
    good = honest.year_of(world, size)
    bad = rings.campaign(world, good, max(6, round(size * world.habits.fraud)))
    frame = allot(world, join([good, bad]))
    frame = join([frame, honest.stumbles(world, frame)])
    surplus = len(frame) - size
    spare = np.flatnonzero(column(frame, "pattern") < 0)
    dropped = world.rng.choice(spare, surplus, replace=False) if surplus > 0 else spare[:0]
    frame = frame.drop(index=frame.index[dropped])
    return frame.iloc[np.lexsort((column(frame, "sim"), moments(frame)))].reset_index(drop=True)
