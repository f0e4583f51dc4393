"""The neighbours' countries: repeatable, in the contract's words, and without a give-away."""

import numpy as np
import pandas as pd
import pytest
from stdnum import luhn
from stdnum.mx import curp, rfc

from detector.lands.neighbours import tables
from detector.lands.neighbours.check import auc, column_features, time_features
from detector.lands.neighbours.land import CHANNELS, KINDS, OPERATIONS, OPTIONAL
from detector.lands.neighbours.rings import PATTERNS

SIZE = 8_000
KEYS = ["carrier_id", "registration_id"]
REQUIRED = {
    "registration_id", "carrier_id", "registered_at", "operation", "channel", "plan",
    "identity_type", "identity_value", "msisdn",
}  # fmt: skip

Country = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def country() -> Country:
    return tables("hard", size=SIZE, seed=3)


def test_the_same_seed_gives_the_same_country(country: Country) -> None:
    again = tables("hard", size=SIZE, seed=3)
    for name, table in country.items():
        pd.testing.assert_frame_equal(table, again[name])


def test_another_seed_gives_another_country(country: Country) -> None:
    other = tables("hard", size=SIZE, seed=4)
    shares = [c["registrations"]["channel"].value_counts(normalize=True) for c in (country, other)]
    assert not np.allclose(*(s.reindex(CHANNELS).fillna(0) for s in shares), atol=0.005)


def test_the_contracts_columns_and_words(country: Country) -> None:
    book = country["registrations"]
    assert len(book) == SIZE
    assert set(book) == REQUIRED | set(OPTIONAL)
    assert not book[sorted(REQUIRED)].isna().any().any()
    assert set(book["operation"]) <= set(OPERATIONS)
    assert not book.duplicated(KEYS).any()
    assert set(country["line_events"]["kind"]) == {
        "first_attach", "attach", "abandoned", "unlinked", "reported",
    }  # fmt: skip


def test_every_verdict_and_event_is_about_a_registration(country: Country) -> None:
    known = pd.MultiIndex.from_frame(country["registrations"][KEYS])
    for name in ("labels", "line_events", "truth"):
        assert pd.MultiIndex.from_frame(country[name][KEYS]).isin(known).all()


def test_few_frauds_and_verdicts_both_ways(country: Country) -> None:
    truth = country["truth"]
    assert 0.004 <= truth["fraud"].mean() <= 0.01
    assert set(country["labels"]["label"]) == {"fraud", "legitimate"}
    assert set(truth.loc[truth["fraud"], "pattern"]) <= set(PATTERNS)
    told = truth.merge(country["labels"][KEYS].drop_duplicates(), on=KEYS)
    assert 0.1 <= told["fraud"].sum() / truth["fraud"].sum() <= 0.3


def test_identities_are_well_formed_and_nobodys(country: Country) -> None:
    book = country["registrations"]
    value = book["identity_value"].str.upper()
    persons = value[book["identity_type"] == "curp"]
    assert persons.map(curp.is_valid).all()
    assert not persons.str[1].isin(list("AEIOUX")).any()
    firms = value[book["identity_type"] == "rfc"]
    assert firms.map(lambda text: rfc.is_valid(text, validate_check_digits=True)).all()
    assert firms.str[-3:-1].str.match("V[F-Z]").all()


@pytest.mark.parametrize("column", ["iccid", "imei"])
def test_cards_and_handsets_pass_luhn(country: Country, column: str) -> None:
    assert country["registrations"][column].dropna().map(luhn.is_valid).all()


def test_neither_ids_nor_the_clock_nor_a_column_give_it_away(country: Country) -> None:
    book = country["registrations"]
    fraud = country["truth"]["fraud"].to_numpy(dtype=bool)
    assert abs(auc(column_features(book["registration_id"]), fraud) - 0.5) < 0.2
    assert abs(auc(time_features(book["registered_at"]), fraud) - 0.5) < 0.25
    for column in ("operation", "channel", "imei", "iccid", "contact", "validation_result"):
        assert auc(column_features(book[column]), fraud) < 0.85


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_can_be_drawn_small(kind: str) -> None:
    small = tables(kind, size=2_000, seed=5)
    assert small["truth"]["fraud"].any()
    carriers = small["registrations"]["carrier_id"].nunique()
    assert carriers <= 2 if kind == "sparse" else carriers > 1


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="kind must be one of"):
        tables("easy", size=SIZE, seed=1)
