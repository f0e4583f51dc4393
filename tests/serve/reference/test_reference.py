"""Reference tables say what the raw rows say, hold none of them, and are refused when anything is off."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector import intake
from detector.errors import BadInput
from detector.exposure import exposure
from serve.audit.records import KINDS
from serve.custodian.edge import blinded
from serve.reference import tables
from serve.reference.keys import TableKey
from serve.reference.notice import Provenance
from serve.reference.tables import TableRefused
from tests import builders
from tests.builders import curp_of, folder, pseudonymiser, registration
from tests.serve.custodian.halves import tokens
from tests.serve.reference.telling import (
    BREACHES,
    FROM,
    SECRET,
    Store,
    at,
    identities,
    member,
    official,
    raw,
)
from tests.serve.stores import postgres, store_url

__all__ = ["postgres", "store_url"]
OTHER = bytes(range(1, 33))


@pytest.fixture
def store(store_url: str) -> Any:
    made = Store(store_url)
    yield made
    made.close()


@pytest.fixture
def loaded(store: Store) -> Store:
    store.tell(breaches=BREACHES, breach_members=[member(i) for i in range(40)])
    store.tell(officials=[official(i) for i in range(0, 40, 4)])
    return store


@pytest.fixture
def beside(tmp_path: Path) -> Store:
    """Tables in files, for who bends files."""
    return filled(tmp_path)


def filled(path: Path) -> Store:
    made = Store(f"sqlite:///{path / 'store.db'}")
    made.tell(
        breaches=BREACHES,
        breach_members=[member(i) for i in range(40)],
        officials=[official(i) for i in range(0, 40, 4)],
    )
    return made


def test_members_and_officials_are_known_and_others_are_not(loaded: Store) -> None:
    found = loaded.known().exposure(identities(0, 1, 99), at("2026-03-01", 3))

    assert found.incidents.tolist() == [1, 1, 0]
    assert found.tier.tolist() == [1, 0, 0]


def test_only_what_was_known_then_counts(store: Store) -> None:
    rows = [member(1, known_at="2026-02-01"), member(1, "portal", "2026-05-01")]
    store.tell(breaches=BREACHES, breach_members=rows)
    store.tell(officials=[official(1, "2026-04-01", "2026-06-01")])
    known, who = store.known(), identities(1)

    told = [known.exposure(who, at(f"2026-{month:02d}-15")) for month in (1, 3, 4, 5, 6)]

    assert [int(e.incidents[0]) for e in told] == [0, 1, 1, 2, 2]
    assert [int(e.tier[0]) for e in told] == [0, 0, 1, 1, 0]


def test_tables_say_what_a_data_folder_says(store: Store, tmp_path: Path) -> None:
    given = {
        "breaches": BREACHES,
        "breach_members": [member(i % 7, "portal" if i % 3 else "chronus") for i in range(20)],
        "officials": [official(i) for i in range(3)],
    }
    rows = [registration(identity_value=curp_of(i)) for i in range(9)]
    path = folder(tmp_path / "d", registrations=rows, **given)
    data = intake.read_folder(path, pseudonymiser())
    own = data.registrations
    store.tell(**given)

    plain = exposure(
        own.identity,
        own.at,
        breaches=data.breaches,
        members=data.breach_members,
        officials=data.officials,
    )
    known = store.known().exposure(own.identity, own.at)
    assert known.tier.tolist() == plain.tier.tolist()
    assert known.grade.tolist() == plain.grade.tolist()
    unique = {(m["identity_value"], m["breach_id"]) for m in given["breach_members"]}
    assert known.incidents.sum() == len(unique)


def test_who_reads_a_store_sees_the_same_of_its_own_people_and_of_nobody_else(
    loaded: Store,
) -> None:
    who, moment = identities(3, 4, 99, 3), at("2026-03-01", 4)

    breaches, members, officials = loaded.known().of(who)

    asked = exposure(who, moment, breaches=breaches, members=members, officials=officials)
    known = loaded.known().exposure(who, moment)
    for name in ("grade", "incidents", "tier"):
        assert getattr(asked, name).tolist() == getattr(known, name).tolist()
    assert set(members.identity.tolist()) == set(identities(3, 4).tolist())


def test_a_second_notice_adds_to_the_first_and_the_earlier_date_stays(store: Store) -> None:
    store.tell(breaches=BREACHES[1:], breach_members=[member(1, "portal", "2026-02-01")])

    again = [member(1, "portal", "2026-07-01"), member(2, "chronus")]
    told = store.tell(breaches=BREACHES, breach_members=again)

    known = store.known()
    assert told.held == {"breach_members": 2}
    assert known.breaches.breach_id == ("portal", "chronus")
    assert known.exposure(identities(1, 2), at("2026-03-01", 2)).incidents.tolist() == [1, 1]


def test_a_notice_of_breaches_leaves_officials_as_they_are(loaded: Store) -> None:
    loaded.tell(breaches=BREACHES, breach_members=[member(50)])

    assert loaded.known().exposure(identities(0, 50), at("2026-03-01", 2)).tier.tolist() == [1, 0]


def test_rows_that_come_tokenised_are_the_same_people(store: Store) -> None:
    source = tokens(proved=0.0)
    store.tell(breaches=BREACHES, breach_members=blinded(builders.table([member(1)]), source))
    event = blinded(builders.table([registration(identity_value=curp_of(1))]), source)

    who = intake.read_registrations(event, pseudonymiser()).registrations.identity

    assert store.known().exposure(who, at("2026-03-01")).incidents.tolist() == [1]


def test_bad_rows_are_named_and_the_rest_is_taken(store: Store) -> None:
    rows = [member(1), member(2) | {"identity_value": "X"}, member(3, "unheard_of")]

    notice = store.notice(breaches=BREACHES, breach_members=rows)

    assert len(notice.members) == 1
    found = [(r.row, r.field) for r in notice.rejections]
    assert found == [(2, "identity_value"), (3, "breach_id")]


def test_no_raw_value_and_no_token_is_in_any_byte_of_the_tables(loaded: Store) -> None:
    held = raw(loaded)

    assert len(held) > 40 * 20
    for person in range(40):
        curp, who = curp_of(person), int(identities(person)[0])
        assert curp.encode() not in held
        assert who.to_bytes(8, "little", signed=True) not in held


def test_the_two_tables_cannot_be_joined(loaded: Store) -> None:
    known = loaded.known()

    assert not set(known.members.identity.tolist()) & set(known.officials.identity.tolist())


def test_tables_under_another_key_are_refused(loaded: Store) -> None:
    with pytest.raises(TableRefused, match="another key"):
        loaded.known(OTHER)


def test_a_table_of_another_kind_is_refused(beside: Store) -> None:
    one, other = (beside.file(kind, "manifest.json") for kind in tables.KINDS)
    shutil.copy(one, other)

    with pytest.raises(TableRefused):
        beside.known()


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return filled(tmp_path_factory.mktemp("sound"))


FILES = ("identity", "known_at", "breach", "manifest.json")


@given(st.sampled_from(FILES), st.floats(0, 1, exclude_max=True), st.integers(0, 7))
def test_one_flipped_bit_anywhere_is_refused(
    sound: Store, name: str, where: float, bit: int
) -> None:
    path = sound.file("breach_members", name)
    held = path.read_bytes()
    byte = int(where * len(held))
    try:
        path.write_bytes(held[:byte] + bytes([held[byte] ^ 1 << bit]) + held[byte + 1 :])
        with pytest.raises(TableRefused):
            sound.known()
    finally:
        path.write_bytes(held)


@given(st.sampled_from(FILES), st.floats(0, 1, exclude_max=True))
def test_a_truncated_file_is_refused(sound: Store, name: str, where: float) -> None:
    path = sound.file("breach_members", name)
    held = path.read_bytes()
    try:
        path.write_bytes(held[: int(where * len(held))])
        with pytest.raises(TableRefused):
            sound.known()
    finally:
        path.write_bytes(held)


def test_a_column_of_another_store_does_not_fit(tmp_path: Path) -> None:
    one, other = filled(tmp_path / "a"), filled(tmp_path / "b")
    other.tell(breaches=BREACHES, breach_members=[member(i + 50) for i in range(40)])
    shutil.copy(other.file("breach_members", "identity"), one.file("breach_members", "identity"))

    with pytest.raises(TableRefused):
        one.known()


@pytest.mark.parametrize("damage", [lambda p: p.unlink(), lambda p: shutil.rmtree(p.parent)])
def test_files_that_are_gone_are_refused(beside: Store, damage: Callable[[Path], Any]) -> None:
    damage(beside.file("officials", "tier"))

    with pytest.raises(TableRefused):
        beside.known()


@pytest.mark.parametrize("name", ["../../elsewhere", "short", "0" * 17, ""])
def test_a_name_that_is_none_is_refused(beside: Store, name: str) -> None:
    with pytest.raises(TableRefused, match="names no officials table"):
        tables.read(beside.tables.place, name, TableKey.derived(SECRET, "officials"))


def test_a_table_without_its_canaries_is_refused(loaded: Store) -> None:
    held = loaded.known()
    kept = tables.real(held.tables["officials"], "officials")

    with pytest.raises(TableRefused, match="lacks rows"):
        tables._check_rows(kept, held.keys["officials"], len(kept["identity"]))


def test_where_telling_fails_the_old_tables_serve_on_and_nothing_is_left(
    loaded: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = loaded.versions()
    monkeypatch.setattr(
        "serve.knowing.enforce", lambda *_: (_ for _ in ()).throw(OSError("power cut"))
    )

    with pytest.raises(OSError, match="power cut"):
        loaded.tell(officials=[official(9)])

    assert loaded.known().exposure(identities(0), at("2026-03-01")).tier[0] == 1
    assert loaded.versions() == before


def test_tables_in_use_outlive_their_replacement(loaded: Store) -> None:
    before = loaded.known()

    loaded.tell(officials=[official(9)])

    after = loaded.known()
    who, moment = identities(0, 9), at("2026-03-01", 2)
    assert before.exposure(who, moment).tier.tolist() == [1, 0]
    assert after.exposure(who, moment).tier.tolist() == [0, 1]
    assert len(loaded.versions()) == 2, "what was replaced is gone"


def test_a_register_without_a_row_that_can_be_taken_changes_nothing(loaded: Store) -> None:
    with pytest.raises(BadInput, match="no row that can be taken"):
        loaded.tell(officials=[official(9) | {"tier": "king"}])

    assert loaded.known().exposure(identities(0), at("2026-03-01")).tier[0] == 1


def test_a_folder_of_something_else_is_one_clear_line(store: Store, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(BadInput, match=r"is not a folder|holds no breach_members"):
            store.read(path)


def test_a_table_says_where_it_comes_from(store: Store) -> None:
    with pytest.raises(BadInput, match="notifier"):
        Provenance(" ", "", FROM.received_on)
    store.tell(officials=[official(1)])
    store.tell(officials=[official(2)])

    held = store.known().tables["officials"].about["provenance"]
    assert [one["notifier"] for one in held] == ["SABG", "SABG"]
    assert len(held[0]["sha256"]["officials.parquet"]) == 64
    (first, second) = store.books.own.rows("SELECT kind, facts FROM audit_notes")
    assert first[0] == "tables"
    assert first[0] in KINDS, "the keeper would stop at it"
    assert json.loads(first[1])["notifier"] == "SABG"
    assert first[1] != second[1]


def test_nothing_told_is_nothing_known(store: Store) -> None:
    found = store.known().exposure(identities(1), at("2026-03-01"))

    assert (found.grade.tolist(), found.tier.tolist()) == ([0], [0])


def test_somebody_who_tells_at_the_same_time_loses_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, once = Store(store.url), [True]
    merged = tables.Draft.put

    def interrupted(draft: Any, name: str, column: Any) -> None:
        if once.pop() if once else False:
            other.tell(breaches=BREACHES, breach_members=[member(1)])
        merged(draft, name, column)

    monkeypatch.setattr(tables.Draft, "put", interrupted)
    store.tell(breaches=BREACHES, breach_members=[member(2)])

    found = store.known().exposure(identities(1, 2), at("2026-03-01", 2))
    assert found.incidents.tolist() == [1, 1]
    assert len(store.versions()) == 1
    other.close()
