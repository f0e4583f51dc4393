"""Both stores, and an engine at work over each."""

from collections.abc import Iterator

import pytest

from serve.store.books import Books
from serve.store.database import connect
from tests.serve.engine.standing import Standing
from tests.serve.stores import postgres, store_url

__all__ = ["books", "postgres", "standing", "store_url"]


@pytest.fixture
def standing(store_url: str) -> Iterator[Standing]:
    made = Standing(store_url)
    yield made
    made.close()


@pytest.fixture
def books(store_url: str) -> Iterator[Books]:
    own = connect(store_url)
    yield Books(own)
    own.close()
