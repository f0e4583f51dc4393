"""Breaches and officials told to a live store: known from now on, never before."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from detector.registration import DataFolder
from serve.store.books import Books
from serve.world import REFERENCE, World, pack_reference


@dataclass(frozen=True, slots=True)
class Known:
    """How many were told."""

    members: int
    officials: int


def tell(books: Books, folder: DataFolder) -> Known:
    """Replace what a store knows of breaches and officials by a data folder's.

    What is dated before the newest answer counts from after it, so that no answer given changes.
    """
    members, officials = folder.breach_members, folder.officials
    with books.own.writing():
        world = World(books)
        world.catch_up()
        earliest = world.running.answered + 1 if world.running.n else 0
        packed = pack_reference(
            folder.breaches,
            replace(members, known_at=np.maximum(members.known_at, earliest)),
            replace(officials, since=np.maximum(officials.since, earliest)),
        )
        books.put_reference(REFERENCE, packed)
        count = int(books.reference(f"{REFERENCE}-version") or b"0") + 1
        books.put_reference(f"{REFERENCE}-version", str(count).encode())
    return Known(len(members), len(officials))
