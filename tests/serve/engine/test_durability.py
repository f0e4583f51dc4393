"""An answer leaves only after its commit is on the disk, and a killed server forgets none that left."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from serve.replay import differences
from serve.store.books import Books
from serve.store.database import connect
from tests.builders import curp_of
from tests.serve.counter import question
from tests.serve.engine.serving import Server, ask

KILLS = int(os.environ.get("SIMVIGIA_EXAMPLES", "20")) // 10
ROOT = Path(__file__).resolve().parents[3]
CALLS = "read,recvfrom,recvmsg,write,writev,sendto,sendmsg,fsync,fdatasync"
ASKED = 5


def body(**changes: Any) -> dict[str, Any]:
    return question(registeredAt=datetime.now(UTC).isoformat(), **changes)


@pytest.fixture(scope="module")
def strace() -> str:
    if shutil.which("strace") is None:
        made = subprocess.run(
            ["sh", ROOT / "scripts" / "system_package", "strace"], capture_output=True, check=False
        )
        if made.returncode:
            pytest.skip("strace is missing and could not be installed: fsync cannot be seen")
    tried = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False)
    if tried.returncode:
        pytest.skip("this machine forbids strace: fsync cannot be seen")
    return "strace"


def test_between_a_question_and_its_answer_the_commit_reaches_the_disk(
    strace: str, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    trace = tmp_path / "trace"
    watch = [strace, "-f", "-yy", "-s", "64", "--seccomp-bpf", "-e", f"trace={CALLS}"]
    server = Server(tmp_path, [*watch, "-o", str(trace)])
    try:
        with server.client() as client:
            for _ in range(ASKED):
                assert ask(client, body()).status_code == 201
    finally:
        server.kill()

    syncs = syncs_before_answers(trace.read_text(errors="replace"))

    assert len(syncs) == ASKED
    assert min(syncs) >= 1
    figure(f"fsync: {ASKED} answers, after {sum(syncs)} syncs of the write-ahead log")


def syncs_before_answers(trace: str) -> list[int]:
    """For each answer, the syncs of the log that ended between the arrival of its question and its leaving."""
    found, since, waiting = [], None, set()
    for line in filter(None, trace.splitlines()):
        process = line.split(maxsplit=1)[0]
        if re.search(r"(fsync|fdatasync)\(\d+<[^>]*store\.db-wal>", line):
            if "<unfinished" in line:
                waiting.add(process)
            elif since is not None and line.endswith("= 0"):
                since += 1
        elif re.search(r"<\.\.\. (fsync|fdatasync) resumed>", line):
            if process in waiting and since is not None and line.endswith("= 0"):
                since += 1
            waiting.discard(process)
        elif "POST /registration-risk/" in line and "/assessments" in line:
            since = 0
            waiting.clear()  # what began before it does not count
        elif "HTTP/1.1 201" in line and since is not None:
            found.append(since)
            since = None
    return found


@pytest.mark.parametrize(
    ("between", "expected"),
    [
        ("7 fdatasync(9</x/store.db-wal>) = 0", [1]),
        ("7 fdatasync(9</x/store.db-wal> <unfinished ...>\n7 <... fdatasync resumed>) = 0", [1]),
        ("7 fdatasync(9</x/store.db-wal> <unfinished ...>", [0]),
        ("7 fdatasync(9</x/store.db-wal>) = -1 EIO", [0]),
        ("7 fdatasync(9</x/other>) = 0", [0]),
        ("8 <... fdatasync resumed>) = 0", [0]),
        ("", [0]),
    ],
)
def test_only_a_sync_of_the_log_that_ended_well_is_counted(
    between: str, expected: list[int]
) -> None:
    before = (
        '7 fdatasync(9</x/store.db-wal>) = 0\n5 read(3, "POST /registration-risk/v1/assessments'
    )
    after = '5 write(3, "HTTP/1.1 201 Created'

    assert syncs_before_answers(f"{before}\n{between}\n{after}") == expected


def test_a_killed_server_loses_no_answer_and_counts_none_twice(
    tmp_path: Path, figure: Callable[[str], None]
) -> None:
    chance = random.Random(7)
    somebody = {"identityValue": curp_of(55)}
    asked: list[dict[str, Any]] = []
    answered: dict[str, dict[str, Any]] = {}
    server = Server(tmp_path)
    for _ in range(KILLS):
        asked += load(server, somebody, answered, chance.uniform(0.2, 1.0))
        server = Server(tmp_path)
    with server.client() as client:
        told = [ask(client, one) for one in asked]
    server.kill()

    repeated = {
        r["registrationId"]: a.json()
        for r, a in zip(asked, told, strict=True)
        if a.status_code == 200
    }
    assert {answer.status_code for answer in told} <= {200, 201}
    assert answered
    assert {name: repeated.get(name) for name in answered} == answered
    books = Books(connect(f"sqlite:///{server.store}"))
    assert books.last_sequence() == len(asked)
    assert [str(one) for one in differences(books) if one is not None] == []
    figure(f"{KILLS} kills under load: {len(answered)} answers, none lost, none counted twice")


def load(
    server: Server, somebody: dict[str, str], answered: dict[str, Any], seconds: float
) -> list[dict[str, Any]]:
    """Ask from several threads until the server is killed; what was asked. Adds what was answered."""

    def work(_: int) -> list[dict[str, Any]]:
        mine: list[dict[str, Any]] = []
        with server.client() as client:
            ready.append(1)
            while True:
                mine.append(body(**somebody))
                try:
                    answer = ask(client, mine[-1])
                except httpx.TransportError:
                    return mine
                answered[mine[-1]["registrationId"]] = answer.raise_for_status().json()

    ready: list[int] = []
    with ThreadPoolExecutor(4) as threads:
        working = [threads.submit(work, n) for n in range(4)]
        while len(ready) < len(working):
            time.sleep(0.01)
        time.sleep(seconds)
        server.kill()
    return [one for done in working for one in done.result()]
