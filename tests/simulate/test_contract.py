"""Every table obeys the contract's shapes, in the default country and in drawn ones."""

import pandas as pd
import phonenumbers
import pytest
from stdnum import imei, luhn
from stdnum.mx import curp, rfc

from detector.registration import (
    BREACH_FIELDS,
    CHANNELS,
    DOCUMENT_TYPES,
    EVENT_KINDS,
    IDENTITY_TYPES,
    LABEL_SOURCES,
    OFFICIAL_TIERS,
    OPERATIONS,
    PLANS,
    VALIDATION_RESULTS,
)
from detector.simulate import Country
from tests.simulate.conftest import Frames, frames

ENUMERATIONS = {
    "operation": OPERATIONS,
    "channel": CHANNELS,
    "plan": PLANS,
    "identity_type": IDENTITY_TYPES,
    "document_type": DOCUMENT_TYPES,
    "validation_result": VALIDATION_RESULTS,
}
REQUIRED = (
    "registration_id", "carrier_id", "registered_at", "operation", "channel", "plan", "identity_type",
    "identity_value", "msisdn",
)  # fmt: skip
SHAPES = {
    "registration_id": r"[A-Za-z0-9._:-]{1,64}",
    "carrier_id": r"[a-z0-9-]{1,32}",
    "msisdn": r"\+52[2-9]\d{9}",
    "iccid": r"89\d{17}",
    "imei": r"\d{15}",
    "place": r"(0[1-9]|[12]\d|3[0-2])\d{3}",
    "contact": r"\+52\d{10}|[a-z0-9]+@[a-z.]+",
    "ip": r"(\d{1,3}\.){3}\d{1,3}|2806:[0-9a-f:]+",
}


@pytest.fixture(scope="module", params=["default", 3, 8, 21])
def country(request: pytest.FixtureRequest, default: Frames) -> Frames:
    """Several countries."""
    seed = request.param
    return default if seed == "default" else frames(Country.draw(seed), registrations=6000)


def test_required_columns_are_full(country: Frames) -> None:
    assert not country["registrations"][list(REQUIRED)].isna().any().any()


@pytest.mark.parametrize("name", SHAPES)
def test_values_have_their_shape(country: Frames, name: str) -> None:
    values = country["registrations"][name].dropna()

    assert values.str.fullmatch(SHAPES[name]).all()


@pytest.mark.parametrize("name", ENUMERATIONS)
def test_words_are_the_contracts(country: Frames, name: str) -> None:
    assert set(country["registrations"][name].dropna()) <= set(ENUMERATIONS[name])


def test_identities_are_valid_but_for_typing_errors(country: Frames) -> None:
    rows = country["joined"]
    text = rows.identity_value.str.replace(" ", "").str.upper()
    persons = text[rows.identity_type == "curp"].map(curp.is_valid)
    firms = text[rows.identity_type == "rfc"].map(
        lambda t: rfc.is_valid(t, validate_check_digits=True)
    )

    assert firms.all()
    assert 0.97 < persons.mean() < 1
    assert all(curp.is_valid(t, validate_check_digits=False) for t in text[persons[~persons].index])


def test_telephone_numbers_are_possible(country: Frames) -> None:
    numbers = country["registrations"].msisdn.sample(300, random_state=1)

    assert all(phonenumbers.is_valid_number(phonenumbers.parse(number)) for number in numbers)


def test_sims_and_handsets_have_their_check_digits(country: Frames) -> None:
    sample = country["registrations"].sample(1000, random_state=1)

    assert sample.iccid.dropna().map(luhn.is_valid).all()
    assert sample.imei.dropna().map(imei.is_valid).all()


def test_attempts_and_liveness_are_in_range(country: Frames) -> None:
    rows = country["registrations"]

    assert set(rows.validation_attempts.dropna()) <= {1, 2, 3}
    assert rows.liveness_score.dropna().between(0, 1).all()


def test_folios_are_unique_and_rows_in_time_order(country: Frames) -> None:
    rows = country["registrations"]

    assert rows.registration_id.is_unique
    assert (rows.registered_at.diff().dropna() >= -pd.Timedelta(seconds=1)).all()


def test_no_line_is_older_than_its_registration_allows(country: Frames) -> None:
    rows = country["registrations"]
    born = pd.to_datetime(rows.line_first_seen_on).dt.tz_localize("UTC")

    too_young = int((born > rows.registered_at).sum())

    assert too_young == 0


def test_events_and_labels_refer_to_earlier_registrations(country: Frames) -> None:
    at = country["registrations"].set_index("registration_id").registered_at
    events, labels = country["line_events"], country["labels"]

    assert (events.occurred_at >= events.registration_id.map(at) - pd.Timedelta(seconds=1)).all()
    assert (labels.decided_at > labels.registration_id.map(at)).all()
    assert set(events.kind) <= set(EVENT_KINDS)
    assert set(labels.source) <= set(LABEL_SOURCES)


def test_members_belong_to_breaches_of_known_fields(country: Frames) -> None:
    breaches = country["breaches"]

    assert set(country["breach_members"].breach_id) <= set(breaches.breach_id)
    assert set("|".join(breaches.fields).split("|")) <= set(BREACH_FIELDS)


def test_officials_hold_an_office(country: Frames) -> None:
    officials = country["officials"]

    assert set(officials.tier) <= set(OFFICIAL_TIERS)
    assert not officials.identity_value.duplicated().any()
    assert not (officials.until < officials.since).any()


def test_a_sim_is_in_one_line_and_a_number_in_one_carriers_network(country: Frames) -> None:
    rows = country["registrations"]

    assert (rows.groupby("iccid").msisdn.nunique() == 1).all()
    moved = rows.operation.eq("port_in").groupby(rows.msisdn).transform("any")
    carriers = rows[~moved].groupby("msisdn").carrier_id.nunique().max()

    assert carriers == 1
