"""Keys for the stores of these tests, and the environment of processes that they start."""

import os
from collections.abc import Callable

import pytest

from tests.storekeys import store_keys

__all__ = ["store_keys"]


@pytest.fixture
def environment() -> Callable[..., dict[str, str]]:
    """The environment of a process of ours, with some variables of its own."""
    return lambda **more: {**os.environ, **more}
