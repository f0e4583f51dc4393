"""The outsiders' countries keep the contract and give nothing away for free."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.outsiders import KINDS, check, tables
from benchmarks.outsiders.attacks import ATTACKS
from benchmarks.outsiders.country import OPTIONAL

REQUIRED = {
    "registration_id", "carrier_id", "registered_at", "operation", "channel", "plan",
    "identity_type", "identity_value", "msisdn",
}  # fmt: skip


@pytest.fixture(scope="module")
def hard() -> dict[str, pd.DataFrame]:
    return tables("hard", size=12_000, seed=3)


def matches(column: pd.Series, pattern: str) -> bool:
    return bool(column.dropna().str.fullmatch(pattern).all())


def test_the_same_seed_is_the_same_country_and_another_is_not():
    first, again, other = (tables("plain", size=3_000, seed=seed) for seed in (5, 5, 6))
    for name, table in first.items():
        pd.testing.assert_frame_equal(table, again[name])
    assert not first["registrations"].equals(other["registrations"])


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_the_contracts_columns_and_fraud_within_bounds(kind):
    country = tables(kind, size=6_000, seed=2)
    table, truth = country["registrations"], country["truth"]
    assert set(table.columns) == REQUIRED | set(OPTIONAL)
    assert table[list(REQUIRED)].notna().all().all()
    assert not table.duplicated(["carrier_id", "registration_id"]).any()
    assert 0.004 <= truth["fraud"].mean() <= 0.0105
    assert set(truth["pattern"].dropna()) <= set(ATTACKS)


def test_numbers_have_the_shapes_that_the_contract_asks_for(hard):
    table = hard["registrations"]
    curp = table["identity_value"][table["identity_type"] == "curp"]
    assert matches(curp, r"[A-Z]{4}\d{6}[HM][A-Z]{5}[0-9A-Z]\d")
    assert matches(table["msisdn"], r"\+52[2-9]\d{9}")
    assert matches(table["iccid"], r"\d{19}")
    assert matches(table["imei"], r"\d{15}")
    assert matches(table["place"], r"(0[1-9]|[12]\d|3[0-2])\d{3}")


def test_no_identity_can_belong_to_anybody(hard):
    table = hard["registrations"]
    curp = table["identity_value"][table["identity_type"] == "curp"]
    assert not curp.str[1].isin(list("AEIOUX")).any()
    rfc = table["identity_value"][table["identity_type"] == "rfc"]
    assert (rfc.str[-2] == "O").all()


def test_verdicts_are_of_both_kinds_few_and_later_than_the_deed(hard):
    labels = hard["labels"].merge(hard["registrations"], on=["registration_id", "carrier_id"])
    assert set(labels["label"]) == {"fraud", "legitimate"}
    assert len(labels) < 0.05 * len(hard["registrations"])
    assert (labels["decided_at"] > labels["registered_at"]).all()


def test_events_follow_their_registration(hard):
    events = hard["line_events"].merge(
        hard["registrations"][["registration_id", "carrier_id", "registered_at"]]
    )
    assert len(events) == len(hard["line_events"])
    assert (events["occurred_at"] >= events["registered_at"]).all()
    assert set(events["kind"]) == {"first_attach", "attach", "abandoned", "unlinked", "reported"}


def test_no_column_alone_nor_the_ids_nor_the_clock_tell(hard):
    table, bad = hard["registrations"], hard["truth"]["fraud"].to_numpy()
    assert max(check.column_aucs(table, bad).values()) < 0.85
    assert check.auc(*check.later(check.id_numbers(table), bad, 20)) < 0.65
    day = (table["registered_at"].astype("int64") // 10**9).to_numpy(np.float64)
    assert check.auc(bad, day) < 0.65
