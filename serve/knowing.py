"""Breaches and officials told to a live store: known from now on, never before, and never otherwise.

What was told once stays: a breach keeps the fields it was told with, and a member the moment from
which they were known. An official who is no longer on the list has left office now. New tables are written
beside the old ones; only naming them, and the moments that depend on it, happen while the store is held.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detector.errors import BadInput
from detector.registration import NEVER, Breaches, Int64, Officials
from serve.audit import ledger
from serve.reference import tables as keyed
from serve.reference.known import MEMBERS, OFFICIALS, Known, listed
from serve.reference.live import Tables, enforce, in_force
from serve.reference.notice import Notice
from serve.reference.tables import Draft, real
from serve.store.books import Books
from serve.world import World

Columns = dict[str, NDArray[Any]]
ATTEMPTS = 5
OFFICE = ("identity", "tier", "since", "until")


@dataclass(frozen=True, slots=True)
class Told:
    """How many were told, and how many each table holds now."""

    members: int
    officials: int | None
    held: Mapping[str, int]


def tell(books: Books, tables: Tables, notice: Notice) -> Told:
    """Put a notice's rows into the tables of a store.

    What is dated before the newest answer counts from after it, so that no answer given changes. Raises
    TableRefused where the tables in force cannot be read: then they stay.
    """
    for _ in range(ATTEMPTS):
        versions = in_force(books)
        work = _Telling(books, tables, notice, tables.opened(books))
        done = None
        try:
            with books.own.writing():
                if in_force(books) == versions:  # else somebody told it something meanwhile
                    done = work.finish(versions)
        finally:
            work.clear(versions if done else work.written)
        if done:
            return done
    raise BadInput("somebody else is telling the store at the same time; try again")


@dataclass(slots=True)
class _Telling:
    """One notice over the tables that are in force: what can be done before the store is held."""

    books: Books
    tables: Tables
    notice: Notice
    known: Known
    members: Columns | None = None
    draft: Draft | None = None
    written: dict[str, str] = field(default_factory=dict)
    breaches: Breaches | None = None

    def __post_init__(self) -> None:
        if len(self.notice.members) or len(self.notice.breaches):
            self._merge_members()

    def finish(self, versions: Mapping[str, str]) -> Told:
        """Write what depends on the newest answer, and name the new tables."""
        world = World(self.books)
        world.catch_up()
        earliest = world.running.answered + 1 if world.running.n else 0
        if self.members is not None:
            self._members_from(earliest)
        if self.notice.officials is not None:
            self._officials_from(earliest, self.notice.officials)
        enforce(self.books, {**versions, **self.written})
        self._note()
        fresh = self.tables.opened(self.books)  # read back before anybody has to rely on it
        office = self.notice.officials
        return Told(
            len(self.notice.members),
            None if office is None else len(office),
            {kind: len(table) - keyed.CANARIES for kind, table in fresh.tables.items()},
        )

    def clear(self, versions: Mapping[str, str]) -> None:
        """Drop files of the kinds that were written: those replaced, or where it failed the new ones."""
        for kind in self.written:
            if kind in versions:
                self.tables.place.drop(kind, versions[kind])

    def _merge_members(self) -> None:
        """Both lists as one row per person and incident, in order; two of three columns are written."""
        key, held = self.known.keys[MEMBERS], self.known.tables.get(MEMBERS)
        self.breaches, codes = _united(self.known.breaches, self.notice.breaches)
        told, nobody = self.notice.members, keyed.canaries(key)
        before = real(held, MEMBERS) if held else {n: np.zeros(0, t) for n, t in _MEMBER}
        stood, said = len(before["identity"]), len(told)
        self.members = _once(
            np.concatenate((before["identity"], key.of(told.identity), nobody)),
            np.concatenate((before["breach"], codes[told.breach], np.zeros(len(nobody), np.int32))),
            np.concatenate((before["known_at"], np.full(said + len(nobody), NEVER))),
            np.concatenate((np.full(stood, NEVER), told.known_at, np.full(len(nobody), NEVER))),
        )
        self.draft = self._begun(MEMBERS)
        for name in ("identity", "breach"):
            self.draft.put(name, self.members[name])

    def _begun(self, kind: str) -> Draft:
        draft = Draft(self.tables.place, self.known.keys[kind])
        self.written[kind] = draft.version
        return draft

    def _members_from(self, earliest: int) -> None:
        assert self.members is not None
        assert self.breaches is not None
        assert self.draft is not None
        told, draft = self.members["told"], self.draft
        fresh = np.where(told == NEVER, NEVER, np.maximum(told, earliest))
        draft.put("known_at", np.minimum(self.members["stood"], fresh))
        draft.close({**self._provenance(MEMBERS), "breaches": listed(self.breaches)})

    def _officials_from(self, earliest: int, told: Officials) -> None:
        key, held = self.known.keys[OFFICIALS], self.known.tables.get(OFFICIALS)
        before = real(held, OFFICIALS) if held else {n: np.zeros(0, t) for n, t in _OFFICIAL}
        now = {name: getattr(told, name) for name in OFFICE} | {"identity": key.of(told.identity)}
        merged = _office(pd.DataFrame(before)[[*OFFICE]], pd.DataFrame(now), earliest)
        keyed.write(merged, self._begun(OFFICIALS), about=self._provenance(OFFICIALS))

    def _provenance(self, kind: str) -> dict[str, Any]:
        held = self.known.tables.get(kind)
        before = list(held.about.get("provenance", [])) if held else []
        return {"provenance": [*before, self.notice.provenance.to_json()]}

    def _note(self) -> None:
        told = self.notice.provenance
        at = datetime.combine(told.received_on, time(), UTC)
        facts = {"notifier": told.notifier, **self.written}
        ledger.note(self.books.own, "tables", at=at, facts=facts, sha256=dict(told.files))


_MEMBER = (("identity", np.int64), ("known_at", np.int64), ("breach", np.int32))
_OFFICIAL = (("identity", np.int64), ("since", np.int64), ("until", np.int64), ("tier", np.int8))


def _united(old: Breaches, new: Breaches) -> tuple[Breaches, NDArray[np.int32]]:
    """The incidents of both, the old ones first and as they were told, and where the new ones are."""
    place = {name: i for i, name in enumerate(old.breach_id)}
    fresh = [i for i, name in enumerate(new.breach_id) if name not in place]
    place |= {new.breach_id[i]: len(old.breach_id) + n for n, i in enumerate(fresh)}
    both = Breaches(
        (*old.breach_id, *(new.breach_id[i] for i in fresh)),
        np.concatenate((old.occurred_on, new.occurred_on[fresh])),
        np.concatenate((old.fields_leaked, new.fields_leaked[fresh])),
    )
    return both, np.array([place[name] for name in new.breach_id], np.int32)


def _once(identity: Int64, breach: NDArray[np.int32], stood: Int64, told: Int64) -> Columns:
    """One row per person and incident, sorted by person: since when it stood, and since when it is told."""
    order = np.lexsort((breach, identity))
    who, what = identity[order], breach[order]
    first = np.append(True, (who[1:] != who[:-1]) | (what[1:] != what[:-1]))
    at = np.flatnonzero(first)
    return {
        "identity": who[at],
        "breach": what[at],
        "stood": np.minimum.reduceat(stood[order], at),
        "told": np.minimum.reduceat(told[order], at),
    }


def _office(held: pd.DataFrame, list_: pd.DataFrame, earliest: int) -> Columns:
    """Those on the list, those who were, and since when each was known to be."""
    known = held.rename(columns={"since": "known"}).drop(columns="until")
    open_ = held["until"].to_numpy() > earliest
    merged = list_.merge(
        known[open_].drop_duplicates(["identity", "tier"]), how="left", on=["identity", "tier"]
    )
    since = merged["since"].clip(lower=earliest).where(merged["known"].isna(), merged["known"])
    merged["since"] = since.astype(np.int64)
    merged["until"] = merged["until"].clip(lower=earliest)
    stays = held.merge(list_[["identity", "tier"]].drop_duplicates(), how="left", indicator=True)
    gone = (stays["_merge"] == "left_only").to_numpy() & open_
    held.loc[gone, "until"] = earliest
    both = pd.concat([held[gone | ~open_], merged[[*OFFICE]]])
    return {name: both[name].to_numpy() for name in OFFICE}
