"""Keys for every store of some tests, in files that the environment names, as a service has them.

One set of them in a process, whatever tests run in it, in whatever order. A `conftest.py` of tests that need
them imports `with_keys`.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from serve.store.keys import ENGINE_FILE, ENGINE_NAME, WORKER_FILE, WORKER_NAME, rehearsed


@pytest.fixture(scope="session")
def store_keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that holds them, and an audit's beside them."""
    folder = tmp_path_factory.mktemp("keys")
    rehearsed(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(ENGINE_FILE, str(folder / ENGINE_NAME))
        patch.setenv(WORKER_FILE, str(folder / WORKER_NAME))
        yield folder


@pytest.fixture(scope="session", autouse=True)
def with_keys(store_keys: Path) -> Path:
    """The same, for every test beside a `conftest.py` that imports it."""
    return store_keys
