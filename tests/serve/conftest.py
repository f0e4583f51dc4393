"""Keys for every store of these tests, in files that the environment names, as a service has them."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from serve.store.keys import ENGINE_FILE, ENGINE_NAME, WORKER_FILE, WORKER_NAME, StoreKeys


@pytest.fixture(scope="session", autouse=True)
def store_keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that holds them."""
    folder = tmp_path_factory.mktemp("keys")
    StoreKeys.generate(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(ENGINE_FILE, str(folder / ENGINE_NAME))
        patch.setenv(WORKER_FILE, str(folder / WORKER_NAME))
        yield folder


@pytest.fixture
def environment() -> Callable[..., dict[str, str]]:
    """The environment of a process of ours, with some variables of its own."""
    return lambda **more: {**os.environ, **more}
