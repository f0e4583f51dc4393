"""An epoch of keys begins, and an old one ends, while carriers ask: no request fails and no score changes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import run

from serve.store.keys import ENGINE_NAME, WORKER_NAME, StoreKeys
from tests.serve.engine.serving import Server
from tests.serve.test_promoting_under_load import Counter, asking

PATIENCE = 60.0


def simvigia(*words: str, told: dict[str, str]) -> str:
    """What a command of ours says; it has to end well."""
    program = str(Path(sys.executable).with_name("simvigia"))
    done = run([program, *words], text=True, capture_output=True, check=False, env=told)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def more(told: Counter, answers: int) -> None:
    """Until so many more were given."""
    wanted, end = len(told.models) + answers, time.monotonic() + PATIENCE
    while len(told.models) < wanted:
        assert time.monotonic() < end, "no more answers"
        time.sleep(0.05)


def test_keys_rotate_and_an_old_epoch_ends_under_load(
    tmp_path: Path, environment: Callable[..., dict[str, str]]
) -> None:
    StoreKeys.generate(tmp_path)
    told_ = environment(
        SIMVIGIA_ENGINE_KEY_FILE=str(tmp_path / ENGINE_NAME),
        SIMVIGIA_WORKER_KEY_FILE=str(tmp_path / WORKER_NAME),
    )
    server = Server(tmp_path, told=told_)
    store = ("--store", f"sqlite:///{server.store}")
    try:
        with asking(server) as told:
            more(told, 20)
            simvigia("keys", "rotate", *store, told=told_)
            more(told, 40)
            simvigia("keys", "rotate", *store, told=told_)
            more(told, 40)
            epochs = simvigia("keys", "show", *store, told=told_)
            replayed = simvigia("replay", *store, told=told_)
            simvigia("keys", "destroy", "1", "--yes", *store, told=told_)
            more(told, 20)
    finally:
        server.kill()

    assert told.failed == []
    assert [line.split(":")[0] for line in epochs.splitlines()] == ["epoch 1", "epoch 2", "epoch 3"]
    assert "every one the same" in replayed
