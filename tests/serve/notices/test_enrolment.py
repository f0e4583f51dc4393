from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from detector.errors import BadInput, KeyMissing
from serve.answers import Refused, Unknown
from serve.notices.enrolment import Institution
from serve.notices.lockbox import Lockbox
from serve.store.database import Connection
from tests.serve.notices.people import AT, BOX, CONGRESS, DANI, REGISTER, accepted, entry, signed


def accept(own: Connection, code: str, after: timedelta = timedelta()) -> bool:
    with own.writing():
        return REGISTER.accept(own, DANI, code, at=AT + after)


def test_nobody_is_a_member_before_saying_yes(own: Connection) -> None:
    [invitation] = signed(own, entry())
    assert REGISTER.member(own, DANI) is None

    assert accept(own, invitation.code)
    assert REGISTER.contact(own, DANI) == "dani@congreso.example"


def test_one_person_cannot_sign_twice(own: Connection) -> None:
    with pytest.raises(Refused, match="another person"):
        signed(own, entry(), by=("ana", "ana"))


def test_a_stranger_cannot_sign(own: Connection) -> None:
    with pytest.raises(Refused, match="signer"):
        signed(own, entry(), by=("ana", "mallory"))


def test_an_institution_with_one_signer_cannot_enrol(own: Connection) -> None:
    alone = Institution("solo", frozenset({"solo.example"}), frozenset({"ana"}))

    with pytest.raises(BadInput, match="two people"):
        REGISTER.propose(own, alone, [entry()], signer="ana", at=AT)


@pytest.mark.parametrize("change", [{"contact": "x@congreso.example"}, {"every": True}])
def test_the_second_signs_what_the_first_signed(own: Connection, change: dict[str, Any]) -> None:
    batch = REGISTER.propose(own, CONGRESS, [entry()], signer="ana", at=AT)

    with pytest.raises(Refused, match="not what was signed first"):
        REGISTER.countersign(own, CONGRESS, [entry(**change)], batch=batch, signer="beto", at=AT)


@pytest.mark.parametrize("later", [timedelta(), timedelta(days=8)])
def test_a_batch_is_signed_once_and_soon(own: Connection, later: timedelta) -> None:
    batch = REGISTER.propose(own, CONGRESS, [entry()], signer="ana", at=AT)
    sign = {"batch": batch, "signer": "beto"}
    if not later:
        REGISTER.countersign(own, CONGRESS, [entry()], **sign, at=AT)

    with pytest.raises(Refused, match="batch"):
        REGISTER.countersign(own, CONGRESS, [entry()], **sign, at=AT + later)


BAD: list[dict[str, Any]] = [
    {"contact": "dani@elsewhere.example"},
    {"contact": "dani@evilcongreso.example"},
    {"contact": "+525512345678"},
    {"contact": "dani@x.example\r\nBcc: all@congreso.example"},
    {"contact": "dani@x.example, y@congreso.example"},
    {"contact": "not-a-number", "vouched_by": "alfa"},
    {"contact": "dañi@congreso.example"},
    {"delegate": "office@elsewhere.example"},
    {"tier": "king"},
    {"language": "xx"},
]


@pytest.mark.parametrize("change", BAD)
def test_a_contact_that_nobody_stands_for_is_refused_unquoted(
    own: Connection, change: dict[str, Any]
) -> None:
    with pytest.raises(Refused, match=r"^entries\.0\.") as refusal:
        signed(own, entry(**change))

    assert str(next(iter(change.values()))) not in str(refusal.value)


@pytest.mark.parametrize(
    "change",
    [
        {"contact": "dani@oficina.congreso.example"},
        {"contact": "+525512345678", "vouched_by": "alfa"},
        {"contact": "dani@correo.example", "vouched_by": "alfa"},
    ],
)
def test_a_contact_of_the_house_or_vouched_for_is_taken(
    own: Connection, change: dict[str, Any]
) -> None:
    assert [i.contact for i in signed(own, entry(**change))] == [change["contact"]]


def test_ten_wrong_codes_lock_the_right_one_out(own: Connection) -> None:
    [invitation] = signed(own, entry())
    wrong = [accept(own, f"x{number}") for number in range(10)]

    assert wrong == [False] * 10
    assert not accept(own, invitation.code)


def test_nine_wrong_codes_do_not(own: Connection) -> None:
    [invitation] = signed(own, entry())
    for number in range(9):
        accept(own, f"x{number}")

    assert accept(own, invitation.code)


def test_a_code_ends_after_fourteen_days_and_works_once(own: Connection) -> None:
    [invitation] = signed(own, entry())

    assert not accept(own, invitation.code, timedelta(days=14))
    assert accept(own, invitation.code)
    assert not accept(own, invitation.code)


def test_full_detail_begins_seven_days_after_the_yes(own: Connection) -> None:
    accepted(own)
    member = REGISTER.member(own, DANI)

    assert member
    assert not member.full_detail(AT + timedelta(days=7, seconds=-1))
    assert member.full_detail(AT + timedelta(days=7))


@pytest.mark.parametrize(("end", "again"), [("contest", 0), ("withdraw", 1)])
def test_who_contested_cannot_be_enrolled_again_and_who_withdrew_can(
    own: Connection, end: str, again: int
) -> None:
    accepted(own)
    with own.writing():
        getattr(REGISTER, end)(own, DANI)

    assert REGISTER.member(own, DANI) is None
    assert len(signed(own, entry())) == again


def test_who_is_enrolled_is_not_invited_again(own: Connection) -> None:
    accepted(own)

    assert signed(own, entry(contact="mallory@congreso.example")) == []
    assert REGISTER.contact(own, DANI) == "dani@congreso.example"


def test_who_is_not_there_cannot_withdraw(own: Connection) -> None:
    with pytest.raises(Unknown):
        REGISTER.withdraw(own, b"nobody")


def test_nothing_in_the_store_says_who_is_enrolled_or_where(own: Connection) -> None:
    accepted(own, delegate="office@congreso.example")
    [(name, content)] = own.rows("SELECT id, content FROM enrolments")

    held = bytes(name) + bytes(content)
    assert DANI not in held
    assert b"congreso" not in held
    with pytest.raises(KeyMissing):
        BOX.row(b"another").open(bytes(content))


def test_every_row_of_the_register_has_one_size(own: Connection) -> None:
    signed(own, entry(), entry(b"2", contact="a" * 200 + "@congreso.example"))
    accept(own, "wrong")
    sizes = {len(content) for (content,) in own.rows("SELECT content FROM enrolments")}

    assert len(sizes) == 1


def test_a_member_and_a_stranger_cost_the_same_work(
    own: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted(own)
    work: Counter[str] = Counter()
    rows, opened = type(own).rows, Lockbox.opened

    def counted_rows(self: Any, *given: Any) -> Any:
        work["query"] += 1
        return rows(self, *given)

    def counted_opened(self: Any, row: Any, sealed: Any) -> Any:
        work["opened"] += 1
        return opened(self, row, sealed)

    monkeypatch.setattr(type(own), "rows", counted_rows)
    monkeypatch.setattr(Lockbox, "opened", counted_opened)
    REGISTER.member(own, DANI)
    for_member = dict(work)
    work.clear()
    REGISTER.member(own, b"nobody")

    assert for_member == dict(work) == {"query": 1, "opened": 1}
