"""Keys for every store of some tests, in files that the environment names, as a service has them.

A `conftest.py` imports `store_keys`. Each import is a fixture of its own, so the keys are made once for all of
them: tests of several folders may take turns in one process.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from serve.store.keys import ENGINE_FILE, ENGINE_NAME, WORKER_FILE, WORKER_NAME, rehearsed


@pytest.fixture(scope="session", autouse=True)
def store_keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that holds them, and an audit's beside them."""
    folder = made(tmp_path_factory.getbasetemp())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(ENGINE_FILE, str(folder / ENGINE_NAME))
        patch.setenv(WORKER_FILE, str(folder / WORKER_NAME))
        yield folder


@cache
def made(base: Path) -> Path:
    """A folder with keys, one in a run's process."""
    folder = base / "store-keys"
    folder.mkdir()
    rehearsed(folder)
    return folder
