"""What a store gives away to whoever has a copy, with some of its keys or none: nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from detector.errors import KeyMissing
from detector.pseudonym import Pseudonymiser
from serve.reading import Reader
from serve.store import epochs
from serve.store.books import Books
from serve.store.database import Connection, connect
from serve.store.keys import ENGINE_NAME, WORKER_NAME, StoreKeys
from serve.store.retention import Retention, expired
from serve.vault import OVERHEAD, SIZES, NotOpened
from tests.builders import curp_of, pseudonymiser
from tests.serve.engine.standing import START, Standing, later, micros, question, seen
from tests.serve.engine.stream import Stream
from tests.serve.engine.test_parity import lived

AT = datetime(2026, 6, 1, tzinfo=UTC)
TABLES = (
    "registrations",
    "histories",
    "tails",
    "assessments",
    "line_events",
    "verdicts",
    "journal",
    "due",
    "given",
)


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StoreKeys:
    """Of this store alone, in files that the environment names."""
    made = StoreKeys.generate(tmp_path)
    monkeypatch.setenv("SIMVIGIA_ENGINE_KEY_FILE", str(tmp_path / ENGINE_NAME))
    monkeypatch.setenv("SIMVIGIA_WORKER_KEY_FILE", str(tmp_path / WORKER_NAME))
    monkeypatch.setattr("serve.store.keys.LOOK_EVERY", 0.0)
    return made


@pytest.fixture
def standing(keys: StoreKeys, store_url: str) -> Iterator[Standing]:
    made = Standing(store_url)
    yield made
    made.close()


def rows_of(own: Connection, table: str) -> list[tuple[object, ...]]:
    return own.rows(f"SELECT * FROM {table}")


def texts(own: Connection) -> list[bytes]:
    """Every text and blob of every table of the engine."""
    cells = [cell for table in TABLES for row in rows_of(own, table) for cell in row]
    return [bytes(c) for c in cells if isinstance(c, bytes | memoryview)]


def test_no_token_and_no_name_is_in_any_row(standing: Standing) -> None:
    door: Pseudonymiser = pseudonymiser()
    one = question(identity_value=curp_of(7), registration_id="the-carriers-own-folio")
    standing.answered(one)
    standing.take(seen(one, later(minutes=5), imei=str(one.event["imei"])), at=later(minutes=6))
    entry = standing.books.entries([1])[1]

    held = b"\0".join(texts(standing.books.own))

    assert b"the-carriers-own-folio" in entry  # the log knows it, for the worker
    assert b"the-carriers-own-folio" not in held
    for kind, value in (("identity", curp_of(7)), ("line", str(one.event["msisdn"]))):
        token = door.token(kind, value)
        assert token.encode() not in held
    own = standing.books.filed([1])[1][1]
    keys = np.frombuffer(own[:166], np.uint8)
    words = {keys[i : i + 6].tobytes() for i in range(len(keys) - 6) if keys[i : i + 6].any()}
    assert not [w for w in words if len(set(w)) > 4 and w in held]


def test_the_same_holder_is_another_value_in_every_record(standing: Standing) -> None:
    standing.answered(question(identity_value=curp_of(1), device_id="one"))
    standing.answered(question(identity_value=curp_of(1), device_id="two"))
    shelf_values = standing.books.seals.prints(
        np.array([[5, 6], [5, 6]], np.int64), np.array([[1, 1], [2, 2]], np.int64)
    )

    assert len(set(shelf_values.ravel().tolist())) == 4
    assert (shelf_values < 2**48).all()
    assert standing.books.seals.prints(np.zeros(2, np.int64), np.ones(2, np.int64)).tolist() == [
        0,
        0,
    ]


def test_sizes_tell_a_class_and_rows_lie_in_no_order(standing: Standing) -> None:
    standing.answered(*(question(START, identity_value=curp_of(n % 3)) for n in range(30)))
    own = standing.books.own

    lengths = {len(bytes(record)) for _, record in own.rows("SELECT id, record FROM histories")}
    names = [bytes(n) for n, *_ in own.rows("SELECT id FROM registrations ORDER BY id")]

    assert lengths <= {size + OVERHEAD for size in SIZES}
    assert names != standing.books.seals.rows("log", range(1, 31))


def test_without_the_workers_key_answers_are_read_and_the_log_is_not(
    standing: Standing, tmp_path: Path, store_url: str
) -> None:
    told = standing.answered(question())[0]
    mine = Books(connect(store_url, StoreKeys.of(tmp_path / ENGINE_NAME, None)))

    assert Reader(mine, pseudonymiser()).find(told.assessment_id.bytes).decision == told.decision
    for look in (mine.entries, mine.verdicts, mine.answers):
        if look == mine.verdicts:
            assert list(look([1])) == []  # there is none to open
            continue
        with pytest.raises(KeyMissing, match="worker"):
            look([1])
    with pytest.raises(KeyMissing, match="worker"):
        mine.journal(0)
    mine.own.close()


def test_a_store_knows_its_keys_again_and_no_others(standing: Standing, store_url: str) -> None:
    standing.answered(question())

    with pytest.raises(KeyMissing, match="not the one of this store"):
        connect(store_url, StoreKeys.fresh())


def test_a_bent_or_exchanged_box_is_refused(standing: Standing) -> None:
    standing.answered(question(), question())
    own = standing.books.own
    one, two = own.rows("SELECT id, entry FROM registrations")
    with own.writing():
        own.run("UPDATE registrations SET entry = ? WHERE id = ?", [bytes(one[1]), bytes(two[0])])

    with pytest.raises(NotOpened):
        standing.books.entries([1, 2])


def test_a_new_epoch_changes_no_score_and_histories_move_as_they_are_touched(
    standing: Standing, keys: StoreKeys
) -> None:
    rng = np.random.default_rng(5)
    stream = Stream(rng)
    lived(standing, stream, 80)
    epochs.rotate(standing.books, AT)
    lived(standing, stream, 80)

    found = {e.number: e for e in epochs.epochs(standing.books)}

    assert standing.differing() == []
    assert set(found) == {1, 2}
    assert found[2].histories > 0
    assert found[1].opens == ("histories", "log", "frozen")


def test_a_destroyed_epoch_ends_what_nobody_touched_and_the_store_goes_on(
    standing: Standing, keys: StoreKeys
) -> None:
    old, kept = question(identity_value=curp_of(1)), question(identity_value=curp_of(2))
    first = standing.answered(old, kept)
    epochs.rotate(standing.books, AT)
    standing.answered(replace(kept, event={**kept.event, "registration_id": "again"}))

    gone = epochs.destroy(standing.books, 1, AT)

    assert gone > 0
    assert [e.number for e in epochs.epochs(standing.books) if e.opens] == [
        1,
        2,
    ]  # frozen still opens
    with pytest.raises(KeyMissing):
        epochs.destroy(standing.books, 2, AT)
    standing.restart()
    after = standing.answered(
        question(later(hours=1), identity_value=curp_of(1)), at=later(hours=1)
    )
    assert after[0].decision == first[0].decision  # a newcomer now


def test_the_log_expires_then_vectors_and_verdicts_and_a_question_still_counts_once(
    standing: Standing,
) -> None:
    one = question()
    standing.answered(one)
    standing.take(seen(one, later(minutes=5)), at=later(minutes=6))
    standing.settle(later(days=8))
    own = standing.books.own

    Retention(lambda: micros(later(days=91)))(own, AT)
    assert expired(standing.books) == 1
    assert standing.books.entries([1]) == {}
    assert standing.books.events([1]) == []
    assert standing.books.answers([1])[1][0].vector
    assert standing.answered(one)[0].repeated

    Retention(lambda: micros(later(days=600)))(own, AT)
    assert standing.books.answers([1]) == {}
    assert standing.books.last_sequence() == 1
    assert not standing.take(one) or standing.books.last_sequence() == 1


def test_no_row_of_the_log_expires_before_its_later_stages_are_answered(standing: Standing) -> None:
    one, own = question(imported=True), standing.books.own
    standing.answered(one, at=later(days=91))
    Retention(lambda: micros(later(days=91)))(own, AT)
    assert expired(standing.books) == 0

    standing.settle(later(days=91))
    Retention(lambda: micros(later(days=91)))(own, AT)
    assert expired(standing.books) == 1
    assert standing.stages(one) == ["activation", "day_1", "day_7"]


def test_a_stage_of_a_row_that_expired_is_not_answered_and_holds_nobody_up(
    standing: Standing,
) -> None:
    one = question()
    standing.answered(one)
    standing.settle(later(days=8))
    standing.take(seen(one, later(days=80)), at=later(days=80))
    Retention(lambda: micros(later(days=91)))(standing.books.own, AT)
    assert expired(standing.books) == 1

    standing.answered(question(later(days=91)), at=later(days=91))

    assert standing.books.due(micros(later(days=91)), 10) == []
    assert standing.stages(one) == ["activation", "day_1", "day_7"]


def test_what_is_younger_stays(standing: Standing) -> None:
    standing.answered(question(), question(later(days=50)), at=later(days=50))

    Retention(lambda: micros(later(days=100)))(standing.books.own, AT)

    assert list(standing.books.entries([1, 2])) == [2]
