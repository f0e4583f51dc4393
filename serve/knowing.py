"""Breaches and officials told to a live store: known from now on, never before, and never otherwise.

What was told once stays: a breach keeps the fields it was told with, and a member the moment from
which they were known. An official who is no longer on the list has left office now.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from detector.registration import Breaches, BreachMembers, DataFolder, Officials
from serve.store.books import Books
from serve.world import REFERENCE, Reference, World, pack_reference, reference


@dataclass(frozen=True, slots=True)
class Known:
    """How many were told."""

    members: int
    officials: int


def tell(books: Books, folder: DataFolder) -> Known:
    """Tell a store of a data folder's breaches and officials.

    What is dated before the newest answer counts from after it, so that no answer given changes.
    """
    with books.own.writing():
        world = World(books)
        world.catch_up()
        earliest = world.running.answered + 1 if world.running.n else 0
        before = reference(books)
        breaches, members = _breaches(before, folder, earliest)
        officials = _officials(before.officials, folder.officials, earliest)
        books.put_reference(REFERENCE, pack_reference(breaches, members, officials))
        count = int(books.reference(f"{REFERENCE}-version") or b"0") + 1
        books.put_reference(f"{REFERENCE}-version", str(count).encode())
    return Known(len(folder.breach_members), len(folder.officials))


def _breaches(
    before: Reference, folder: DataFolder, earliest: int
) -> tuple[Breaches, BreachMembers]:
    """Both lists together; of a breach or a member told twice the first telling counts."""
    old, new = before.breaches, folder.breaches
    place = {name: i for i, name in enumerate(old.breach_id)}
    fresh = [i for i, name in enumerate(new.breach_id) if name not in place]
    place |= {new.breach_id[i]: len(old.breach_id) + n for n, i in enumerate(fresh)}
    codes = np.array([place[name] for name in new.breach_id], np.int32)
    told = folder.breach_members
    table = pd.DataFrame(
        {
            "identity": np.concatenate((before.members.identity, told.identity)),
            "known_at": np.concatenate(
                (before.members.known_at, np.maximum(told.known_at, earliest))
            ),
            "breach": np.concatenate((before.members.breach, codes[told.breach])),
        }
    )
    first = table.sort_values(["identity", "known_at"], kind="stable")
    first = first.drop_duplicates(["identity", "breach"])
    breaches = Breaches(
        (*old.breach_id, *(new.breach_id[i] for i in fresh)),
        np.concatenate((old.occurred_on, new.occurred_on[fresh])),
        np.concatenate((old.fields_leaked, new.fields_leaked[fresh])),
    )
    columns = (first[name].to_numpy() for name in ("identity", "known_at", "breach"))
    return breaches, BreachMembers(*columns)


def _officials(old: Officials, new: Officials, earliest: int) -> Officials:
    """Those on the list, those who were, and since when each was known to be."""
    frames = [
        pd.DataFrame({c: getattr(t, c) for c in ("identity", "tier", "since", "until")})
        for t in (old, new)
    ]
    held, listed = frames
    known = held.rename(columns={"since": "known"}).drop(columns="until")
    open_ = held["until"].to_numpy() > earliest
    merged = listed.merge(
        known[open_].drop_duplicates(["identity", "tier"]), how="left", on=["identity", "tier"]
    )
    since = merged["since"].clip(lower=earliest).where(merged["known"].isna(), merged["known"])
    merged["since"] = since.astype(np.int64)
    merged["until"] = merged["until"].clip(lower=earliest)
    stays = held.merge(listed[["identity", "tier"]].drop_duplicates(), how="left", indicator=True)
    gone = (stays["_merge"] == "left_only").to_numpy() & open_
    held.loc[gone, "until"] = earliest
    kept = held[gone | ~open_]
    both = pd.concat([kept, merged[["identity", "tier", "since", "until"]]])
    both = both.sort_values(["identity", "since"], kind="stable")
    return Officials(*(both[c].to_numpy() for c in ("identity", "tier", "since", "until")))
