import pytest

from detector.simulate import Country, simulate
from detector.simulate.simulation import OPTIONAL

SEEDS = range(12)
SMALL = 5000


def test_the_same_seed_draws_the_same_country() -> None:
    assert Country.draw(9) == Country.draw(9)
    assert Country.draw(9) != Country.draw(10)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_drawn_country_has_between_3_and_15_frauds_in_a_thousand(seed: int) -> None:
    truth = simulate(Country.draw(seed), registrations=SMALL, seed=seed)["truth"].to_pandas()

    assert len(truth) == SMALL
    assert 0.003 <= truth.fraud.mean() <= 0.015


def test_countries_differ_in_what_they_write_down() -> None:
    absent = [
        {name for name, share in Country.draw(seed).records.missing.items() if share == 1.0}
        for seed in range(60)
    ]

    assert any(not names for names in absent)
    assert set().union(*absent) == set(OPTIONAL)


def test_an_absent_column_is_empty() -> None:
    country = next(c for c in map(Country.draw, SEEDS) if c.records.missing["device_id"] == 1.0)
    registrations = simulate(country, registrations=SMALL, seed=1)["registrations"]

    assert registrations["device_id"].null_count == SMALL


def test_countries_differ_in_carriers_waves_attacks_and_breaches() -> None:
    drawn = [Country.draw(seed) for seed in range(40)]

    assert {len(country.market.shares) for country in drawn} >= {1, 5, 9}
    assert {country.rhythm.waves for country in drawn} == {0, 1, 2, 5, 10}
    assert len({tuple(share > 0 for share in country.threat.mix) for country in drawn}) > 30
    assert min(country.leaks.rolls[0] for country in drawn) < 0.2
    assert max(country.leaks.rolls[0] for country in drawn) > 0.6
