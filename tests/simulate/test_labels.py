import pandas as pd
import pytest

from detector.simulate import Country
from tests.simulate.conftest import Frames, frames


@pytest.fixture(scope="module")
def data() -> Frames:
    return frames(Country(), registrations=60_000, seed=2)


@pytest.fixture(scope="module")
def judged(data: Frames) -> pd.DataFrame:
    """Each registration with its last verdict."""
    last = data["labels"].sort_values("decided_at").drop_duplicates("registration_id", keep="last")
    return data["joined"].merge(last, on=["carrier_id", "registration_id"], how="left")


def test_only_part_of_the_fraud_is_ever_labelled(judged: pd.DataFrame) -> None:
    assert 0.15 < (judged[judged.fraud].label == "fraud").mean() < 0.6


def test_some_honest_lines_are_called_fraud(judged: pd.DataFrame) -> None:
    wrong = (judged[~judged.fraud].label == "fraud").sum()

    assert 0 < wrong < 0.25 * (judged.label == "fraud").sum()


def test_some_accusations_are_taken_back(data: Frames) -> None:
    verdicts = data["labels"].sort_values("decided_at").groupby("registration_id").label.agg(list)

    assert verdicts.map(lambda seen: seen[:1] == ["fraud"] and seen[-1] == "legitimate").any()


def test_honest_lines_are_confirmed_too(judged: pd.DataFrame) -> None:
    assert (judged[~judged.fraud].label == "legitimate").mean() > 0.005


def test_verdicts_take_days_to_months(data: Frames) -> None:
    at = data["registrations"].set_index("registration_id").registered_at
    wait = data["labels"].decided_at - data["labels"].registration_id.map(at)

    assert wait.quantile(0.05) > pd.Timedelta(days=1)
    assert wait.quantile(0.95) > pd.Timedelta(days=45)


def test_some_verdicts_lie_beyond_the_last_registration(data: Frames) -> None:
    assert data["labels"].decided_at.max() > data["registrations"].registered_at.max()


def test_every_source_speaks(data: Frames) -> None:
    sources = {"holder", "reverification", "carrier", "authority", "analyst"}

    assert set(data["labels"].source) == sources
