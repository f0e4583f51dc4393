import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.model import raw
from detector.model.baselines import baselines, lines_of_identity, velocity
from detector.model.raw import HOUR
from detector.model.scored import microseconds

START = microseconds(pd.Timestamp("2026-03-15", tz="UTC"))
LEARNED = "LightGBM on raw columns"
START_DAY = pd.Timestamp("2026-03-01", tz="UTC")
EVENTS = st.lists(st.tuples(st.integers(-1, 3), st.integers(0, 30), st.booleans()), max_size=60)


@given(EVENTS, st.integers(1, 20))
def test_a_window_counts_what_a_loop_counts(events, window):
    events = sorted(events, key=lambda event: event[1])
    key = np.array([k for k, _, _ in events], np.int64)
    at = np.array([t for _, t, _ in events], np.int64)
    rows = np.array([r for _, _, r in events], bool)
    expected = [
        0 if k < 0 else int(((key == k) & rows & (at <= t) & (at >= t - window)).sum())
        for k, t in zip(key, at, strict=True)
    ]
    assert raw.in_window(key, at, rows, window=window).tolist() == expected


def folder_of(tmp_path, rows):
    base = {
        "carrier_id": "alfa",
        "operation": "new_line",
        "channel": "web",
        "plan": "prepaid",
        "identity_type": "curp",
        "registered_at": pd.Timestamp("2026-03-01T10:00Z"),
    }
    frame = pd.DataFrame([base | {"registration_id": f"r{i}"} | r for i, r in enumerate(rows)])
    frame.to_parquet(tmp_path / "registrations.parquet")
    return raw.read(tmp_path)


def many(count, **cells):
    return [{"identity_value": f"tok1:{i}"} | cells for i in range(count)]


def worst(tmp_path, rows):
    frame = folder_of(tmp_path, rows)
    return velocity(frame, np.zeros(len(rows), bool)).max()


def test_the_cap_rule_counts_earlier_lines_of_the_identity(tmp_path):
    rows = [{"identity_value": who} for who in ("a", "b", "a", "A ", "b")]
    assert lines_of_identity(folder_of(tmp_path, rows)).tolist() == [0, 0, 1, 2, 1]


def test_a_business_has_no_cap(tmp_path):
    rows = [{"identity_value": "a", "identity_type": "rfc"}] * 5
    assert lines_of_identity(folder_of(tmp_path, rows)).max() == 0


def test_many_identities_on_one_device_exceed_the_limit(tmp_path):
    assert worst(tmp_path, many(8, device_id="d")) == 4


def test_one_identity_again_and_again_is_no_new_one_on_its_device(tmp_path):
    rows = [{"identity_value": "a", "device_id": "d", "identity_type": "rfc"}] * 8
    assert worst(tmp_path, rows) < 1


@pytest.mark.parametrize(
    "exempt",
    [
        {"channel": "service_center"},
        {"channel": "bulk"},
        {"line_first_seen_on": "2020-01-01"},
    ],
)
def test_an_analyst_exempts_desks_bulk_orders_and_old_lines(tmp_path, exempt):
    assert worst(tmp_path, many(8, device_id="d", **exempt)) < 1


def test_an_address_of_many_homes_is_exempt_once_it_is_known_as_such(tmp_path):
    rows = [
        row | {"registered_at": START_DAY + pd.Timedelta(minutes=i)}
        for i, row in enumerate(many(200, ip="10.0.0.1"))
    ]
    ratio = velocity(folder_of(tmp_path, rows), np.zeros(200, bool))
    assert ratio[30] > 1 > ratio[-1]


def test_history_raises_a_limit_that_honest_people_often_exceed(tmp_path):
    frame = folder_of(tmp_path, many(40, device_id="d"))
    unknowing = velocity(frame, np.zeros(40, bool))
    knowing = velocity(frame, np.ones(40, bool))
    assert knowing.max() < unknowing.max()


def test_windows_forget(tmp_path):
    rows = [
        row | {"registered_at": START_DAY + pd.Timedelta(days=20 * i)}
        for i, row in enumerate(many(8, device_id="d"))
    ]
    assert worst(tmp_path, rows) <= 1


def run(made_up, name):
    """One baseline on the made-up country; those that come after it are not run."""
    made = baselines(made_up.data, start=START, seed=7, progress=lambda step: None)
    return next(baseline for baseline in made if baseline.name == name)


def test_every_baseline_scores_each_later_registration(made_up):
    later = made_up.registrations["registered_at"] >= pd.Timestamp("2026-03-15", tz="UTC")
    for baseline in baselines(made_up.data, start=START, seed=7, progress=lambda step: None):
        assert np.isfinite(baseline.score[later.to_numpy()]).all(), baseline.name


@pytest.mark.parametrize("name", ["cap per identity", "velocity rules"])
def test_the_order_of_the_file_means_nothing(made_up, name):
    before = run(made_up, name).score
    order = np.random.default_rng(0).permutation(len(before))
    made_up.registrations.iloc[order].to_parquet(made_up.data / "registrations.parquet")
    assert np.array_equal(run(made_up, name).score, before[order])


def test_verdicts_after_the_start_teach_nothing(made_up):
    before = run(made_up, LEARNED).score
    path = made_up.data / "labels.parquet"
    told = pd.read_parquet(path)
    late = told["decided_at"] >= pd.Timestamp("2026-03-15", tz="UTC")
    told.loc[late, "label"] = "legitimate"
    told.to_parquet(path)
    assert np.array_equal(run(made_up, LEARNED).score, before, equal_nan=True)


def test_a_learner_without_verdicts_says_so(made_up):
    (made_up.data / "labels.parquet").unlink()
    learned = run(made_up, LEARNED)
    assert learned.score is None
    assert learned.remark == "only 0 verdicts of misuse before the start"


def test_no_identifier_is_among_the_learned_columns(made_up):
    columns = set(raw.read(made_up.data).columns)
    assert not columns & {"identity_value", "device_id", "registration_id", "msisdn", "ip"}


def test_the_hour_of_a_registration_is_a_number_of_hours(tmp_path):
    frame = folder_of(tmp_path, many(1, registered_at=pd.Timestamp("2026-03-01T10:30Z")))
    assert frame.columns["hour"].tolist() == [10.5]
    assert frame.at[0] % HOUR == HOUR // 2
