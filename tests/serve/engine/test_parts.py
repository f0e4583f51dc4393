"""Long records are kept in two parts, and nobody who reads them can tell."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.records import SIZE, bounded, changed, inserted, without
from serve.answers import Unavailable
from serve.store import epochs
from serve.store.books import Books, Kept
from serve.store.database import connect
from serve.store.keys import ENGINE_NAME, WORKER_NAME, StoreKeys
from serve.store.parts import Tail
from serve.store.seals import SALT_BYTES
from tests.serve.engine.test_records import entry, record

ID = bytes((11,)) + bytes(range(8))
AT = datetime(2026, 6, 1, tzinfo=UTC)
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


def test_of_a_long_record_only_what_came_since_is_written(books: Books) -> None:
    held, bases = b"", set[bytes]()
    for number in range(1, 201):
        held = bounded(inserted(held, entry(number, number, number)), 128)
        written(books, held)
        bases |= set(stored(books, "histories"))

    often = len(bases)  # whole until it was long, then now and then
    assert often < 50
    assert len(stored(books, "histories")) == 1


def test_what_is_known_later_of_an_old_entry_and_what_is_erased_are_written_whole(
    books: Books,
) -> None:
    held = record(list(range(120)))
    written(books, held)
    written(books, inserted(held, entry(150, 150)))
    assert stored(books, "tails")

    written(books, changed(books.history(ID), 3, {"reported": 9}))
    assert not stored(books, "tails")

    written(books, inserted(books.history(ID), entry(151, 151)))
    assert stored(books, "tails")
    written(books, without(books.history(ID), list(range(3, 160))))
    assert not stored(books, "tails")
    assert len(books.history(ID)) == 2 * SIZE


def test_a_record_moves_to_the_newest_epoch_whole(books: Books) -> None:
    written(books, record(list(range(120))))
    written(books, inserted(books.history(ID), entry(150, 150)))
    epochs.rotate(books, AT)
    books.seals.keys.refresh()

    written(books, inserted(books.history(ID), entry(151, 151)))

    assert not stored(books, "tails")
    assert [e.histories for e in epochs.epochs(books)] == [0, 1]
    written(books, inserted(books.history(ID), entry(152, 152)))
    assert len(stored(books, "tails")) == 1


def test_a_destroyed_epoch_takes_tails_along(books: Books) -> None:
    written(books, record(list(range(120))))
    written(books, inserted(books.history(ID), entry(150, 150)))
    epochs.rotate(books, AT)
    books.seals.keys.refresh()

    assert epochs.destroy(books, 1, AT) == 1
    assert not stored(books, "tails")
    assert books.history(ID) == b""


def test_a_transaction_that_never_happened_leaves_both_parts(books: Books) -> None:
    written(books, record(list(range(120))))
    held = inserted(books.history(ID), entry(150, 150))
    written(books, held)

    def broken() -> None:
        with books.own.writing():
            kept = books.records([ID])[ID]
            books.put_records({ID: Kept(kept.salt, record([1]))})
            raise Unavailable

    with pytest.raises(Unavailable):
        broken()
    books.forget()

    assert books.history(ID) == held
