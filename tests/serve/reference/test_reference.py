"""Reference tables say what the raw rows say, hold none of them, and are refused when anything is off."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector import intake
from detector.errors import BadInput
from detector.registration import Breaches
from serve.custodian.edge import blinded
from serve.reference import tables
from serve.reference.keys import TableKey
from serve.reference.known import Known
from serve.reference.load import Loader, Provenance
from serve.reference.tables import TableRefused
from tests import builders
from tests.builders import curp_of, folder, pseudonymiser, registration
from tests.serve.custodian.halves import tokens

SECRET = bytes(range(32))
OTHER = bytes(range(1, 33))
FROM = Provenance("SABG", "notice of a breach", date(2026, 2, 1), "ab" * 32)
BREACHES = Breaches(
    ("chronus", "portal"), np.array([20_000, 20_400], np.int32), np.array([7, 19], np.uint16)
)


def member(person: int, breach: str = "chronus", known_at: str = "2026-02-01") -> dict[str, str]:
    return {
        "breach_id": breach,
        "identity_type": "curp",
        "identity_value": curp_of(person),
        "known_at": f"{known_at}T00:00:00Z",
    }


def official(person: int, since: str = "2024-10-01", until: str | None = None) -> dict[str, Any]:
    who = {"identity_type": "curp", "identity_value": curp_of(person)}
    return who | {"tier": "federal", "since": since, "until": until}


def loader(place: Path) -> Loader:
    return Loader(place, pseudonymiser(), SECRET)


def loaded(place: Path) -> Path:
    loader(place).breach_members([builders.table([member(i) for i in range(40)])], BREACHES, FROM)
    loader(place).officials([builders.table([official(i) for i in range(0, 40, 4)])], FROM)
    return place


def identities(*people: int) -> Any:
    rows = [registration(identity_value=curp_of(person)) for person in people]
    ids = (intake.registration(row, pseudonymiser()).identity[0] for row in rows)
    return np.array(list(ids), np.int64)


def at(text: str, count: int = 1) -> Any:
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return np.full(count, int(moment.timestamp() * 1e6), np.int64)


def test_members_and_officials_are_known_and_others_are_not(tmp_path: Path) -> None:
    known = Known.load(loaded(tmp_path), SECRET)

    found = known.exposure(identities(0, 1, 99), at("2026-03-01", 3))

    assert found.incidents.tolist() == [1, 1, 0]
    assert found.tier.tolist() == [1, 0, 0]


def test_only_what_was_known_then_counts(tmp_path: Path) -> None:
    rows = [member(1, known_at="2026-02-01"), member(1, "portal", "2026-05-01")]
    loader(tmp_path).breach_members([builders.table(rows)], BREACHES, FROM)
    loader(tmp_path).officials([builders.table([official(1, "2026-04-01", "2026-06-01")])], FROM)
    known, who = Known.load(tmp_path, SECRET), identities(1)

    told = [known.exposure(who, at(f"2026-{month:02d}-15")) for month in (1, 3, 4, 5, 6)]

    assert [int(e.incidents[0]) for e in told] == [0, 1, 1, 2, 2]
    assert [int(e.tier[0]) for e in told] == [0, 0, 1, 1, 0]


def test_tables_say_what_a_data_folder_says(tmp_path: Path) -> None:
    breaches = [
        {
            "breach_id": "chronus",
            "name": "c",
            "occurred_on": "2024-10-04",
            "fields": "curp|rfc|name",
        },
        {
            "breach_id": "portal",
            "name": "p",
            "occurred_on": "2025-11-08",
            "fields": "curp|rfc|phone",
        },
    ]
    members = [member(i % 7, "portal" if i % 3 else "chronus") for i in range(20)]
    rows = [registration(identity_value=curp_of(i)) for i in range(9)]
    offices = [official(i) for i in range(3)]
    data = intake.read_folder(
        folder(
            tmp_path / "d",
            registrations=rows,
            breaches=breaches,
            breach_members=members,
            officials=offices,
        ),
        pseudonymiser(),
    )
    loader(tmp_path).breach_members([builders.table(members)], data.breaches, FROM)
    loader(tmp_path).officials([builders.table(offices)], FROM)

    known = Known.load(tmp_path, SECRET).exposure(
        data.registrations.identity, data.registrations.at
    )

    from detector.exposure import exposure

    plain = exposure(
        data.registrations.identity,
        data.registrations.at,
        breaches=data.breaches,
        members=data.breach_members,
        officials=data.officials,
    )
    assert known.tier.tolist() == plain.tier.tolist()
    unique = {(m["identity_value"], m["breach_id"]) for m in members}
    assert known.incidents.sum() == len(unique)


def test_a_second_notice_adds_to_the_first_and_the_earlier_date_stays(tmp_path: Path) -> None:
    one = Breaches(("portal",), np.array([20_400], np.int32), np.array([19], np.uint16))
    loader(tmp_path).breach_members(
        [builders.table([member(1, "portal", "2026-02-01")])], one, FROM
    )

    again = [member(1, "portal", "2026-07-01"), member(2, "chronus")]
    told = loader(tmp_path).breach_members([builders.table(again)], BREACHES, FROM)

    known = Known.load(tmp_path, SECRET)
    assert told.rows == 2
    assert known.breaches.breach_id == ("chronus", "portal")
    assert known.exposure(identities(1, 2), at("2026-03-01", 2)).incidents.tolist() == [1, 1]


def test_rows_that_come_tokenised_are_the_same_people(tmp_path: Path) -> None:
    source = tokens(proved=0.0)
    raw = builders.table([member(1)])
    loader(tmp_path).breach_members([blinded(raw, source)], BREACHES, FROM)
    event = blinded(builders.table([registration(identity_value=curp_of(1))]), source)

    who = intake.read_registrations(event, pseudonymiser()).registrations.identity

    known = Known.load(tmp_path, SECRET)
    assert known.exposure(who, at("2026-03-01")).incidents.tolist() == [1]


def test_bad_rows_are_named_and_the_rest_is_taken(tmp_path: Path) -> None:
    rows = [member(1), member(2) | {"identity_value": "X"}, member(3, "unheard_of")]

    told = loader(tmp_path).breach_members([builders.table(rows)], BREACHES, FROM)

    assert told.rows == 1
    assert [(r.row, r.field) for r in told.rejections] == [(2, "identity_value"), (3, "breach_id")]


def test_no_raw_value_and_no_token_is_in_any_file(tmp_path: Path) -> None:
    held = b"".join(f.read_bytes() for f in loaded(tmp_path).rglob("*") if f.is_file())

    for person in range(40):
        curp, who = curp_of(person), int(identities(person)[0])
        assert curp.encode() not in held
        assert who.to_bytes(8, "little", signed=True) not in held


def test_the_two_tables_cannot_be_joined(tmp_path: Path) -> None:
    known = Known.load(loaded(tmp_path), SECRET)

    assert not set(known.members.identity.tolist()) & set(known.officials.identity.tolist())


def column(place: Path, kind: str, name: str) -> Path:
    base = place / kind
    return base / (base / "current").read_text() / name


def test_a_table_under_another_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableRefused, match="another key"):
        Known.load(loaded(tmp_path), OTHER)


def test_a_table_of_another_kind_is_refused(tmp_path: Path) -> None:
    loaded(tmp_path)
    shutil.rmtree(tmp_path / "officials")
    shutil.copytree(tmp_path / "breach_members", tmp_path / "officials")

    with pytest.raises(TableRefused):
        Known.load(tmp_path, SECRET)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return loaded(tmp_path_factory.mktemp("sound"))


FILES = ("identity", "known_at", "breach", "manifest.json")


@given(st.sampled_from(FILES), st.floats(0, 1, exclude_max=True), st.integers(0, 7))
def test_one_flipped_bit_anywhere_is_refused(
    sound: Path, name: str, where: float, bit: int
) -> None:
    path = column(sound, "breach_members", name)
    held = path.read_bytes()
    byte = int(where * len(held))
    try:
        path.write_bytes(held[:byte] + bytes([held[byte] ^ 1 << bit]) + held[byte + 1 :])
        with pytest.raises(TableRefused):
            Known.load(sound, SECRET)
    finally:
        path.write_bytes(held)


@given(st.sampled_from(FILES), st.floats(0, 1, exclude_max=True))
def test_a_truncated_file_is_refused(sound: Path, name: str, where: float) -> None:
    path = column(sound, "breach_members", name)
    held = path.read_bytes()
    try:
        path.write_bytes(held[: int(where * len(held))])
        with pytest.raises(TableRefused):
            Known.load(sound, SECRET)
    finally:
        path.write_bytes(held)


def test_files_of_two_tables_do_not_mix(tmp_path: Path) -> None:
    loaded(tmp_path / "a")
    loader(tmp_path / "b").breach_members(
        [builders.table([member(i + 50) for i in range(40)])], BREACHES, FROM
    )
    shutil.copy(
        column(tmp_path / "b", "breach_members", "identity"),
        column(tmp_path / "a", "breach_members", "identity"),
    )

    with pytest.raises(TableRefused):
        Known.load(tmp_path / "a", SECRET)


@pytest.mark.parametrize(
    "damage", [lambda p: p.unlink(), lambda p: p.write_text("../../elsewhere")]
)
def test_a_lost_or_bent_pointer_is_refused(tmp_path: Path, damage: Callable[[Path], Any]) -> None:
    loaded(tmp_path)
    damage(tmp_path / "officials" / "current")

    with pytest.raises(BadInput):
        Known.load(tmp_path, SECRET)


def test_a_table_without_its_canaries_is_refused(tmp_path: Path) -> None:
    key = TableKey.derived(SECRET, "officials")
    loaded(tmp_path)
    held = tables.read(tmp_path / "officials", key)
    real = {
        name: c[held.columns["since"] != tables.NOBODY["since"]] for name, c in held.columns.items()
    }

    with pytest.raises(TableRefused, match="lacks rows"):
        tables._check_rows(real, key, len(real["identity"]))


def test_where_a_load_fails_the_old_table_serves_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded(tmp_path)
    monkeypatch.setattr(tables, "_point", lambda *_: (_ for _ in ()).throw(OSError("power cut")))

    with pytest.raises(OSError, match="power cut"):
        loader(tmp_path).officials([builders.table([official(9)])], FROM)

    assert Known.load(tmp_path, SECRET).exposure(identities(0), at("2026-03-01")).tier[0] == 1


def test_a_table_in_use_outlives_its_replacement(tmp_path: Path) -> None:
    before = Known.load(loaded(tmp_path), SECRET)

    loader(tmp_path).officials([builders.table([official(9)])], FROM)

    after = Known.load(tmp_path, SECRET)
    who, moment = identities(0, 9), at("2026-03-01", 2)
    assert before.exposure(who, moment).tier.tolist() == [1, 0]
    assert after.exposure(who, moment).tier.tolist() == [0, 1]
    assert len([f for f in (tmp_path / "officials").iterdir() if f.is_dir()]) == 1


def test_an_empty_load_changes_nothing(tmp_path: Path) -> None:
    loaded(tmp_path)

    with pytest.raises(BadInput, match="holds no row"):
        loader(tmp_path).officials([builders.table([official(9) | {"tier": "king"}])], FROM)

    assert Known.load(tmp_path, SECRET).exposure(identities(0), at("2026-03-01")).tier[0] == 1


def test_a_load_says_where_it_comes_from(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="notifier"):
        Provenance("", "", date(2026, 1, 1), "")

    held = json.loads(column(loaded(tmp_path), "officials", "manifest.json").read_text())
    assert json.loads(held["manifest"])["about"]["provenance"] == [FROM.to_json()]


def test_nothing_loaded_is_nothing_known(tmp_path: Path) -> None:
    found = Known.load(tmp_path, SECRET).exposure(identities(1), at("2026-03-01"))

    assert (found.grade.tolist(), found.tier.tolist()) == ([0], [0])
