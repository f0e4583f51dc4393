"""What the engine may rely on of a store, the same for both kinds."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from detector.errors import BadInput
from detector.logbook import ROW
from detector.records import SIZE
from serve.answers import Unavailable
from serve.store import database
from serve.store import rows as store_rows
from serve.store.books import Answer, Books, Filed, Kept, Seen, Verdict
from serve.store.database import Connection, Postgres, connect, migrate

MIGRATIONS = Path(database.__file__).parent / "migrations"


KEY, SALT = b"\x00somebody", b"saltsalt"  # a kind of record and a key


def filed(number: int) -> Filed:
    """With a row of the log that says only its carrier's code, 0, and the registration's id."""
    return Filed(number, number.to_bytes(16), b"print", "alfa", bytes(ROW.itemsize) + b"entry")


def answer(number: int, stage: int = 0) -> Answer:
    return Answer(number, stage, 10 * number, number, b"\x00said", b"\xffvector")


def test_migrating_twice_changes_nothing(books: Books) -> None:
    with books.own.writing():
        books.add_carrier("alfa")
        books.add([filed(1)])
    before = books.own.rows("SELECT name FROM migrations ORDER BY name")

    migrate(books.own)

    assert books.own.rows("SELECT name FROM migrations ORDER BY name") == before
    assert [name for (name,) in before] == sorted(path.name for path in MIGRATIONS.glob("*.sql"))
    assert books.log(0, 9) == [filed(1)]


def test_a_store_of_a_newer_program_is_refused(store_url: str) -> None:
    own = connect(store_url)
    with own.writing():
        own.run("INSERT INTO migrations VALUES ('9999_tomorrow.sql')")
    own.close()

    with pytest.raises(BadInput, match="another version of this program"):
        connect(store_url)


def test_a_store_is_brought_forward_with_what_it_holds(
    store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = tmp_path / "newer" / "migrations"
    shutil.copytree(MIGRATIONS, newer)
    own = connect(store_url)
    with own.writing():
        Books(own).add_carrier("alfa")
        Books(own).add([filed(1)])
    own.close()
    (newer / "9000_more.sql").write_text("CREATE TABLE more (id BIGINT PRIMARY KEY, content BLOB);")
    monkeypatch.setattr(database, "files", lambda _: newer.parent)

    own = connect(store_url)

    assert own.rows("SELECT * FROM more") == []
    assert Books(own).log(0, 9) == [filed(1)]
    own.close()


def test_a_migration_that_fails_leaves_the_store_as_it_was(
    store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = tmp_path / "newer" / "migrations"
    shutil.copytree(MIGRATIONS, newer)
    connect(store_url).close()
    (newer / "9000_bad.sql").write_text(
        "CREATE TABLE half (id BIGINT); INSERT INTO nowhere VALUES (1);"
    )
    with monkeypatch.context() as changed:
        changed.setattr(database, "files", lambda _: newer.parent)
        with pytest.raises(Exception, match=r"."):
            connect(store_url)

    own = connect(store_url)
    with own.writing():
        own.run("CREATE TABLE half (id BIGINT)")
    own.close()


@pytest.mark.parametrize("url", ["", "mysql://host/base", "store.db", "sqlite:/one-slash"])
def test_a_store_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="a store is"):
        connect(url)


def test_what_is_written_is_read_by_another_connection(books: Books, store_url: str) -> None:
    chance = random.Random(1)
    rows = [filed(number) for number in range(1, 30)]
    events = [Seen(chance.randint(1, 9), at, at - 5, 1, -(2**63), 9_002) for at in range(40)]
    said = ("legitimate", "fraud", "withdrawn", "legitimate", "fraud")
    verdicts = [Verdict(2, at, None, label, 1, 0.5) for at, label in enumerate(said)]
    answers = [answer(1), answer(1, 2), answer(4)]
    with books.own.writing():
        books.add_carrier("alfa")
        books.add(rows)
        for event in events:
            books.add_event(event)
        for verdict in verdicts:
            books.add_verdict(verdict)
        books.add_answers(answers, {n: filed(n).folio for n in (1, 4)})
    other = Books(connect(store_url))

    assert other.log(3, 5) == rows[3:8]
    assert other.last_sequence() == 29
    assert other.known([rows[4].folio, b"nobody"]) == {rows[4].folio: (5, b"print")}
    assert other.folios([2, 3]) == {2: rows[1].folio, 3: rows[2].folio}
    assert other.all_events() == sorted(events, key=lambda e: (e.sequence, e.at))
    assert other.verdicts([2]) == other.all_verdicts() == verdicts
    assert other.answers([1, 4, 7]) == {1: answers[:2], 4: answers[2:]}
    other.own.close()


def test_whole_tables_are_read_in_pages_of_any_size(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [filed(number) for number in range(1, 30)]
    answers = [answer(1), answer(1, 2), answer(4)]
    events = [Seen(number, 7, 2, 1, 5, 9_002) for number in (9, 3, 3, 21)]
    with books.own.writing():
        books.add_carrier("alfa")
        books.add(rows)
        for event in events:
            books.add_event(event)
        books.add_verdict(Verdict(5, 1, None, "fraud", 1, None))
        books.add_answers(answers, {n: filed(n).folio for n in (1, 4)})

    for size in (1, 3, 29, 100):
        monkeypatch.setattr(store_rows, "TOGETHER", size)
        assert sorted(books.all_filed()) == [(row.folio, row.entry) for row in rows]
        assert [e.sequence for e in books.all_events()] == [3, 3, 9, 21]
        assert [v.sequence for v in books.all_verdicts()] == [5]
        told = books.all_answers({filed(n).folio: n for n in (1, 4)})
        assert sorted(told, key=lambda a: (a.sequence, a.stage)) == [
            replace(one, vector=b"") for one in answers
        ]
    assert list(books.all_answers({filed(2).folio: 2})) == []


def test_a_transaction_that_fails_never_happened(books: Books) -> None:
    def fail() -> None:
        with books.own.writing():
            books.add([filed(1)])
            books.records([KEY])
            books.put_records({KEY: Kept(SALT, bytes(SIZE))})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with books.own.writing():
        books.add([filed(1)])

    assert books.last_sequence() == 1
    assert books.records([KEY]) == {}


def test_one_name_has_one_registration(books: Books) -> None:
    again = replace(filed(2), folio=filed(1).folio)
    with pytest.raises(Exception, match=r"(?i)unique"), books.own.writing():
        books.add([filed(1), again])

    assert books.last_sequence() == 0


def test_a_registration_has_one_answer_at_each_stage(books: Books) -> None:
    with pytest.raises(Exception, match=r"(?i)unique"), books.own.writing():
        books.add_answers([answer(1), answer(1)], {1: filed(1).folio})


def test_records_are_replaced_whole(books: Books) -> None:
    other, nobody = b"\x01otherkey", b"\x00nobody  "
    for record in (b"o" * SIZE, b"t" * 2 * SIZE, b""):
        with books.own.writing():
            books.records([KEY, other])
            books.put_records({KEY: Kept(SALT, record), other: Kept(SALT, bytes(SIZE))})
        assert books.records([KEY, nobody]) == {KEY: Kept(SALT, record)}
        assert (books.history(KEY), books.history(nobody)) == (record, b"")


def test_what_is_due_comes_earliest_first_and_goes_once(books: Books) -> None:
    due = [(30, 1, 2), (10, 2, 3), (10, 2, 1), (20, 5, 1)]
    with books.own.writing():
        books.add_due(due)
    assert books.due(20, 9) == [(10, 2, 1), (10, 2, 3), (20, 5, 1)]
    assert books.due(99, 2) == [(10, 2, 1), (10, 2, 3)]

    with books.own.writing():
        books.drop_due(books.due(20, 9))

    assert books.due(99, 9) == [(30, 1, 2)]


def test_carriers_keep_their_codes_and_the_journal_its_order(books: Books) -> None:
    with books.own.writing():
        assert [books.add_carrier(name) for name in ("beta", "alfa")] == [0, 1]
        for id_ in (1, 2, 3):
            books.add_journal(id_, bytes([id_]))

    assert books.carriers() == ("beta", "alfa")
    assert books.journal(1) == [(2, b"\x02"), (3, b"\x03")]
    assert books.journal(0, most=1) == [(1, b"\x01")]


def test_the_writer_lock_keeps_a_second_writer_out_until_it_gives_up(
    books: Books, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "WAIT", 1.0)
    other = connect(store_url)
    with books.own.writing():
        books.add([filed(1)])
        with pytest.raises(Unavailable):
            enter(other)
    enter(other)
    other.close()


def enter(own: Connection) -> None:
    with own.writing():
        pass


def test_postgresql_commits_wait_for_the_disk_although_its_server_would_not(postgres: str) -> None:
    plain = connect(postgres)
    plain.run("ALTER DATABASE postgres SET synchronous_commit = off")
    plain.close()
    own = connect(postgres)

    assert isinstance(own, Postgres)
    assert own.rows("SELECT current_setting('synchronous_commit')") == [("on",)]
    own.run("ALTER DATABASE postgres RESET synchronous_commit")
    own.close()
