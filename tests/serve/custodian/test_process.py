"""The custodian as its own process: it answers, and no element is in what it prints."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from serve.custodian.cli import custodian
from serve.custodian.client import CustodianRefused, CustodianTokens, RemoteHalf
from serve.custodian.clients import credential_hash
from tests.serve.custodian.halves import CREDENTIAL

ANA = ("identity", b"AAAA900203HNEAAX07")


def command(*arguments: str | Path) -> str:
    result = CliRunner().invoke(custodian, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def place(tmp_path: Path) -> Path:
    client = {"name": "alfa", "credential_sha256": credential_hash(CREDENTIAL).hex()}
    listed = {"clients": [client | {"rate": 100, "burst": 1_000}]}
    (tmp_path / "clients.json").write_text(json.dumps(listed))
    return tmp_path


@pytest.fixture
def running(place: Path) -> Iterator[tuple[str, str]]:
    """Its address, and what it said of its key."""
    said = command("add-key", "--keys", place / "keys.json", "--id", "2026q4")
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    files = ["--keys", str(place / "keys.json"), "--clients", str(place / "clients.json")]
    with (place / "printed").open("wb") as printed:
        process = subprocess.Popen(
            [sys.executable, "-m", "serve.custodian.cli", "run", *files, "--port", str(port)],
            stdout=printed,
            stderr=subprocess.STDOUT,
        )
        try:
            yield f"http://127.0.0.1:{port}", said
        finally:
            process.terminate()
            process.wait(20)


def reached(address: str) -> httpx.Client:
    for _ in range(200):
        try:
            httpx.get(f"{address}/v1/keys").raise_for_status()
            return httpx.Client(base_url=address)
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("the custodian did not start")


def test_a_running_custodian_answers_and_prints_nothing(
    running: tuple[str, str], place: Path
) -> None:
    address, said = running
    half = RemoteHalf(reached(address), CREDENTIAL)
    key_id, public = said.split()
    source = CustodianTokens(key_id, [half], [bytes.fromhex(public)])

    assert source.tokens([ANA]) == source.tokens([ANA])
    with pytest.raises(CustodianRefused, match="unknown_client"):
        CustodianTokens(key_id, [RemoteHalf(half.http, "wrong")], source.pins).tokens([ANA])
    assert (place / "printed").read_bytes() == b""


def test_keys_are_added_shown_and_destroyed(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"

    first = command("add-key", "--keys", keys, "--id", "one")
    second = command("add-key", "--keys", keys, "--id", "two")

    assert command("public-keys", "--keys", keys) == first + second
    command("destroy-key", "--keys", keys, "--id", "one")
    assert command("public-keys", "--keys", keys) == second


def test_a_credential_is_printed_with_the_hash_that_is_kept() -> None:
    text, kept = (line.split()[1] for line in command("credential").splitlines())

    assert credential_hash(text).hex() == kept


def test_a_ring_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(custodian, ["public-keys", "--keys", str(tmp_path / "none")])

    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert "cannot read the key ring none" in result.output
