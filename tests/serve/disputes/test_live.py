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
from serve.rehearsal import of_the_dead
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


def parcel(tmp_path: Path, **columns: object) -> Parcel:
    """A registration in Dani's name, as a request."""
    rows = [registration(identity_value=DANI, **columns)]
    (tmp_path / "data").mkdir()
    [one] = read(folder(tmp_path / "data", registrations=rows)).registrations
    return one


async def asked(base: str, tmp_path: Path, one: Parcel) -> dict[tuple[str, str], Parcel]:
    """What was flagged once it was asked about."""
    tally = Tally()
    async with Client(base, tmp_path / "credentials.json", language="es") as client:
        await client.ask_all([one], tally)
    return tally.flagged


@pytest.mark.anyio
async def test_not_mine_at_the_portal_arrives_at_the_engine_as_a_label(
    base: str, tmp_path: Path
) -> None:
    flagged = await asked(base, tmp_path, parcel(tmp_path, validation_result="deceased"))
    assert flagged
    store = f"sqlite:///{tmp_path / 'simvigia.db'}"

    told = Holder(base, tmp_path).answer(flagged, store=store)

    assert "arrived at the engine as a label" in told
    [verdict] = Books(connect(store)).all_verdicts()
    assert (verdict.fraud, verdict.source, verdict.confidence) == (True, 0, 0.5)


@pytest.mark.anyio
async def test_where_nobody_was_handed_a_folio_one_registration_is_made_up(
    base: str, tmp_path: Path
) -> None:
    plain = parcel(tmp_path, operation="link_existing", line_first_seen_on="2016-03-02")
    store, holder = f"sqlite:///{tmp_path / 'simvigia.db'}", Holder(base, tmp_path)
    await asked(base, tmp_path, plain)
    assert holder.answer({plain.registration: plain}, store=store) == ""

    made_up = of_the_dead(plain)
    await asked(base, tmp_path, made_up)

    told = holder.answer({made_up.registration: made_up}, store=store)
    assert "arrived at the engine as a label" in told
    assert len(Books(connect(store)).all_verdicts()) == 1
