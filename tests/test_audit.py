from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from detector import folder
from detector.audit import Segments, audit, read_segments


def audited(sizes, hits, *, kind="truth", names=None):
    """One audit of groups that do not overlap, each with so many people and false alarms."""
    edges = np.cumsum([0, *sizes])
    bothered = np.zeros(edges[-1], bool)
    for low, count in zip(edges, hits, strict=False):
        bothered[low : low + count] = True
    names = names or tuple(f"group {i}" for i in range(len(sizes)))
    members = tuple(np.arange(a, b) for a, b in pairwise(edges))
    return audit(
        Segments(names, (kind,) * len(sizes), members),
        np.arange(edges[-1]),
        bothered,
        innocent=np.ones(edges[-1], bool),
        stage="activation",
        by="hold",
    )


def test_a_group_bothered_four_times_the_average_is_above_its_limit():
    found = audited([10_000, 190_000], [4_000, 16_000], names=("migrants", "rest")).segments[0]
    assert found.against_average == pytest.approx(4.0)
    assert (found.limit, found.verdict) == (3.0, "above")


def test_a_paired_group_must_stay_within_one_and_a_half_of_others():
    found = audited([50_000, 50_000], [1_600, 800], names=("rural", "urban")).segments
    assert found[0].against_others == pytest.approx(2.0)
    assert [s.verdict for s in found] == ["above", "below"]


def test_equal_treatment_of_many_is_within():
    found = audited([50_000, 50_000], [1_000, 1_010], names=("women", "men")).segments
    assert {s.verdict for s in found} == {"within"}


def test_an_interval_that_spans_the_limit_decides_nothing():
    found = audited([10_000, 90_000], [150, 900], names=("breach_victim", "rest")).segments[0]
    assert found.verdict == "undecided"


def test_below_a_hundred_expected_false_alarms_nothing_is_judged():
    found = audited([900, 100_000], [90, 1_000]).segments[0]
    assert found.expected < 100
    assert found.verdict == "too few to judge"


def test_fewer_than_ten_bothered_people_stay_hidden():
    hidden = audited([1_000, 100_000], [9, 1_000]).segments[0]
    assert hidden.false_alarms is None
    assert hidden.rate is None
    assert hidden.against_average is None


def test_a_group_of_fewer_than_ten_people_hides_its_size():
    assert audited([9, 100_000], [0, 1_000]).segments[0].innocents is None


def test_one_hidden_group_of_a_partition_cannot_be_had_by_subtraction():
    found = audited([500, 700, 90_000], [5, 20, 900], kind="age").segments
    assert [s.false_alarms for s in found] == [None, None, 900]


def test_the_misused_are_not_among_the_honest():
    found = audit(
        Segments(("all but two",), ("truth",), (np.arange(98),)),
        np.arange(100),
        np.ones(100, bool),
        innocent=np.arange(100) < 60,
        stage="activation",
        by="hold",
    )
    assert (found.innocents, found.false_alarms) == (60, 60)


def test_only_scored_registrations_count():
    member = np.arange(0, 1000, 2)
    found = audit(
        Segments(("even",), ("truth",), (member,)),
        np.arange(500),
        np.arange(500) < 100,
        innocent=np.ones(500, bool),
        stage="activation",
        by="hold",
    )
    assert (found.segments[0].innocents, found.segments[0].false_alarms) == (250, 50)


# Letters and a date that nobody has, of the shape that the registry gives.
WOMAN, FOREIGN_MAN = "XAXX900101MDFXXX01", "XAXX050101HNEXXXA1"


@pytest.fixture(params=["csv", "parquet"])
def people(request, tmp_path):
    frame = pd.DataFrame(
        {
            "registration_id": ["a", "b", "c"],
            "carrier_id": ["x", "x", "y"],
            "identity_type": "curp",
            "identity_value": [WOMAN, FOREIGN_MAN, "tok1:abc"],
            "registered_at": "2026-05-01T12:00:00-06:00",
            "channel": ["web", "web", "dealer"],
            "operation": "new_line",
        }
    )
    if request.param == "csv":
        frame.to_csv(tmp_path / "registrations.csv", index=False)
    else:  # in pieces, as large files are
        frame.to_parquet(tmp_path / "registrations.parquet", index=False, row_group_size=2)
    told = frame[["registration_id", "carrier_id"]].iloc[::-1]
    told.assign(segments=["rural", None, "rural|aide"], fraud=False).to_csv(
        tmp_path / "truth.csv", index=False
    )
    return tmp_path, folder.keys(frame)


def groups(people):
    found = read_segments(*people)
    return {
        (kind, name): rows.tolist()
        for kind, name, rows in zip(found.kinds, found.names, found.member, strict=True)
    }


def test_the_truth_names_groups_that_overlap(people):
    found = groups(people)
    assert found["truth", "rural"] == [0, 2]
    assert found["truth", "aide"] == [0]


def test_a_group_of_a_kind_stands_among_its_kind_and_is_not_told_twice(people):
    data, _ = people
    told = pd.read_csv(data / "truth.csv").assign(segments=["sex:f", "sex:m", "sex:f"])
    told.to_csv(data / "truth.csv", index=False)
    found = groups(people)
    assert [name for kind, name in found if kind == "sex"] == ["f", "m"]


def test_a_curp_in_clear_says_sex_age_and_birthplace_and_a_token_nothing(people):
    found = groups(people)
    assert (found["sex", "women"], found["sex", "men"]) == ([0], [1])
    assert (found["age", "30 to 44"], found["age", "18 to 29"]) == ([0], [1])
    assert (found["born in", "Ciudad de México"], found["born in", "another country"]) == ([0], [1])


def test_columns_of_a_registration_are_groups_without_a_limit(people):
    assert groups(people)["carrier", "x"] == [0, 1]
    found = audited([5_000, 50_000], [4_000, 500], kind="channel").segments
    assert {(s.limit, s.verdict) for s in found} == {(None, "no limit")}


def test_positions_are_those_of_the_given_keys(people):
    data, key = people
    found = read_segments(data, pa.concat_arrays([key[2:], key[:2]]))
    rural = found.member[found.names.index("rural")]
    assert rural.tolist() == [0, 1]
