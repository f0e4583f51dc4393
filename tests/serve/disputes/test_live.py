"""The whole way over HTTP: a service as it is served, a flagged registration, its holder at the portal."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from serve import assembly, cli, wiring
from serve.holder import Holder
from serve.parcels import Parcel, read
from serve.store.books import Books
from serve.store.database import connect
from serve.streaming import Client, Tally
from tests.builders import curp_of, folder, registration

DANI = curp_of(11)


@pytest.fixture
def environment() -> Iterator[None]:
    """Settings of a rehearsal's own, and afterwards those that were."""
    before = dict(os.environ)
    for name in before:
        if name.startswith("SIMVIGIA_"):
            del os.environ[name]
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def base(tmp_path: Path, environment: None) -> Iterator[str]:
    """A rehearsal's service in a thread, with a store of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"sqlite:///{tmp_path / 'simvigia.db'}"
    os.environ[assembly.STORE] = url
    cli._rehearse(url, port, ("alfa",))
    server = uvicorn.Server(uvicorn.Config(wiring.application(), port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


async def asked(base: str, tmp_path: Path) -> dict[tuple[str, str], Parcel]:
    """A line in Dani's name, of whom the trusted source says that he is dead; what was flagged."""
    rows = [registration(identity_value=DANI, validation_result="deceased")]
    parcels = read(folder(tmp_path / "data", registrations=rows))
    tally = Tally()
    async with Client(base, tmp_path / "credentials.json", language="es") as client:
        for parcel in parcels.registrations:
            await client.ask_all([parcel], tally)
    return tally.flagged


@pytest.mark.anyio
async def test_not_mine_at_the_portal_arrives_at_the_engine_as_a_label(
    base: str, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    flagged = await asked(base, tmp_path)
    assert flagged
    store = f"sqlite:///{tmp_path / 'simvigia.db'}"

    told = Holder(base, tmp_path).answer(flagged, store=store)

    assert "arrived at the engine as a label" in told
    [verdict] = Books(connect(store)).all_verdicts()
    assert (verdict.fraud, verdict.source, verdict.confidence) == (True, 0, 0.5)
