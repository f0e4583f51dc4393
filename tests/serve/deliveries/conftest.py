"""Both stores, and a receiver that can misbehave."""

from collections.abc import Iterator

import pytest

from serve.store.database import Connection, connect
from tests.serve.deliveries.receiver import Receiver
from tests.serve.stores import postgres, store_url

__all__ = ["own", "postgres", "receiver", "store_url"]


@pytest.fixture
def own(store_url: str) -> Iterator[Connection]:
    opened = connect(store_url)
    yield opened
    opened.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as started:
        yield started
