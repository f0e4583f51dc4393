"""Each attack leaves what the domain notes call its best observable, and never the same in every row."""

import pandas as pd
import pytest

from detector.simulate.rows import PATTERNS
from tests.simulate.conftest import Frames


def fraud(data: Frames) -> pd.DataFrame:
    return data["joined"][data["joined"].fraud]


def with_first_use(data: Frames, rows: pd.DataFrame) -> pd.DataFrame:
    first = data["line_events"][data["line_events"].kind == "first_attach"]
    return rows.merge(first, on=["carrier_id", "registration_id"], suffixes=("", "_used"))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_pattern_happens(only, pattern: str) -> None:
    rows = fraud(only(pattern))

    assert set(rows.pattern) == {pattern}
    assert len(rows) == round(0.009 * 20_000)
    assert not rows.msisdn.isna().any()


def test_a_star_is_one_official_with_many_lines(only) -> None:
    data = only("official_star")
    rows = fraud(data)
    by_ring = rows.groupby("ring").identity_value.agg(
        lambda who: who.str.upper().str[:16].nunique()
    )

    assert (by_ring <= 2).all()  # a slip of the hand makes two
    assert rows.segments.str.contains("official").mean() > 0.9
    assert rows.groupby("ring").carrier_id.nunique().max() >= 2


def test_a_list_is_worked_from_few_devices(only) -> None:
    rows = fraud(only("spread_list"))
    by_ring = rows.groupby("ring").agg(
        names=("identity_value", "nunique"), devices=("device_id", "nunique")
    )

    assert (by_ring.names > by_ring.devices).mean() > 0.4
    assert rows.groupby("identity_value").size().max() <= 6


def test_a_corrupt_agent_adds_lines_minutes_after_the_customers(only) -> None:
    data = only("corrupt_agent")
    joined = data["joined"].sort_values("registered_at")
    before = joined[~joined.fraud][["registered_at", "identity_value", "agent_id"]]
    matched = pd.merge_asof(
        joined[joined.fraud], before.assign(own=before.registered_at), on="registered_at",
        by=["identity_value", "agent_id"],
    )  # fmt: skip

    assert ((matched.registered_at - matched.own) < pd.Timedelta(hours=6)).mean() > 0.5


def test_harvested_villagers_are_of_one_place_and_their_sims_are_used_elsewhere(only) -> None:
    data = only("pretext_harvest")
    rows = with_first_use(data, fraud(data))

    assert rows.groupby("ring").place.nunique().median() <= 3
    assert (rows.place != rows.place_used).mean() > 0.2


def test_fronts_are_firms_and_some_are_young(only) -> None:
    rows = fraud(only("business_front"))
    founded = pd.to_datetime(
        rows.identity_value[rows.identity_value.str.len() == 12].str[3:9], format="%y%m%d"
    )

    assert set(rows.identity_type) == {"rfc"}
    assert (founded > "2025-01-01").mean() > 0.4


def test_the_dead_are_sometimes_recognised(only) -> None:
    answers = fraud(only("deceased")).validation_result.value_counts(normalize=True)

    assert 0.05 < answers["deceased"] < 0.6
    assert answers["match"] > 0.3


def test_a_farm_cycles_sims_through_few_handsets(only) -> None:
    data = only("sim_farm")
    rows = with_first_use(data, fraud(data))
    by_ring = rows.groupby("ring").agg(lines=("msisdn", "size"), handsets=("imei_used", "nunique"))

    assert (by_ring.lines > 1.5 * by_ring.handsets).mean() > 0.6
    assert rows.groupby("ring").place_used.nunique().median() == 1


def test_a_takeover_changes_sim_or_holder_of_a_line_with_history(only) -> None:
    rows = fraud(only("takeover"))

    assert set(rows.operation) <= {"sim_replacement", "relink", "port_in"}


def test_prison_lines_end_up_in_few_places(only) -> None:
    data = only("prison")
    rows = with_first_use(data, fraud(data))

    assert (
        rows.groupby("ring").place_used.agg(lambda p: p.value_counts(normalize=True).max()).median()
        > 0.6
    )


def test_mules_stay_below_ten_and_pass_liveness(only) -> None:
    data = only("mule")
    rows, others = fraud(data), data["joined"][~data["joined"].fraud]

    assert rows.groupby("identity_value").size().max() < 10
    assert abs(rows.liveness_score.mean() - others.liveness_score.mean()) < 0.05


def test_aged_lines_have_years_of_history(only) -> None:
    rows = fraud(only("aged_lines"))

    assert (rows.operation == "link_existing").mean() > 0.6


def test_invented_names_are_rarely_found(only) -> None:
    assert (fraud(only("synthetic")).validation_result == "not_found").mean() > 0.2


def test_a_blender_uses_devices_that_honest_customers_use(only) -> None:
    data = only("kiosk_blend")
    others = data["joined"][~data["joined"].fraud]

    assert fraud(data).device_id.isin(others.device_id).mean() > 0.2


def test_mockers_have_nothing_in_common_but_the_name(only) -> None:
    rows = fraud(only("mockery"))

    assert rows.groupby("identity_value").device_id.nunique().max() > 4
    assert rows.device_id.value_counts().median() == 1


def test_stock_is_registered_on_former_customers(only) -> None:
    data = only("dealer_stock")
    others = data["joined"][~data["joined"].fraud]

    assert fraud(data).identity_value.isin(others.identity_value).mean() > 0.8


def test_an_adaptive_ring_changes_its_devices(only) -> None:
    rows = fraud(only("adaptive"))
    large = rows.groupby("ring").filter(lambda ring: len(ring) > 20)

    assert large.groupby("ring").device_id.nunique().min() >= 2


def test_sold_sims_come_from_neighbouring_numbers(only) -> None:
    rows = fraud(only("spread_list")).dropna(subset=["iccid"])
    numbers = rows.iccid.str[:18].astype("int64").sort_values()

    assert 0.15 < (numbers.diff() <= 2).mean() < 0.95
