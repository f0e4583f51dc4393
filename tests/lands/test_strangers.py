"""The country by other hands keeps the contract, and a seed makes it again."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from stdnum import luhn
from stdnum.mx import rfc

from detector import intake
from detector.lands.strangers import ids
from detector.lands.strangers.attacks import DEEDS
from detector.lands.strangers.country import tables, write
from detector.lands.strangers.honest import honest
from detector.lands.strangers.world import world
from tests.builders import pseudonymiser

SIZE = 2_000
Tables = dict[str, pd.DataFrame]


@pytest.fixture(scope="module", params=["hard", "plain", "sparse"])
def country(request: pytest.FixtureRequest) -> Tables:
    return tables(request.param, size=SIZE, seed=3)


def test_the_door_takes_every_row(country: Tables, tmp_path: Path) -> None:
    write(country, tmp_path)

    taken = intake.read_folder(tmp_path, pseudonymiser())

    assert len(country["registrations"]) == SIZE
    assert taken.rejections == ()


def test_every_registration_has_one_truth(country: Tables) -> None:
    key = ["registration_id", "carrier_id"]
    truth = country["truth"]

    assert not country["registrations"].duplicated(key).any()
    assert len(country["registrations"].merge(truth, on=key)) == SIZE
    assert 0.003 < truth["fraud"].mean() < 0.01
    assert truth["pattern"].notna().equals(truth["fraud"])


def test_sims_and_handsets_pass_luhn(country: Tables) -> None:
    table = country["registrations"]

    assert all(map(luhn.is_valid, table["iccid"].dropna()))
    assert all(map(luhn.is_valid, table["imei"].dropna()))
    assert table["iccid"].dropna().str.startswith("8952").all()


def test_no_curp_can_be_anybodys_and_all_but_the_mistyped_check(country: Tables) -> None:
    table = country["registrations"]
    curp = table.loc[table["identity_type"] == "curp", "identity_value"]
    bytes_of = np.frombuffer("".join(curp).encode(), np.uint8).reshape(-1, 18)

    assert not curp.str[1].isin(list("AEIOUX")).any()
    assert (ids.checked(bytes_of.copy()) == bytes_of).all(axis=1).mean() > 0.99


def test_rfcs_are_valid(country: Tables) -> None:
    table = country["registrations"]

    assert all(map(rfc.is_valid, table.loc[table["identity_type"] == "rfc", "identity_value"]))


def test_events_and_verdicts_come_after_their_registration(country: Tables) -> None:
    when = country["registrations"].set_index("registration_id")["registered_at"]
    events, labels = country["line_events"], country["labels"]

    assert (events["occurred_at"].to_numpy() > when[events["registration_id"]].to_numpy()).all()
    assert (labels["decided_at"].to_numpy() > when[labels["registration_id"]].to_numpy()).all()


def test_the_same_seed_makes_the_same_country_and_another_does_not() -> None:
    one, same = (tables("hard", size=600, seed=5) for _ in range(2))
    other = tables("hard", size=600, seed=6)

    for name, table in one.items():
        pd.testing.assert_frame_equal(table, same[name])
    assert not one["registrations"].equals(other["registrations"])


def test_every_pattern_makes_as_many_lines_as_asked_for() -> None:
    somewhere = world("hard", size=1_500, seed=1)
    base = honest(somewhere, 1_500)

    made = {deed.__name__: deed(somewhere, 24, base) for deed in DEEDS}

    assert {name: int(rows["fraud"].sum()) for name, rows in made.items()} == dict.fromkeys(
        made, 24
    )
    assert all((rows.loc[rows["fraud"] == 1, "ring"] >= 0).all() for rows in made.values())
    assert all(rows["day"].between(0, 249).all() for rows in made.values())
