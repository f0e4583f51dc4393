"""Where the champion comes from when a model registry is configured: the last genuine promotion.

The registry is asked in a thread of its own, which may hang or fail without anybody waiting for it.
What was taken up is kept in a folder with its signed statement: a restart while the registry is down
goes on with it, and a registry that has forgotten the newest promotion brings no older one back.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from detector.errors import BadInput
from detector.model.artefact import MANIFEST
from detector.model.promotion import champion, standing
from detector.model.signing import Seal
from detector.model.tracking import Registry, opened

STATEMENT = "statement.json"
ASK_EVERY = 10.0  # seconds
SILENT = 60.0  # seconds without an answer from the registry before readiness says so
KEPT = 3  # promotions whose folders stay
PATIENCE = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}


@dataclass(frozen=True, slots=True)
class Taken:
    """A promotion that was taken up: its number, the model's folder and its version."""

    number: int
    folder: Path
    version: str


class Promoted:
    """Which model should answer. Calling it is cheap and never asks the registry."""

    def __init__(
        self,
        store: str,
        seal: Seal,
        *,
        shipped: Path,
        kept: Path,
        open_registry: Callable[[str], Registry | None] = opened,
    ) -> None:
        self._store, self._seal, self._shipped, self._kept = store, seal, shipped, kept
        self._open = open_registry
        self._stop = threading.Event()
        self._taken = self._last_taken()
        self._answered = -SILENT  # nobody has asked yet
        self.fault = "not asked yet"

    def __call__(self) -> tuple[Path, str]:
        """Where the model lies and its version; no version for the shipped one, whatever it is."""
        return self._taken.folder, self._taken.version

    @property
    def number(self) -> int:
        """The number of the promotion in use; 0 for the shipped model."""
        return self._taken.number

    def state(self) -> str:
        """`ok`, or `degraded` where the registry is silent or what it says cannot be believed."""
        silent = time.monotonic() - self._answered > SILENT
        return "degraded" if self.fault or silent else "ok"

    def look(self) -> None:
        """Ask the registry once. Whatever fails, what is in use stays."""
        log = structlog.get_logger()
        try:
            self._take_up()
        except BadInput as fault:
            self._say(str(fault))
        except Exception as fault:  # noqa: BLE001 - a registry may answer with anything; the model in use stays
            self._say(f"the model registry gave a {type(fault).__name__}")
        else:
            self._answered = time.monotonic()
            if self.fault:
                log.info("model registry answers", promotion=self.number)
            self.fault = ""

    def watch(self) -> None:
        """Ask again and again, in a thread of its own, until `close`."""
        threading.Thread(target=self._watch, name="promotions", daemon=True).start()

    def close(self) -> None:
        """Stop asking."""
        self._stop.set()

    def _watch(self) -> None:
        self.look()
        while not self._stop.wait(ASK_EVERY):
            self.look()

    def _say(self, fault: str) -> None:
        if fault != self.fault:  # once, not every ten seconds
            structlog.get_logger().error("no new promotion taken up", fault=fault)
        self.fault = fault

    def _take_up(self) -> None:
        registry = self._open(self._store)
        if registry is None:
            if self.number:
                raise BadInput(f"promotion {self.number} is in use, the registry knows none")
            return
        told = standing(registry, self._seal, least=self.number)
        if told is None or told["number"] == self.number:
            return
        self._kept.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._kept, prefix="coming-") as scratch:
            self._bring(registry, told["number"], Path(scratch) / "promotion")
        self._taken = self._last_taken()
        structlog.get_logger().info("promotion taken up", number=self.number, by=told["by"])
        self._forget()

    def _bring(self, registry: Registry, number: int, into: Path) -> None:
        """Model and statement into a folder that appears whole, or that another worker brought first."""
        found = champion(registry, self._seal, shipped=self._shipped, into=into, least=number)
        if found.number != number:
            raise BadInput("another promotion came meanwhile: it is taken up next")
        (into / STATEMENT).write_text(dict(registry.records())[number], "utf-8")
        with suppress(OSError):  # it is there
            into.rename(self._kept / str(number))

    def _last_taken(self) -> Taken:
        """The newest promotion that is kept here, genuine, with the model that it names."""
        for number in sorted(self._numbers(), reverse=True):
            told = self._statement(number)
            for manifest in (self._kept / str(number)).rglob(MANIFEST):
                if told and told["number"] == number and _version(manifest) == told["model"]:
                    return Taken(number, manifest.parent, told["model"])
        return Taken(0, self._shipped, "")

    def _numbers(self) -> list[int]:
        if not self._kept.is_dir():
            return []
        return [int(path.name) for path in self._kept.iterdir() if path.name.isdigit()]

    def _statement(self, number: int) -> dict[str, Any] | None:
        try:
            return self._seal.opened((self._kept / str(number) / STATEMENT).read_text("utf-8"))
        except (OSError, BadInput):
            return None  # not whole, or not ours

    def _forget(self) -> None:
        for number in sorted(self._numbers())[:-KEPT]:
            shutil.rmtree(self._kept / str(number), ignore_errors=True)


def _version(manifest: Path) -> str:
    try:
        return str(json.loads(manifest.read_text("utf-8"))["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def patient() -> None:
    """A registry that does not answer is given up soon: MLflow itself would try for minutes."""
    for name, value in PATIENCE.items():
        os.environ.setdefault(name, value)
