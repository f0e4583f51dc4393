"""What only the villagers promise: other people with each seed, households' errands, verdicts that err."""

import pandas as pd
import pytest

from detector.lands.villagers import tables

SIZE = 8_000


@pytest.fixture(scope="module")
def country() -> dict[str, pd.DataFrame]:
    return tables("hard", size=SIZE, seed=1)


def test_another_seed_is_other_people(country: dict[str, pd.DataFrame]) -> None:
    other = tables("hard", size=2_000, seed=6)["registrations"]["identity_value"]

    assert not set(country["registrations"]["identity_value"]) & set(other)


def test_most_devices_with_many_names_are_honest(country: dict[str, pd.DataFrame]) -> None:
    rows = country["registrations"].merge(country["truth"], on=["carrier_id", "registration_id"])
    shared = rows.groupby("device_id").agg(
        people=("identity_value", "nunique"), misused=("fraud", "any")
    )
    many = shared[shared["people"] >= 3]

    assert many["misused"].any()
    assert many["misused"].mean() < 0.2


def test_some_of_the_fraud_has_verdicts_and_some_are_wrong(
    country: dict[str, pd.DataFrame],
) -> None:
    truth, labels = country["truth"], country["labels"]
    known = labels.merge(truth, on=["carrier_id", "registration_id"])

    assert set(labels["label"]) == {"fraud", "legitimate"}
    assert 0.05 <= known["fraud"].sum() / truth["fraud"].sum() <= 0.4
    assert (known["fraud"] != (known["label"] == "fraud")).any()


def test_an_unknown_kind_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no such kind of country: easy"):
        tables("easy", size=2_000, seed=1)
