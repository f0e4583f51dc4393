"""The travellers' countries keep the contract, come out the same twice, and give nothing away."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from stdnum import luhn
from stdnum.mx import curp, rfc

from detector.lands.travellers import tables
from detector.lands.travellers.__main__ import main
from detector.lands.travellers.check import inspect
from detector.lands.travellers.habits import KINDS, OPTIONAL

SIZE = 6_000
REQUIRED = {
    "registration_id", "carrier_id", "registered_at", "operation", "channel", "plan",
    "identity_type", "identity_value", "msisdn",
}  # fmt: skip
OTHERS = {
    "line_events": {"registration_id", "carrier_id", "occurred_at", "kind", "imei", "place"},
    "labels": {"registration_id", "carrier_id", "label", "decided_at", "source", "confidence"},
    "breaches": {"breach_id", "name", "occurred_on", "fields"},
    "breach_members": {"breach_id", "identity_type", "identity_value", "known_at"},
    "officials": {"identity_type", "identity_value", "tier", "since", "until"},
    "truth": {"registration_id", "carrier_id", "fraud", "pattern", "ring", "segments"},
}


@pytest.fixture(scope="module", params=KINDS)
def country(request: pytest.FixtureRequest) -> dict[str, pd.DataFrame]:
    return tables(request.param, size=SIZE, seed=3)


def test_the_same_arguments_give_the_same_country() -> None:
    first, second = (tables("hard", size=2_000, seed=5) for _ in range(2))
    for name, table in first.items():
        pd.testing.assert_frame_equal(table, second[name])


def test_another_seed_is_another_country() -> None:
    first, second = (tables("hard", size=2_000, seed=seed) for seed in (5, 6))
    assert not set(first["registrations"]["identity_value"]) & set(
        second["registrations"]["identity_value"]
    )


def test_every_table_has_the_columns_of_the_contract(country: dict[str, pd.DataFrame]) -> None:
    assert set(country["registrations"].columns) == REQUIRED | set(OPTIONAL)
    assert {name: set(country[name].columns) for name in OTHERS} == OTHERS


def test_required_values_are_there_and_folios_are_unique(country: dict[str, pd.DataFrame]) -> None:
    rows = country["registrations"]
    assert len(rows) == SIZE
    assert rows[sorted(REQUIRED)].notna().all(axis=None)
    assert not rows.duplicated(["carrier_id", "registration_id"]).any()


def test_identities_have_right_check_digits_and_belong_to_nobody(
    country: dict[str, pd.DataFrame],
) -> None:
    rows = country["registrations"]
    people = rows.loc[rows["identity_type"] == "curp", "identity_value"].unique()[:300]
    firms = rows.loc[rows["identity_type"] == "rfc", "identity_value"].unique()
    assert all(value[17] == curp.calc_check_digit(value) for value in people if "Ñ" not in value)
    assert all(value[-1] == rfc.calc_check_digit(value[:-1]) for value in firms)
    assert not any(
        value[1] in "AEIOUX" for value in [*people, *firms[[len(x) == 13 for x in firms]]]
    )
    assert all(value[9] == "O" for value in firms if len(value) == 12)


def test_sims_and_handsets_pass_luhn_and_lines_are_mexican(
    country: dict[str, pd.DataFrame],
) -> None:
    rows = country["registrations"]
    numbers = [*rows["iccid"].dropna()[:200], *rows["imei"].dropna()[:200]]
    assert all(luhn.is_valid(number) for number in numbers)
    assert rows["msisdn"].str.fullmatch(r"\+52[2-9]\d{9}").all()


def test_fraud_is_rare_and_labels_are_few_and_of_both_sorts() -> None:
    country = tables("hard", size=20_000, seed=1)
    truth, labels = country["truth"], country["labels"]
    assert 0.004 <= truth["fraud"].mean() <= 0.011
    assert set(labels["label"]) == {"fraud", "legitimate"}
    known = labels.merge(truth, on=["carrier_id", "registration_id"])
    assert 0.05 <= known["fraud"].sum() / truth["fraud"].sum() <= 0.4
    assert (known["fraud"] != (known["label"] == "fraud")).any()


def test_events_and_verdicts_follow_their_registration(country: dict[str, pd.DataFrame]) -> None:
    for name, when in (("line_events", "occurred_at"), ("labels", "decided_at")):
        known = country[name].merge(country["registrations"], on=["carrier_id", "registration_id"])
        assert len(known) == len(country[name])
        assert (known[when] >= known["registered_at"]).all()


def test_no_column_gives_the_answer_away() -> None:
    found = inspect(tables("hard", size=20_000, seed=1))
    assert max(found.columns.values()) < 0.85
    assert found.ids_alone < 0.68
    assert found.time_alone < 0.65
    assert found.recall_week < 0.8


def test_unknown_kind_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="expected one of plain, hard, sparse"):
        tables("easy", size=100, seed=1)


def test_the_command_writes_a_data_folder(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["--out", str(tmp_path), "--registrations", "2000"])
    assert done.exit_code == 0
    assert len(list(tmp_path.glob("*.parquet"))) == 7
    places = pd.read_parquet(tmp_path / "registrations.parquet")["place"].dropna()
    assert np.isin(places.str[:2].astype(int), np.arange(1, 33)).all()
