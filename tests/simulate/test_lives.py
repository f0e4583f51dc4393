"""Honest people look like attackers in every single way that a naive rule would notice."""

import pytest

from detector.simulate.rows import SEGMENTS
from tests.simulate.conftest import Frames


def honest(data: Frames, segment: str = "") -> "Frames":
    rows = data["joined"][~data["joined"].fraud]
    return (
        rows[rows.segments.str.split("|").map(lambda names: segment in names)] if segment else rows
    )


@pytest.mark.parametrize("segment", SEGMENTS)
def test_every_life_is_lived(default: Frames, segment: str) -> None:
    assert len(honest(default, segment)) > 0


def test_heads_of_families_hold_several_lines(default: Frames) -> None:
    assert honest(default, "head_of_family").groupby("identity_value").size().mean() > 2


@pytest.mark.parametrize(("segment", "key"), [
    ("helped", "device_id"), ("kiosk_customer", "device_id"), ("kiosk_customer", "ip"),
    ("stand_customer", "device_id"), ("employer_drive", "ip"), ("village_queue", "agent_id"),
])  # fmt: skip
def test_strangers_share_a_key_for_good_reasons(default: Frames, segment: str, key: str) -> None:
    shared = honest(default)[honest(default)[key].isin(honest(default, segment)[key])]

    assert shared.groupby(key).identity_value.nunique().max() >= 3


def test_relief_hands_out_neighbouring_sims_within_days(default: Frames) -> None:
    given = honest(default, "relief_campaign").dropna(subset=["iccid"])
    numbers = given.iccid.str[:18].astype("int64").sort_values()

    assert (numbers.diff() <= 3).mean() > 0.5


def test_aides_register_lines_in_the_officials_name(default: Frames) -> None:
    lines = honest(default, "aide")

    assert lines.groupby("identity_value").size().max() >= 3
    assert lines.segments.str.contains("official").all()


def test_migrants_register_away_from_home(default: Frames) -> None:
    several = honest(default, "migrant").groupby("identity_value").place.nunique()

    assert (several > 1).any()


def test_older_people_fail_more_attempts_and_liveness(default: Frames) -> None:
    old, young = honest(default, "age:60+"), honest(default, "age:18-29")

    assert old.validation_attempts.mean() > young.validation_attempts.mean()
    assert old.liveness_score.mean() < young.liveness_score.mean()


def test_a_lost_telephone_is_a_new_sim_in_a_new_handset_for_an_old_line(default: Frames) -> None:
    lost = honest(default, "lost_phone")
    lines = default["joined"][default["joined"].msisdn.isin(lost.msisdn)]

    assert set(lost.operation) <= {"sim_replacement", "relink"}
    assert (lines.groupby("msisdn").iccid.nunique() > 1).any()


def test_existing_lines_come_in_waves_by_last_digit(default: Frames) -> None:
    linked = honest(default)[lambda rows: rows.operation == "link_existing"]
    typical = linked.groupby(linked.msisdn.str[-1]).registered_at.median()

    assert typical["0"] < typical["5"] < typical["9"]


def test_some_honest_buyers_use_the_sim_elsewhere(default: Frames) -> None:
    bought = honest(default, "bought_for_relative").merge(
        default["line_events"][lambda events: events.kind == "first_attach"],
        on=["carrier_id", "registration_id"],
    )

    assert (bought.imei_x != bought.imei_y).mean() > 0.8
    assert (bought.place_x != bought.place_y).mean() > 0.2
