"""The process in which a challenger works: beside the service, at the lowest priority.

Its death, its memory, its connection and its slowness are its own. It ends when the shadow does, or
when the service that started it has gone.
"""

from __future__ import annotations

import os
import select
import sys
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path

import structlog

from detector.errors import BadInput
from detector.model.artefact import Model
from serve.answers import Unavailable
from serve.clock import system
from serve.models import verified
from serve.shadow import ledger, reading
from serve.store.books import Books
from serve.store.database import Connection, connect

STORE = "SIMVIGIA_STORE"
LOWEST = 19  # of the operating system's priorities
PAUSE = 10.0  # seconds between looks: few writes, so that an answer hardly ever waits for one
BREATH = 1.0  # and between pages when there is more to read: answers come first
AGAIN = 10.0  # after the store failed

Pause = Callable[[float], bool]  # waits; whether to go on


def work(url: str, pause: Pause, *, now: Callable[[], int] = system) -> int:
    """Read until the shadow under way has ended; the process's exit code."""
    own = connect(url)
    shadow = ledger.active(own)
    if shadow is None:
        return 0
    try:
        with tempfile.TemporaryDirectory(prefix="simvigia-shadow-") as scratch:
            challenger = verified(ledger.unpacked(own, shadow, Path(scratch)))
    except BadInput as fault:
        structlog.get_logger().error("challenger refused", fault=str(fault))
        ledger.end(own, shadow, now=now(), fault="refused")
        return 0
    holder = str(uuid.uuid4())
    while True:
        try:
            waited = turn(own, challenger, holder, now=now)
        except Unavailable:
            waited = AGAIN
        if waited is None or not pause(waited):
            return 0


def turn(
    own: Connection, challenger: Model, holder: str, *, now: Callable[[], int]
) -> float | None:
    """One page; seconds to wait before the next, None where there is nothing more to do."""
    shadow = ledger.active(own)
    if shadow is None or shadow.model != challenger.version:
        return None
    found = reading.page(Books(own), shadow.read_to)
    models, results = reading.said(challenger, found.rows, Books(own).carriers())
    page = (found.read_to, models, results)
    if found.rows and not ledger.keep(own, shadow, page, holder=holder, now=now()):
        return ledger.LEASE / 1e6  # another worker reads
    if now() >= shadow.ends_at and not found.more:
        ledger.end(own, shadow, now=now())
        return None
    return BREATH if found.more else PAUSE


def until_left_alone(seconds: float) -> bool:
    """Wait; False once the process that holds the other end of standard input has gone."""
    readable, _, _ = select.select([sys.stdin], [], [], seconds)
    return not readable


def main() -> int:
    """The process. Whoever starts it lowers its priority first: its imports alone take seconds."""
    return work(os.environ[STORE], until_left_alone)
