"""What only the travellers promise: other people with each seed, nobody's companies, verdicts that err."""

import pandas as pd
import pytest

from detector.lands.travellers import tables

SIZE = 8_000


@pytest.fixture(scope="module")
def country() -> dict[str, pd.DataFrame]:
    return tables("hard", size=SIZE, seed=1)


def test_another_seed_is_other_people(country: dict[str, pd.DataFrame]) -> None:
    other = tables("hard", size=2_000, seed=6)["registrations"]["identity_value"]

    assert not set(country["registrations"]["identity_value"]) & set(other)


def test_no_company_can_have_its_rfc_and_places_are_in_a_state(
    country: dict[str, pd.DataFrame],
) -> None:
    rows = country["registrations"]
    value = rows.loc[rows["identity_type"] == "rfc", "identity_value"].str.upper()
    companies = value[value.str.len() == 12]
    place = rows["place"].dropna()

    assert len(companies)
    assert (companies.str[9] == "O").all()
    assert place.str[:2].astype(int).between(1, 32).all()


def test_some_of_the_fraud_has_verdicts_and_some_are_wrong(
    country: dict[str, pd.DataFrame],
) -> None:
    truth, labels = country["truth"], country["labels"]
    known = labels.merge(truth, on=["carrier_id", "registration_id"])

    assert set(labels["label"]) == {"fraud", "legitimate"}
    assert 0.05 <= known["fraud"].sum() / truth["fraud"].sum() <= 0.4
    assert (known["fraud"] != (known["label"] == "fraud")).any()


def test_an_unknown_kind_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="expected one of plain, hard, sparse"):
        tables("easy", size=2_000, seed=1)
