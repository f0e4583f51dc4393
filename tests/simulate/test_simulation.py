import pytest

from detector.simulate import Country, simulate
from detector.simulate.rows import PATTERNS, SEGMENTS
from tests.simulate.conftest import SIZE, Frames

SMALL = 3000


def test_as_many_registrations_as_wanted(default: Frames) -> None:
    assert len(default["registrations"]) == len(default["truth"]) == SIZE


def test_the_same_arguments_give_the_same_tables() -> None:
    first, second = (simulate(Country(), registrations=SMALL, seed=4) for _ in range(2))

    assert all(first[name].equals(second[name]) for name in first)


def test_another_seed_gives_another_country() -> None:
    first, second = (simulate(Country(), registrations=SMALL, seed=seed) for seed in (4, 5))

    assert not first["registrations"].equals(second["registrations"])


def test_progress_runs_from_nothing_to_all() -> None:
    heard: list[float] = []
    simulate(Country(), registrations=SMALL, seed=1, progress=heard.append)

    assert heard == sorted(heard)
    assert heard[-1] == 1.0


def test_a_pattern_left_out_is_replaced_by_the_others() -> None:
    whole = simulate(Country(), registrations=SIZE, seed=5)["truth"].to_pandas()
    usual = whole.pattern.value_counts().index[0]
    rest = simulate(Country(), registrations=SIZE, seed=5, without=[usual])["truth"].to_pandas()

    assert usual not in set(rest.pattern.dropna())
    assert rest.fraud.sum() == whole.fraud.sum()


def test_without_any_attack_everybody_is_honest() -> None:
    truth = simulate(Country(), registrations=SMALL, seed=1, without=PATTERNS)["truth"].to_pandas()

    assert not truth.fraud.any()


def test_an_unknown_pattern_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="martians"):
        simulate(Country(), registrations=SMALL, without=["martians"])


def test_too_small_a_country_is_refused() -> None:
    with pytest.raises(ValueError, match="at least"):
        simulate(Country(), registrations=10)


def test_truth_names_a_pattern_and_a_ring_for_fraud_only(default: Frames) -> None:
    truth = default["truth"]

    assert truth.pattern.notna().equals(truth.fraud)
    assert truth.ring.notna().equals(truth.fraud)
    assert set(truth.pattern.dropna()) <= set(PATTERNS)


def test_segments_are_those_documented(default: Frames) -> None:
    named = set(default["truth"].segments.str.split("|").explode())
    of_persons = {name for name in named if ":" in name} | {"rural", "urban", ""}

    assert named <= set(SEGMENTS) | of_persons
    assert {"sex:f", "sex:m", "age:18-29", "age:60+", "rural", "urban"} <= named
