"""What only the neighbours promise: their patterns, their verdicts, their companies."""

import numpy as np
import pandas as pd
import pytest

from detector.lands.neighbours import tables
from detector.lands.neighbours.land import CHANNELS, KINDS
from detector.lands.neighbours.rings import PATTERNS

SIZE = 8_000
KEYS = ["carrier_id", "registration_id"]

Country = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def country() -> Country:
    return tables("hard", size=SIZE, seed=3)


def test_another_seed_draws_another_market(country: Country) -> None:
    other = tables("hard", size=SIZE, seed=4)
    shares = [c["registrations"]["channel"].value_counts(normalize=True) for c in (country, other)]

    assert not np.allclose(*(s.reindex(CHANNELS).fillna(0) for s in shares), atol=0.005)


def test_some_of_the_fraud_has_verdicts_which_go_both_ways(country: Country) -> None:
    truth = country["truth"]
    told = truth.merge(country["labels"][KEYS].drop_duplicates(), on=KEYS)

    assert set(country["labels"]["label"]) == {"fraud", "legitimate"}
    assert 0.1 <= told["fraud"].sum() / truth["fraud"].sum() <= 0.3


def test_fraud_is_one_of_the_patterns(country: Country) -> None:
    truth = country["truth"]

    assert set(truth.loc[truth["fraud"], "pattern"]) <= set(PATTERNS)
    assert len(PATTERNS) == 22


def test_no_company_can_have_its_rfc(country: Country) -> None:
    book = country["registrations"]
    firms = book.loc[book["identity_type"] == "rfc", "identity_value"].str.upper()

    assert firms.str[-3:-1].str.match("V[F-Z]").all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_sparse_country_has_one_or_two_carriers(kind: str) -> None:
    carriers = tables(kind, size=2_000, seed=5)["registrations"]["carrier_id"].nunique()

    assert carriers <= 2 if kind == "sparse" else carriers > 1


@pytest.mark.parametrize(
    ("kind", "size", "fault"), [("easy", SIZE, "kind must be"), ("hard", 100, "size must be")]
)
def test_an_unknown_kind_or_a_size_out_of_bounds_is_refused(
    kind: str, size: int, fault: str
) -> None:
    with pytest.raises(ValueError, match=fault):
        tables(kind, size=size, seed=1)
