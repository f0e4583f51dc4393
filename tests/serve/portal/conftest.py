"""Both stores, and a portal with somebody enrolled over each."""

from collections.abc import Iterator

import pytest

from serve.store.database import connect
from tests.serve.portal.people import DANI, World, line, subject_of
from tests.serve.stores import postgres, store_url

__all__ = ["postgres", "store_url"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def world(store_url: str) -> Iterator[World]:
    own = connect(store_url)
    made = World(own)
    made.enrol()
    made.holding.held[subject_of(DANI)] = [line(1), line(2)]
    yield made
    own.close()
