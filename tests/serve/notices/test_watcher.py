"""From an answer to the outbox: who is told of what, once, and what nobody is told."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from detector.errors import KeyMissing
from serve.deliveries.sealing import Vault
from serve.notices.tokens import marks
from serve.notices.watcher import look, tell_due
from serve.store.database import connect
from tests.builders import curp_of, pseudonymiser
from tests.serve.engine.standing import question
from tests.serve.notices.living import (
    DANI,
    KEYS,
    NOON,
    Living,
    ago,
    enrol,
    office,
    subject,
    waiting,
)

MINE = "+525512345678"


@pytest.fixture
def living(store_url: str) -> Iterator[Living]:
    made = Living(store_url)
    yield made
    made.close()


def registered(living: Living, at: datetime = NOON, *, value: str = DANI, **changes: Any) -> None:
    living.answered(question(at, identity_value=value, **changes), at=at)


def looked(living: Living, at: datetime = NOON) -> int:
    return look(living.books.own, office(KEYS, at=at))


def by_number(number: str) -> dict[str, Any]:
    """How somebody is enrolled who is told at a number."""
    mark, arrived = marks(number, pseudonymiser())
    return {"contact": number, "mark": mark, "arrived": arrived, "vouched_by": "alfa"}


def test_a_registration_in_a_members_name_becomes_a_letter_and_anothers_does_not(
    living: Living,
) -> None:
    own = living.books.own
    enrol(own, KEYS, every=True)
    registered(living, value=curp_of(701))
    registered(living)

    assert looked(living) == 2
    [letter] = waiting(own, KEYS)
    assert letter.startswith("dani@congreso.example\n")
    assert looked(living) == 0


def test_what_is_imported_is_no_news(living: Living) -> None:
    enrol(living.books.own, KEYS, every=True)
    of = question(ago(days=40), identity_value=DANI, imported=True)
    living.answered(replace(of, notify=False), at=NOON)
    living.settle(NOON)
    looked(living)

    assert waiting(living.books.own, KEYS) == []


def test_the_same_answer_looked_at_again_is_one_notice(living: Living) -> None:
    own = living.books.own
    enrol(own, KEYS, every=True)
    registered(living)
    rows = own.rows("SELECT folio, decision FROM answered")
    looked(living)
    own.run_many("INSERT INTO answered (folio, decision, due_at) VALUES (?, ?, 0)", rows)
    looked(living)

    assert len(waiting(own, KEYS)) == 1


def test_a_notice_that_cannot_be_made_is_put_off_and_stands_in_nobodys_way(
    living: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = living.books.own
    enrol(own, KEYS, every=True)
    other = curp_of(702)
    enrol(own, KEYS, other, every=True, contact="eve@congreso.example")
    registered(living)
    registered(living, value=other)
    desk = office(KEYS)
    made, broken = desk.notifier.prepared, subject()

    def prepared(own: Any, cases: Any, at: Any) -> Any:
        if any(case.person == broken for case in cases):
            raise ValueError
        return made(own, cases, at)

    with monkeypatch.context() as patched:
        patched.setattr(desk.notifier, "prepared", prepared)
        look(own, desk)
    assert [letter.partition("@")[0] for letter in waiting(own, KEYS)] == ["eve"]

    looked(living, NOON + timedelta(minutes=2))
    assert len(waiting(own, KEYS)) == 2


@pytest.mark.parametrize(
    ("operation", "days", "told"),
    [
        ("new_line", 29, 0),
        ("port_in", 29, 0),
        ("relink", 29, 0),
        ("sim_replacement", 29, 0),
        ("link_existing", 29, 1),
        ("sim_replacement", 31, 1),
    ],
)
def test_a_number_is_told_only_where_it_stayed_in_the_same_hands(
    living: Living, operation: str, days: int, told: int
) -> None:
    enrol(living.books.own, KEYS, every=True, **by_number(MINE))
    registered(living, ago(days=days), value=curp_of(703), msisdn=MINE, operation=operation)
    registered(living)
    looked(living)

    assert len(waiting(living.books.own, KEYS)) == told


@pytest.mark.parametrize("column", ["msisdn", "contact"])
def test_the_number_just_registered_or_left_with_it_is_never_told(
    living: Living, column: str
) -> None:
    own = living.books.own
    enrol(own, KEYS, every=True, **by_number(MINE))
    registered(living, **{column: MINE})
    looked(living)

    assert waiting(own, KEYS) == []
    assert own.rows("SELECT COUNT(*) FROM notices") == [(1,)]


def test_an_officials_office_gets_a_letter_of_its_own(living: Living) -> None:
    own = living.books.own
    enrol(own, KEYS, every=True, delegate="oficina@congreso.example")
    registered(living)
    looked(living)

    names = [name for (name,) in own.rows("SELECT message FROM outbox ORDER BY id")]
    assert len(set(names)) == 2
    assert [letter.partition("@")[0] for letter in waiting(own, KEYS)] == ["dani", "oficina"]


def test_a_burst_of_one_hand_is_one_letter_that_says_so(living: Living) -> None:
    own = living.books.own
    enrol(own, KEYS, every=True)
    for minute in range(9):
        registered(living, NOON + timedelta(minutes=minute), device_id="one-hand")
    later = NOON + timedelta(minutes=10)
    looked(living, later)
    tell_due(own, office(KEYS, at=later + timedelta(hours=5)))

    letters = waiting(own, KEYS)
    assert len(letters) == 4
    assert "lote hecho por una misma persona" in letters[-1].replace("=\r\n", "")


def test_who_withdraws_is_not_told_what_still_waited(living: Living) -> None:
    own = living.books.own
    register = enrol(own, KEYS, every=True)
    night = NOON + timedelta(hours=12)
    registered(living, night)
    looked(living, night)
    with own.writing():
        register.withdraw(own, subject())

    assert tell_due(own, office(KEYS, at=night + timedelta(hours=9))) == 0
    assert waiting(own, KEYS) == []


@pytest.mark.parametrize("every", [False, True])
def test_an_answer_and_its_work_are_the_same_for_who_is_enrolled(
    tmp_path: Path, every: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = question(NOON, identity_value=DANI)
    statements: list[str] = []

    def answered(name: str, *, enrolled: bool) -> tuple[object, ...]:
        living = Living(f"sqlite:///{tmp_path / name}")
        if enrolled:
            enrol(living.books.own, KEYS, every=every)
        statements.clear()
        [told] = living.answered(asked, at=NOON)
        living.close()
        return replace(told, assessed_at=NOON), *statements

    kind = type(connect(f"sqlite:///{tmp_path / 'none'}"))
    for name in ("rows", "run", "run_many", "found"):
        monkeypatch.setattr(kind, name, _counted(getattr(kind, name), statements))

    member, stranger = answered("a", enrolled=True), answered("b", enrolled=False)
    assert len(member) > 5
    assert member == stranger


def _counted(plain: Any, statements: list[str]) -> Any:
    def counted(self: Any, sql: str, given: Any = ()) -> Any:
        rows = list(given)
        statements.append(f"{sql} x{len(rows)}")
        return plain(self, sql, rows)

    return counted


def test_the_engines_keys_open_no_contact(living: Living) -> None:
    own = living.books.own
    enrol(own, KEYS)
    [(content,)] = own.rows("SELECT content FROM enrolments")
    row = KEYS.box().row(subject())
    sealed = row.open(bytes(content))["contact"]

    for stranger in (Vault(b"k" * 32), KEYS.closing().contacts()):
        with pytest.raises(KeyMissing):
            stranger.open(b64decode(sealed), "contact")
    assert KEYS.contacts().open(b64decode(sealed), "contact") == b"dani@congreso.example"
