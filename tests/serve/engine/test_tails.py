"""Long records are kept in two parts, and nobody who reads them can tell."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.records import SIZE, bounded, changed, inserted, without
from serve.answers import Unavailable
from serve.store import epochs
from serve.store.books import Books, Kept
from serve.store.database import connect
from serve.store.keys import ENGINE_NAME, WORKER_NAME, StoreKeys
from serve.store.seals import SALT_BYTES
from serve.store.tails import Base, Bases, Tail
from tests.serve.engine.test_records import entry, record

ID = bytes((11,)) + bytes(range(8))
AT = datetime(2026, 6, 1, tzinfo=UTC)
LONG = record(list(range(120)))
moments = st.lists(st.integers(0, 9), max_size=9)


@pytest.fixture
def books(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Books]:
    StoreKeys.generate(tmp_path)
    monkeypatch.setenv("SIMVIGIA_ENGINE_KEY_FILE", str(tmp_path / ENGINE_NAME))
    monkeypatch.setenv("SIMVIGIA_WORKER_KEY_FILE", str(tmp_path / WORKER_NAME))
    monkeypatch.setattr("serve.store.keys.LOOK_EVERY", 0.0)
    made = Books(connect(store_url))
    yield made
    made.own.close()


def written(books: Books, entries: bytes) -> None:
    """One transaction that changes one record."""
    with books.own.writing():
        kept = books.records([ID]).get(ID) or Kept(os.urandom(SALT_BYTES), b"")
        books.put_records({ID: Kept(kept.salt, entries)})
    assert books.history(ID) == entries


def stored(books: Books, table: str) -> list[bytes]:
    return [bytes(box) for (box,) in books.own.rows(f"SELECT record FROM {table}")]


@given(moments, moments, st.integers(1, 12))
def test_a_tail_behind_its_base_is_the_record(before: list[int], since: list[int], k: int) -> None:
    base = record(before)
    held = base
    for number, at in enumerate(since, len(before) + 1):
        held = bounded(inserted(held, entry(at, number)), k)

    tail = Tail.of(base, held)

    if tail is not None:
        assert tail.behind(base) == held
    if held and since and min(since) >= max(before, default=0) and len(since) < k and base:
        assert tail is not None
        assert len(tail.entries) == len(since) * SIZE


@given(moments.filter(bool), st.integers(1, 9))
def test_a_base_that_is_told_more_about_has_no_tail(before: list[int], number: int) -> None:
    base = record(before)
    told = changed(base, number, {"closed": 7})

    assert (Tail.of(base, told) is None) == (told != base)
    assert Tail.of(base, without(base, list(range(10)))) is None


def tail_of(books: Books) -> int:
    """How many entries lie in the record's tail; -1 where there is none."""
    with books.own.writing():
        kept = books.records([ID])[ID]
        base = books._read[ID].base
        books.forget()
    tail = Tail.of(base.entries, kept.entries) if base else None
    assert (tail is not None) == (len(stored(books, "tails")) == 1)
    return len(tail.entries) // SIZE if tail else -1


def test_of_a_long_record_only_what_came_since_is_written(books: Books) -> None:
    held, bases = b"", set[bytes]()
    for number in range(1, 201):
        held = bounded(inserted(held, entry(number, number, number)), 128)
        written(books, held)
        bases |= set(stored(books, "histories"))

    often = len(bases)  # whole until it was long, then now and then
    assert often < 50
    assert len(stored(books, "histories")) == len(stored(books, "tails")) == 1


def test_what_is_known_later_of_an_old_entry_and_what_is_erased_are_written_whole(
    books: Books,
) -> None:
    written(books, LONG)
    written(books, inserted(LONG, entry(150, 150)))
    assert tail_of(books) == 1

    written(books, changed(books.history(ID), 3, {"reported": 9}))
    assert tail_of(books) == 0

    written(books, inserted(books.history(ID), entry(151, 151)))
    assert tail_of(books) == 1
    written(books, without(books.history(ID), list(range(3, 160))))
    assert tail_of(books) == -1
    assert len(books.history(ID)) == 2 * SIZE


def test_a_record_of_before_there_were_tails_is_read_and_gets_one(books: Books) -> None:
    written(books, LONG)
    books.own.run("DELETE FROM tails")
    assert Books(books.own).history(ID) == LONG

    written(books, inserted(LONG, entry(150, 150)))
    assert tail_of(books) == 1


def test_who_remembers_a_base_sees_what_another_wrote(books: Books, store_url: str) -> None:
    other = Books(connect(store_url))
    written(books, LONG)
    for at in range(150, 200):
        writer, reader = (books, other) if at % 3 else (other, books)
        written(writer, inserted(writer.history(ID), entry(at, at, at)))
        assert reader.history(ID) == writer.history(ID)

    written(other, record([1]))
    assert books.history(ID) == record([1])
    other.own.close()


def test_a_tail_of_another_base_is_not_believed(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody writes a record anew between the look at its base and the one at its tail."""
    written(books, LONG)
    own, fresh = Books(books.own), inserted(LONG, entry(0, 500, 7))
    looked, look = [], own._whole

    def meanwhile(places: Any) -> Any:
        found = look(places)
        if not looked:
            written(books, fresh)
        looked.append(1)
        return found

    monkeypatch.setattr(own, "_whole", meanwhile)

    assert own.history(ID) == fresh
    assert len(looked) == 2


def test_a_record_moves_to_the_newest_epoch_whole(books: Books) -> None:
    written(books, LONG)
    written(books, inserted(LONG, entry(150, 150)))
    epochs.rotate(books, AT)
    books.seals.keys.refresh()

    written(books, inserted(books.history(ID), entry(151, 151)))

    assert tail_of(books) == 0
    assert [e.histories for e in epochs.epochs(books)] == [0, 1]
    written(books, inserted(books.history(ID), entry(152, 152)))
    assert tail_of(books) == 1


def test_a_destroyed_epoch_takes_tails_along(books: Books) -> None:
    written(books, LONG)
    epochs.rotate(books, AT)
    books.seals.keys.refresh()

    assert epochs.destroy(books, 1, AT) == 1
    assert not stored(books, "tails")
    assert books.history(ID) == b""


def test_a_transaction_that_never_happened_leaves_both_parts(books: Books) -> None:
    written(books, LONG)
    held = inserted(LONG, entry(150, 150))
    written(books, held)

    def broken(entries: bytes) -> None:
        with books.own.writing():
            kept = books.records([ID])[ID]
            books.put_records({ID: Kept(kept.salt, entries)})
            raise Unavailable

    for entries in (record([1]), inserted(held, entry(0, 151)), inserted(held, entry(151, 151))):
        with pytest.raises(Unavailable):
            broken(entries)
        books.forget()
        assert books.history(ID) == held
        assert Books(books.own).history(ID) == held


def test_of_many_bases_those_asked_for_last_are_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("serve.store.tails.MOST", 2)
    bases, one = Bases(), Base(b"m", b"s", b"e")
    bases.put(b"a", one)
    bases.put(b"b", one)
    assert bases.get(b"a") is one
    bases.put(b"c", one)

    assert [name for name in (b"a", b"b", b"c") if bases.get(name)] == [b"a", b"c"]
