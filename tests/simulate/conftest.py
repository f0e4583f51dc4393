"""Small countries that several tests look at."""

from collections.abc import Callable
from functools import cache

import pandas as pd
import pytest

from detector.simulate import Country, simulate
from detector.simulate.rows import PATTERNS

SIZE = 20_000

Frames = dict[str, pd.DataFrame]


def frames(country: Country, **settings: object) -> Frames:
    """The tables as data frames, the truth beside each registration."""
    tables = simulate(country, **({"registrations": SIZE, "seed": 5} | settings))  # type: ignore[arg-type]
    found = {name: table.to_pandas() for name, table in tables.items()}
    keys = ["carrier_id", "registration_id"]
    found["joined"] = found["registrations"].merge(found["truth"], on=keys, validate="1:1")
    return found


@pytest.fixture(scope="session")
def default() -> Frames:
    """The country that `Country()` describes."""
    return frames(Country())


@pytest.fixture(scope="session")
def only() -> Callable[[str], Frames]:
    """A country with one attack pattern."""

    @cache
    def made(pattern: str) -> Frames:
        return frames(Country(), without=[name for name in PATTERNS if name != pattern])

    return made
