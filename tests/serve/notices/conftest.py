"""Both stores, for notices."""

import os
from collections.abc import Iterator

import pytest

from serve.store.database import Connection, connect
from tests.serve.stores import postgres, store_url

__all__ = ["own", "postgres", "store_url"]


@pytest.fixture
def kills() -> int:
    """How often a process is killed: once for ten examples, and as often as asked from two hundred on."""
    examples = int(os.environ.get("SIMVIGIA_EXAMPLES", "20"))
    return examples if examples >= 200 else max(examples // 7, 1)


@pytest.fixture
def own(store_url: str) -> Iterator[Connection]:
    opened = connect(store_url)
    yield opened
    opened.close()
