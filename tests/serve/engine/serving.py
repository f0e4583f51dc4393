"""`simvigia serve` as a process of its own, to be asked over HTTP, watched and killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

from serve.issuer import TOKEN_PATH
from serve.naming import API_BASE

PATIENT = {
    "SIMVIGIA_RATE": "100000",
    "SIMVIGIA_BURST": "100000",
    "SIMVIGIA_ANSWER_WITHIN": "60",  # a test machine may be slow
}
PATIENCE = 120.0  # seconds for a process to come up on a busy machine; 5 on a quiet one


class Server:
    """A server over a SQLite store in a folder, without a model.

    `before` is a command that runs it, `told` what its environment says besides.
    """

    def __init__(
        self, folder: Path, before: Sequence[str] = (), told: Mapping[str, str] | None = None
    ) -> None:
        self.folder, self.store = folder, folder / "store.db"
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        program = Path(sys.executable).with_name("simvigia")
        options = ["--store", f"sqlite:///{self.store}", "--port", str(self.port)]
        options += ["--model", str(folder / "no-model"), "--carrier", "alfa"]
        self._log = (folder / "server.log").open("ab")
        self.process = subprocess.Popen(
            [*before, str(program), "serve", *options],
            stdout=self._log,
            stderr=self._log,
            env=os.environ | PATIENT | (told or {}),
        )
        self._wait()

    def _wait(self) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            assert self.process.poll() is None, (self.folder / "server.log").read_text()
            try:
                if httpx.get(self.url + "/health/live").status_code < 500:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise TimeoutError

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        """A client with the rehearsal's token."""
        known = json.loads((self.folder / "credentials.json").read_text())
        asked = {"grant_type": "client_credentials"}
        given = httpx.post(
            self.url + TOKEN_PATH, data=asked, auth=(known["client_id"], known["client_secret"])
        )
        headers = {"authorization": f"Bearer {given.raise_for_status().json()['access_token']}"}
        with httpx.Client(base_url=self.url + API_BASE, headers=headers, timeout=30) as made:
            yield made

    def kill(self) -> None:
        """At once, with everything it started."""
        for child in psutil.Process(self.process.pid).children(recursive=True):
            child.send_signal(signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        self._log.close()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port


def ask(client: httpx.Client, body: dict[str, Any]) -> httpx.Response:
    """Assess one registration."""
    return client.post("/assessments", json=body)
