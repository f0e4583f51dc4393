"""Registrations at the door: what rejects a row, what is noted about it, what counts as missing."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector import intake
from detector.errors import BadInput
from detector.intake import Intake
from detector.registration import CHANNELS, KEYS, NO_DATE, NOTES, OPERATIONS, Registrations
from tests.builders import curp_of, iccid_of, pseudonymiser, registration, table

PSEUDONYMISER = pseudonymiser()


def read(*rows: Mapping[str, Any]) -> Intake:
    return intake.read_registrations(table(rows), PSEUDONYMISER)


def one(**changes: Any) -> Registrations:
    return intake.registration(registration(**changes), PSEUDONYMISER)


def noted(taken: Registrations) -> set[str]:
    return {name for bit, name in enumerate(NOTES) if taken.notes[0] >> bit & 1}


def micro(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def test_a_registration_has_every_key_and_no_note() -> None:
    taken = one()

    assert all(getattr(taken, key)[0] != 0 for key in KEYS)
    assert noted(taken) == set()


def test_the_words_of_the_contract_become_their_positions() -> None:
    taken = one(operation="port_in", channel="bulk", validation_result="deceased")

    assert OPERATIONS[taken.operation[0]] == "port_in"
    assert CHANNELS[taken.channel[0]] == "bulk"
    assert taken.validation_result[0] == 3


def test_the_words_may_be_in_capitals_as_the_api_writes_them() -> None:
    assert one(operation="NEW_LINE").operation[0] == OPERATIONS.index("new_line")


def test_a_time_is_in_microseconds_of_utc() -> None:
    wanted = micro(datetime(2026, 3, 1, 18, 0, 0, 250_000, tzinfo=UTC))

    assert one(registered_at="2026-03-01T12:00:00.25-06:00").at[0] == wanted


@pytest.mark.parametrize("east", [0, -6])
def test_a_typed_time_is_the_same_moment_as_its_text(east: int) -> None:
    at = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=east)))

    assert one(registered_at=at).at[0] == one(registered_at=at.isoformat()).at[0] == micro(at)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("registration_id", "a b"),
        ("registration_id", "r" * 65),
        ("carrier_id", "Alfa"),
        ("carrier_id", "a" * 33),
        ("registered_at", "2026-03-01T12:00:00"),
        ("registered_at", "yesterday"),
        ("operation", "steal"),
        ("channel", "fax"),
        ("plan", "free"),
        ("identity_type", "ine"),
        ("identity_value", "SABC561326MDFLRN01"),
        ("identity_value", "x" * 300),
        ("msisdn", "5512345678"),
    ],
)
def test_a_required_value_of_another_shape_rejects_its_row(field: str, value: str) -> None:
    with pytest.raises(intake.RowRejected) as refused:
        one(**{field: value})

    assert refused.value.rejection.field == field
    assert value not in str(refused.value)


@pytest.mark.parametrize(
    "field", ["registration_id", "carrier_id", "registered_at", "plan", "identity_value", "msisdn"]
)
@pytest.mark.parametrize("empty", [None, "", "  "])
def test_a_required_value_that_is_missing_rejects_its_row(field: str, empty: str | None) -> None:
    with pytest.raises(intake.RowRejected, match=f"{field}: missing"):
        one(**{field: empty})


def test_one_bad_row_loses_one_row_and_says_where() -> None:
    rows = [registration() for _ in range(20)]
    rows[6]["msisdn"] = "none of your business"

    taken = read(*rows)

    assert len(taken.registrations) == 19
    assert [(r.row, r.field) for r in taken.rejections] == [(7, "msisdn")]


def test_a_row_with_two_faults_is_rejected_once_for_the_first() -> None:
    taken = read(registration(), registration(plan="free", operation="steal"))

    assert [r.field for r in taken.rejections] == ["operation"]


@pytest.mark.parametrize(
    ("field", "value", "missing"),
    [
        ("document_type", "library card", "document_type"),
        ("validation_result", "perhaps", "validation_result"),
        ("iccid", "89", "sim"),
        ("imei", "356938035643", "handset"),
        ("ip", "300.1.1.1", "ip"),
        ("contact", "call me", "contact"),
        ("device_id", "d" * 257, "device"),
        ("validation_attempts", "4", "validation_attempts"),
        ("place", "Oaxaca", "place"),
    ],
)
def test_a_malformed_optional_value_is_noted_and_missing(
    field: str, value: str, missing: str
) -> None:
    taken = one(**{field: value})

    assert getattr(taken, missing)[0] == getattr(one(**{field: None}), missing)[0]
    assert noted(taken) == {"malformed_optional"}


@pytest.mark.parametrize("value", ["1.2", "-0.1", "nan", "high", "inf"])
def test_a_liveness_that_is_no_share_is_noted_and_missing(value: str) -> None:
    taken = one(liveness_score=value)

    assert np.isnan(taken.liveness[0])
    assert noted(taken) == {"malformed_optional"}


@given(st.floats(0, 1))
def test_a_number_is_the_same_as_text_and_typed(score: float) -> None:
    rows = read(registration(liveness_score=score)).registrations

    assert rows.liveness[0] == one(liveness_score=repr(score)).liveness[0] == np.float32(score)


def test_check_digits_that_fail_are_noted_and_nothing_is_lost() -> None:
    curp, iccid = curp_of(77), iccid_of(77)
    taken = one(
        identity_value=curp[:-1] + str((int(curp[-1]) + 1) % 10),
        iccid=iccid[:-1] + str((int(iccid[-1]) + 1) % 10),
        imei="356938035643800",
    )

    assert noted(taken) == {"identity_check_digit", "iccid_check_digit", "imei_check_digit"}
    assert taken.sim[0] != 0
    assert taken.block_offset[0] == one(iccid=iccid).block_offset[0]


@pytest.mark.parametrize("place", ["01001", "1001", 1001, 1001.0, "1001.0"])
def test_a_place_is_the_same_as_text_and_number(place: object) -> None:
    assert one(place=place).place[0] == 1001


@pytest.mark.parametrize("place", ["00001", "33001", "99999"])
def test_a_place_in_no_state_is_noted_and_missing(place: str) -> None:
    taken = one(place=place)

    assert taken.place[0] == 0
    assert noted(taken) == {"place_unknown"}


@pytest.mark.parametrize("seen", ["2019-05-04", date(2019, 5, 4)])
def test_a_first_sight_is_a_day(seen: object) -> None:
    wanted = (date(2019, 5, 4) - date(1970, 1, 1)).days

    assert one(line_first_seen_on=seen).line_first_seen[0] == wanted


@pytest.mark.parametrize("seen", ["2026-03-02", "1970-01-01"])
def test_a_first_sight_that_cannot_be_is_noted_and_missing(seen: str) -> None:
    taken = one(line_first_seen_on=seen)

    assert taken.line_first_seen[0] == NO_DATE
    assert noted(taken) == {"implausible_date"}


def test_an_agent_of_the_same_name_elsewhere_is_another_agent() -> None:
    here, there = one(agent_id="7"), one(agent_id="7", carrier_id="beta")

    assert here.agent[0] != there.agent[0]


def test_neighbouring_sims_share_a_block_and_stand_apart_in_it() -> None:
    rows = read(registration(iccid=iccid_of(41_007)), registration(iccid=iccid_of(41_008)))
    taken = rows.registrations

    assert taken.block[0] == taken.block[1]
    assert sorted(taken.block_offset.tolist()) == [7, 8]


def test_a_column_that_is_not_there_is_missing_everywhere() -> None:
    row = registration()
    bare = {name: row[name] for name in row if name not in ("iccid", "imei", "ip", "place")}

    taken = read(bare).registrations

    assert taken.sim[0] == taken.block[0] == taken.handset[0] == taken.ip[0] == taken.place[0] == 0
    assert taken.block_offset[0] == -1
    assert taken.notes[0] == 0


def test_unknown_columns_are_ignored_with_one_warning() -> None:
    taken = read(registration(name="Ana", zodiac="leo"))

    assert taken.warnings == ("registrations: ignored the unknown columns name, zodiac",)


def test_a_value_of_an_impossible_type_is_refused_without_quoting_it() -> None:
    with pytest.raises(BadInput) as refused:
        one(msisdn=object())

    assert "object" not in str(refused.value)


def test_a_table_without_rows_is_refused() -> None:
    with pytest.raises(BadInput, match="holds no rows"):
        intake.read_registrations(table([registration()]).slice(0, 0), PSEUDONYMISER)
