"""A running worker takes up what is told, and keeps what it has where that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from detector.errors import BadInput, KeyMissing
from detector.pseudonym import Key
from serve import assembly, wiring
from serve.reference.live import KEY_FILE, Tables, known_of, readable, tables_of
from serve.reference.places import place_of
from serve.reference.tables import TableRefused
from tests.serve.reference.telling import SECRET, Store, at, identities, official
from tests.serve.reference.test_reference import filled

WHO, WHEN = identities(0, 9), at("2026-03-01", 2)


def tiers(store: Store, tables: Tables) -> list[int]:
    found: list[int] = tables.exposure(store.books, WHO, WHEN).tier.tolist()
    return found


def test_what_another_process_tells_is_taken_up_at_the_next_question(tmp_path: Path) -> None:
    store = filled(tmp_path)
    running = Tables(place_of(store.url, store.books.own), SECRET)
    before = tiers(store, running)

    store.tell(officials=[official(9)])

    assert before == [1, 0]
    assert tiers(store, running) == [0, 1]
    assert running.state == "ok"


def test_newer_tables_that_are_bent_leave_the_old_ones_in_use_and_readiness_says_so(
    tmp_path: Path,
) -> None:
    store = filled(tmp_path)
    running = Tables(place_of(store.url, store.books.own), SECRET)
    before = tiers(store, running)
    store.tell(officials=[official(9)])
    path = store.file("officials", "tier")
    held = path.read_bytes()
    path.write_bytes(held[:-1])

    meanwhile = [tiers(store, running) for _ in range(3)]

    assert meanwhile == [before] * 3
    assert running.state == "degraded"
    assert running.standing == {"officials": "stale"}
    store.tell(officials=[official(0), official(9)])
    assert tiers(store, running) == [1, 1]
    assert running.state == "ok"
    assert running.standing == {}


def test_a_file_that_is_cut_while_it_is_in_use_changes_no_answer(tmp_path: Path) -> None:
    store = filled(tmp_path)
    running = Tables(place_of(store.url, store.books.own), SECRET)
    before = tiers(store, running)

    for path in running.place.path.rglob("*"):  # type: ignore[attr-defined]
        if path.is_file():
            path.write_bytes(b"")

    assert tiers(store, running) == before


def test_a_start_with_tables_of_another_key_is_refused_in_one_line(tmp_path: Path) -> None:
    store = filled(tmp_path)
    Key.generate(tmp_path / "other.key")
    environment = {
        assembly.STORE: store.url,
        "SIMVIGIA_ISSUER": "x",
        "SIMVIGIA_JWKS_URL": "https://x.example/jwks",
        "SIMVIGIA_KEY_FILE": str(tmp_path / "other.key"),
    }

    with pytest.raises(TableRefused, match="another key"):
        wiring.checked(environment)


def test_who_reads_a_store_needs_a_key_only_where_it_was_told(tmp_path: Path) -> None:
    (tmp_path / "told").mkdir()
    store, untold = filled(tmp_path / "told"), Store(f"sqlite:///{tmp_path / 'untold.db'}")

    assert readable(untold.url, untold.books, {}) is None
    with pytest.raises(KeyMissing, match="was told of breaches or officials"):
        readable(store.url, store.books, {})
    with pytest.raises(BadInput, match="key was not given"):
        known_of(store.books, None, WHO)


def test_the_tables_may_have_a_key_of_their_own(tmp_path: Path) -> None:
    store = filled(tmp_path)
    for name in ("one", "two"):
        Key.generate(tmp_path / name)
    pseudonyms = Key.load(tmp_path / "one")
    own = {KEY_FILE: str(tmp_path / "two")}

    found = [
        tables_of(store.url, store.books.own, environment, key=pseudonyms).secret
        for environment in ({}, own)
    ]

    assert found == [pseudonyms.secret, Key.load(tmp_path / "two").secret]
