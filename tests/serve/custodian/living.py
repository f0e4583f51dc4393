"""Custodians, an edge and an engine as processes of their own, and a carrier that uses them."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from click.testing import CliRunner
from pydantic.alias_generators import to_camel

from serve.custodian.cli import custodian
from serve.custodian.clients import credential_hash
from serve.schemas import CODED
from tests.serve.custodian.halves import CREDENTIAL

WORD = "what the carrier's own systems say to its edge"
PATIENCE = 60.0  # seconds for a process to come up on a busy machine


def command(*arguments: str | Path) -> str:
    """What a command of whoever runs a custodian prints."""
    result = CliRunner().invoke(custodian, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.output


@contextmanager
def running(folder: Path, kind: str, *options: str) -> Iterator[str]:
    """A process of `simvigia custodian`, listening; its address."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    program = [sys.executable, "-m", "serve.custodian.cli", kind, *options, "--port", str(port)]
    with (folder / "printed").open("ab") as printed:
        process = subprocess.Popen(program, stdout=printed, stderr=printed)
        try:
            _wait(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, "it ended at once"
        try:
            httpx.get(f"http://127.0.0.1:{port}/v1/keys", timeout=5)
            return
        except httpx.TransportError:
            time.sleep(0.05)
    raise TimeoutError


@dataclass
class Keeper:
    """Whoever holds one half of the key: a folder of its own, and its public keys by id."""

    folder: Path
    public: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        client = {"name": "alfa", "credential_sha256": credential_hash(CREDENTIAL).hex()}
        listed = {"clients": [client | {"rate": 1_000, "burst": 10_000}]}
        (self.folder / "clients.json").write_text(json.dumps(listed))

    @property
    def keys(self) -> Path:
        return self.folder / "keys.json"

    def add(self, key_id: str) -> None:
        name, public = command("add-key", "--keys", self.keys, "--id", key_id).split()
        self.public[name] = public

    def destroy(self, key_id: str) -> None:
        command("destroy-key", "--keys", self.keys, "--id", key_id)

    def process(self) -> Any:
        options = ["--keys", str(self.keys), "--clients", str(self.folder / "clients.json")]
        return running(self.folder, "run", *options)


@contextmanager
def edge(
    folder: Path, keepers: Mapping[str, Keeper], now: str, before: str = "", audit: str = ""
) -> Iterator[httpx.Client]:
    """A carrier's edge that asks these custodians, by their addresses."""

    def source(key_id: str) -> dict[str, Any]:
        halves = [
            {"url": url, "pin": keeper.public[key_id], "credential": CREDENTIAL}
            for url, keeper in keepers.items()
        ]
        return {"key_id": key_id, "halves": halves}

    told = {"credential_sha256": credential_hash(WORD).hex(), "now": source(now)}
    told |= {"before": source(before)} if before else {}
    told |= {"audit": audit} if audit else {}
    folder.mkdir(exist_ok=True)
    settings = folder / "edge.json"
    settings.write_text(json.dumps(told))
    with (
        running(folder, "edge", "--settings", str(settings)) as url,
        httpx.Client(base_url=url, headers={"authorization": f"Bearer {WORD}"}, timeout=60) as made,
    ):
        yield made


def asked(client: httpx.Client, row: Mapping[str, Any]) -> dict[str, Any]:
    """A registration as the edge gives it to the carrier's own systems, as the API takes it."""
    answer = client.post("/v1/rows", json={"rows": [row]}).raise_for_status().json()
    body = _api(answer["rows"][0])
    if "before" in answer:
        old = _api(answer["before"][0])
        told = {name: v for name, v in old.items() if str(v).startswith("tok1:")}
        body["previous"] = told
    return body


def _api(row: Mapping[str, Any]) -> dict[str, Any]:
    words = {"msisdn": "phoneNumber"}
    return {
        words.get(name) or to_camel(name): str(value).upper() if name in CODED else value
        for name, value in row.items()
        if value is not None
    }
