"""The keyed tables that a store names: opened when it names others, and the old ones until then."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import structlog

from detector.errors import BadInput, KeyMissing
from detector.exposure import Exposure
from detector.pseudonym import Key
from detector.registration import Breaches, BreachMembers, Int64, Officials
from serve.reference.known import NO_BREACHES, NO_MEMBERS, NO_OFFICIALS, Known
from serve.reference.places import Place, place_of
from serve.reference.tables import KINDS, TableRefused
from serve.store.books import Books
from serve.store.database import Connection

IN_FORCE = "in-force"
KEY_FILE = "SIMVIGIA_TABLES_KEY_FILE"


class Tables:
    """What is known of breaches and officials, over one connection. One thread at a time."""

    def __init__(self, place: Place, secret: bytes) -> None:
        self.place, self.secret = place, secret
        self._versions: Mapping[str, str] = {}
        self._known = Known.load(place, secret, {})
        self._refused: Mapping[str, str] | None = None

    @property
    def state(self) -> str:
        """`degraded` while newer tables were refused and the ones before are in use."""
        return "degraded" if self._refused else "ok"

    @property
    def standing(self) -> Mapping[str, str]:
        """Of each kind that is not in use as the store names it, why: `stale` while a newer one was refused,
        `unavailable` where that was the first, `none` where none was ever told."""
        refused, held = self._refused or {}, self._known.tables
        told = {kind: "unavailable" if kind in refused else "none" for kind in KINDS}
        newer = {kind for kind in held if refused and refused.get(kind) != self._versions.get(kind)}
        return {kind: why for kind, why in told.items() if kind not in held} | dict.fromkeys(
            newer, "stale"
        )

    def opened(self, books: Books) -> Known:
        """The tables in force. Raises TableRefused where they cannot be used."""
        versions = in_force(books)
        if versions != self._versions:
            self._known = Known.load(self.place, self.secret, versions)
            self._versions, self._refused = versions, None
        return self._known

    def exposure(self, books: Books, identities: Int64, moments: Int64) -> Exposure:
        """What was known of each identity at its moment, by the tables in force, or by those that were
        before where these cannot be used."""
        return self._usable(books).exposure(identities, moments)

    def _usable(self, books: Books) -> Known:
        versions = in_force(books)
        if versions == self._refused:
            return self._known  # it was looked at, and is in the log
        try:
            return self.opened(books)
        except TableRefused as fault:
            self._refused = versions
            structlog.get_logger().error("tables refused", reason=str(fault))
            return self._known


def tables_of(
    url: str,
    own: Connection,
    environment: Mapping[str, str] = os.environ,
    *,
    key: Key | None = None,
) -> Tables:
    """The tables of a store under a key of their own, where the environment names its file; else under
    keys derived from the pseudonym key. Raises KeyMissing."""
    named = environment.get(KEY_FILE, "")
    held = Key.load(Path(named)) if named else key or Key.load(environment=environment)
    return Tables(place_of(url, own), held.secret)


def readable(
    url: str, books: Books, environment: Mapping[str, str] = os.environ, *, key: Key | None = None
) -> Tables | None:
    """The tables, for who reads a store; none, and no key needed, where it was never told of any.

    Raises KeyMissing with what it is for.
    """
    if not in_force(books):
        return None
    try:
        return tables_of(url, books.own, environment, key=key)
    except KeyMissing as fault:
        raise KeyMissing(f"the store was told of breaches or officials: {fault}") from None


def in_force(books: Books) -> Mapping[str, str]:
    """The version of each table that a store names."""
    held = books.reference(IN_FORCE)
    return dict(json.loads(held)) if held else {}


def enforce(books: Books, versions: Mapping[str, str]) -> None:
    """Name other versions, inside `own.writing()`."""
    books.put_reference(IN_FORCE, json.dumps(dict(versions), sort_keys=True).encode())


def known_of(
    books: Books, tables: Tables | None, identities: Int64
) -> tuple[Breaches, BreachMembers, Officials]:
    """What a store was told of some identities, under the engine's own keys.

    Raises TableRefused, and BadInput where it was told and nobody gave its tables.
    """
    if tables is not None:
        return tables.opened(books).of(identities)
    if in_force(books):
        raise BadInput("the store was told of breaches or officials, and their key was not given")
    return NO_BREACHES, NO_MEMBERS, NO_OFFICIALS
