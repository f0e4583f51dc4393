"""Both stores, for notices."""

from collections.abc import Iterator

import pytest

from serve.store.database import Connection, connect
from tests.serve.stores import postgres, store_url

__all__ = ["own", "postgres", "store_url"]


@pytest.fixture
def own(store_url: str) -> Iterator[Connection]:
    opened = connect(store_url)
    yield opened
    opened.close()
