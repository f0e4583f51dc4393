"""What holds in every land, whoever imagined it: the contract, one truth, nobody's identities."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from stdnum import luhn
from stdnum.mx import curp, rfc

from detector import intake
from detector.lands import HOME, KINDS, LANDS
from detector.lands.countries import tables
from detector.simulate import write
from tests.builders import pseudonymiser

SIZE = 2_000
KEY = ["carrier_id", "registration_id"]
OTHERS = [land for land in LANDS if land != HOME]
COUNTRIES = [(HOME, None), *((land, kind) for land in OTHERS for kind in KINDS)]
TYPED_RIGHT = 0.98  # of identities: the others were mistyped at a counter

Tables = dict[str, pa.Table]
Frames = dict[str, pd.DataFrame]


@pytest.fixture(scope="module", params=COUNTRIES, ids=lambda made: "-".join(filter(None, made)))
def country(request: pytest.FixtureRequest) -> Tables:
    land, kind = request.param
    return tables(land, registrations=SIZE, seed=3, kind=kind)


@pytest.fixture(scope="module")
def frames(country: Tables) -> Frames:
    return {name: table.to_pandas() for name, table in country.items()}


def test_the_door_takes_every_row(country: Tables, tmp_path: Path) -> None:
    write(country, tmp_path / "country")

    taken = intake.read_folder(tmp_path / "country", pseudonymiser())

    rows = len(taken.registrations)
    assert rows == SIZE
    assert taken.rejections == ()
    assert set(country) == {
        "registrations", "line_events", "labels", "breaches", "breach_members", "officials", "truth",
    }  # fmt: skip


def test_every_registration_has_one_truth_and_few_are_fraud(frames: Frames) -> None:
    truth = frames["truth"]

    assert not frames["registrations"].duplicated(KEY).any()
    assert len(frames["registrations"].merge(truth, on=KEY, validate="1:1")) == len(truth) == SIZE
    assert 0.003 < truth["fraud"].mean() < 0.012
    assert truth["pattern"].notna().equals(truth["fraud"])


def test_verdicts_are_few(frames: Frames) -> None:
    assert len(frames["labels"].drop_duplicates(KEY)) < SIZE / 10


@pytest.mark.parametrize(
    ("name", "when"), [("line_events", "occurred_at"), ("labels", "decided_at")]
)
def test_events_and_verdicts_come_after_their_registration(
    frames: Frames, name: str, when: str
) -> None:
    about = frames[name].merge(frames["registrations"], on=KEY)

    assert len(about) == len(frames[name]) > 0
    assert (moments(about[when]) >= moments(about["registered_at"])).all()


@pytest.mark.parametrize("column", ["iccid", "imei"])
def test_sims_and_handsets_pass_luhn(frames: Frames, column: str) -> None:
    assert all(map(luhn.is_valid, frames["registrations"][column].dropna()))


def test_identities_are_well_formed(frames: Frames) -> None:
    kind, value = identities(frames)
    right = [
        *map(curp.is_valid, value[kind == "curp"]),
        *(rfc.is_valid(text, validate_check_digits=True) for text in value[kind == "rfc"]),
    ]

    assert sum(right) >= TYPED_RIGHT * len(right)


def test_no_persons_identity_can_have_been_issued(
    frames: Frames, request: pytest.FixtureRequest
) -> None:
    """Elsewhere than home the second letter is none that a registry writes there."""
    land, _ = request.node.callspec.params["country"]
    kind, value = identities(frames)
    curps = value[kind == "curp"]
    traders = value[(kind == "rfc") & (value.str.len() == 13)]
    second = {*curps.str[1], *traders.str[1]}

    if land == HOME:  # one letter is the whole surname, and five namesakes have it
        assert second == {"X"}
    else:
        assert not second & set("AEIOUX")


def test_the_same_arguments_make_the_same_country_and_another_seed_does_not(
    country: Tables, request: pytest.FixtureRequest
) -> None:
    land, kind = request.node.callspec.params["country"]

    assert tables(land, registrations=SIZE, seed=3, kind=kind) == country
    assert tables(land, registrations=SIZE, seed=4, kind=kind) != country


@pytest.mark.parametrize("land", OTHERS)
def test_without_a_kind_the_seed_draws_one(land: str) -> None:
    drawn = tables(land, registrations=SIZE, seed=3)

    assert drawn in [tables(land, registrations=SIZE, seed=3, kind=kind) for kind in KINDS]


def test_a_land_or_kind_that_is_none_is_refused() -> None:
    with pytest.raises(KeyError):
        tables("atlantis", registrations=SIZE, seed=3)
    for land in OTHERS:
        with pytest.raises((KeyError, ValueError)):
            tables(land, registrations=SIZE, seed=3, kind="easy")


def moments(column: "pd.Series[str]") -> "pd.Series[pd.Timestamp]":
    return pd.to_datetime(column, utc=True)


def identities(frames: Frames) -> tuple["pd.Series[str]", "pd.Series[str]"]:
    """Types and values, as people would write them without haste."""
    table = frames["registrations"]
    tidy = table["identity_value"].str.upper().str.replace(r"[\s-]", "", regex=True)
    return table["identity_type"], tidy
