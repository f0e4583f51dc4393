"""The two roles as two processes: what each has, and what is answered while the worker is up, down and back."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from detector.errors import KeyMissing
from detector.pseudonym import Key
from serve.issuer import TOKEN_PATH, secret_hash
from serve.naming import API_BASE, SCOPES
from serve.store.books import Books
from serve.store.database import connect
from serve.store.keys import ENGINE_NAME, WORKER_NAME, StoreKeys, found
from tests.builders import curp_of, iccid_of
from tests.serve.engine.serving import PATIENCE, PATIENT

WORKER = "from serve.working.cli import worker; worker()"
SERVE = "from serve.cli import serve; serve()"


class Two:
    """A worker and a process that answers, over one SQLite store, each with its own keys."""

    def __init__(self, folder: Path, sockets: Path) -> None:
        self.folder, self.sockets = folder, sockets
        self.store, self.log = f"sqlite:///{folder / 'store.db'}", folder / "log"
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        keys = [folder / name for name in ("engine", "worker")]
        for key in keys:
            key.mkdir()
        StoreKeys.generate(keys[0])
        (keys[0] / WORKER_NAME).rename(keys[1] / WORKER_NAME)
        self.worker_key = keys[1] / WORKER_NAME
        Key.generate(folder / "pseudonym.key")
        known = {
            "secretHash": secret_hash("secret"),
            "carriers": ["alfa"],
            "scopes": sorted(SCOPES),
        }
        (folder / "clients.json").write_text(json.dumps({"client": known}))
        self.common = PATIENT | {
            "SIMVIGIA_ISSUER": self.url,
            "SIMVIGIA_DEV_ISSUER": "on",
            "SIMVIGIA_DEV_CLIENTS": str(folder / "clients.json"),
            "SIMVIGIA_DEV_KEY_FILE": str(folder / "issuer.json"),
            "SIMVIGIA_KEY_FILE": str(folder / "pseudonym.key"),
            "SIMVIGIA_STORE": self.store,
            "SIMVIGIA_MODEL": str(folder / "no-model"),
            "SIMVIGIA_REHEARSAL": "on",
            "SIMVIGIA_ENGINE_KEY_FILE": str(keys[0] / ENGINE_NAME),
        }
        self.processes: list[subprocess.Popen[bytes]] = []
        self.worker = self.begin_worker()
        self.front = self.begin_front()

    def begin_worker(self) -> subprocess.Popen[bytes]:
        """The process that has the worker's key."""
        made = self._begin(WORKER, str(self.sockets), SIMVIGIA_WORKER_KEY_FILE=str(self.worker_key))
        self._wait(
            made, lambda: (self.sockets / "line").is_socket() and _listens(self.sockets / "http")
        )
        return made

    def begin_front(self) -> subprocess.Popen[bytes]:
        """The process that answers."""
        made = self._begin(SERVE, "--port", str(self.port), SIMVIGIA_WORKER=str(self.sockets))
        self._wait(made, lambda: httpx.get(self.url + "/health/live").status_code == 200)
        return made

    def _begin(self, program: str, *options: str, **own: str) -> subprocess.Popen[bytes]:
        plain = {n: v for n, v in os.environ.items() if not n.startswith("SIMVIGIA_")}
        with self.log.open("ab") as log:
            made = subprocess.Popen(
                [sys.executable, "-c", program, *options],
                stdout=log,
                stderr=log,
                env=plain | self.common | own,
            )
        self.processes.append(made)
        return made

    def _wait(self, process: subprocess.Popen[bytes], up: Callable[[], bool]) -> None:
        until(lambda: process.poll() is not None or _quietly(up))
        assert process.poll() is None, self.log.read_text()

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        """A client of the process that answers."""
        asked = {"grant_type": "client_credentials"}
        given = httpx.post(self.url + TOKEN_PATH, data=asked, auth=("client", "secret"))
        headers = {"authorization": f"Bearer {given.raise_for_status().json()['access_token']}"}
        with httpx.Client(base_url=self.url + API_BASE, headers=headers, timeout=30) as made:
            yield made

    def end(self) -> None:
        """Both, at once."""
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    with tempfile.TemporaryDirectory(prefix="two") as sockets:  # a socket's path is short
        made = Two(tmp_path, Path(sockets))
        yield made
        made.end()


def test_the_worker_does_what_needs_the_log_and_whoever_answers_cannot(two: Two) -> None:
    now = datetime.now(UTC)
    with two.client() as client:
        first = client.post("/assessments", json=asked("r1", now - timedelta(hours=30)))
        assert first.status_code == 201, first.text
        assert source(first, "RINGS") == "OK"
        event = named("r1", occurredAt=stamp(now - timedelta(hours=29)), kind="FIRST_ATTACH")
        assert client.post("/line-events", json=event).status_code == 200
        verdict = named("r1", label="FRAUD", source="HOLDER")
        assert client.post("/outcomes", json=verdict).status_code == 200
        assert client.post("/line-events", json=event | named("nobody")).status_code == 404
        client.post("/assessments", json=asked("r2", now))  # the clock of events goes on
        until(lambda: stage(client, first) == "DAY_1")
        assert (
            httpx.get(two.url + "/review").status_code < 400
        )  # the worker's, through the one process
        nothing = httpx.get(two.url + "/nothing", headers={"x-correlator": "mine"})
        assert (nothing.status_code, nothing.headers.get_list("x-correlator")) == (404, ["mine"])

    private = [bytes(key.private_bytes_raw()) for key in worker_keys(two).values()]
    assert any(held(two.worker.pid, private))
    assert not any(held(two.front.pid, private))
    environment = Path(f"/proc/{two.front.pid}/environ").read_bytes()
    assert b"WORKER_KEY" not in environment
    keys = found(two.store, two.common | {"SIMVIGIA_WORKER": str(two.sockets)})
    books = Books(connect(two.store, keys))
    with pytest.raises(KeyMissing):
        books.entries([1])


def test_without_its_worker_a_service_answers_by_rules_and_says_503_to_the_rest(two: Two) -> None:
    now = datetime.now(UTC)
    with two.client() as client:
        client.post("/assessments", json=asked("r1", now - timedelta(minutes=3)))
        two.worker.send_signal(signal.SIGKILL)
        two.worker.wait()

        alone = client.post("/assessments", json=asked("r2", now - timedelta(minutes=2)))
        assert alone.status_code == 201
        assert alone.json()["degraded"]
        assert source(alone, "RINGS") == "UNAVAILABLE"
        event = named("r1", occurredAt=stamp(now), kind="FIRST_ATTACH")
        refused = client.post("/line-events", json=event)
        assert (refused.status_code, refused.json()["code"]) == (503, "UNAVAILABLE")
        assert httpx.get(two.url + "/review").status_code == 503
        assert httpx.get(two.url + "/health/ready").json()["worker"] == "degraded"

        two.worker = two.begin_worker()
        until(lambda: client.post("/line-events", json=event).status_code == 200)
        whole = client.post("/assessments", json=asked("r3", now - timedelta(minutes=1)))
        assert source(whole, "RINGS") == "OK"


def test_a_process_that_is_not_to_have_the_workers_key_does_not_start_with_it(two: Two) -> None:
    made = two._begin(
        SERVE, "--port", "0", SIMVIGIA_WORKER="w", SIMVIGIA_WORKER_KEY_FILE=str(two.worker_key)
    )

    assert made.wait(PATIENCE) != 0
    assert "its key is here too" in two.log.read_text()


def asked(registration: str, at: datetime) -> dict[str, Any]:
    number = int(registration[1:])
    return named(
        registration,
        registeredAt=stamp(at),
        operation="NEW_LINE",
        channel="APP",
        plan="PREPAID",
        identityType="CURP",
        identityValue=curp_of(number),
        phoneNumber=f"+52551234{number:04d}",
        iccid=iccid_of(number),
        deviceId="one tablet",
    )


def named(registration: str, **more: Any) -> dict[str, Any]:
    return {"registrationId": registration, "carrierId": "alfa", **more}


def stamp(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")


def source(answer: httpx.Response, name: str) -> str:
    held: dict[str, str] = {one["name"]: one["status"] for one in answer.json()["sources"]}
    return held[name]


def stage(client: httpx.Client, first: httpx.Response) -> str:
    found: str = client.get(f"/assessments/{first.json()['assessmentId']}").json()["stage"]
    return found


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end
        time.sleep(0.1)


def worker_keys(two: Two) -> dict[tuple[str, int], Any]:
    keys = StoreKeys.of(Path(two.common["SIMVIGIA_ENGINE_KEY_FILE"]), two.worker_key)
    assert keys.worker
    return dict(keys.worker.private)


def held(pid: int, secrets: list[bytes]) -> list[bool]:
    """Which of some secrets are in a process's memory."""
    found = [False] * len(secrets)
    with Path(f"/proc/{pid}/maps").open() as maps, Path(f"/proc/{pid}/mem").open("rb", 0) as memory:
        for line in maps:
            span, rights, *_ = line.split()
            if not rights.startswith("rw"):
                continue
            low, high = (int(end, 16) for end in span.split("-"))
            try:
                memory.seek(low)
                content = memory.read(high - low)
            except OSError:
                continue
            found = [was or secret in content for was, secret in zip(found, secrets, strict=True)]
    return found


def _quietly(up: Callable[[], bool]) -> bool:
    try:
        return up()
    except httpx.TransportError:
        return False


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as own:
        try:
            own.connect(str(path))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port
