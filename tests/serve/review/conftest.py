"""Both stores, and a bench over each."""

from collections.abc import Iterator

import pytest

from tests.serve.review.bench import Bench
from tests.serve.stores import postgres, store_url

__all__ = ["bench", "postgres", "store_url"]


@pytest.fixture
def bench(store_url: str) -> Iterator[Bench]:
    made = Bench(store_url)
    yield made
    made.close()
