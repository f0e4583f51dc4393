"""The watch's counts through a restart: sealed, one row per worker, written behind the answers."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from detector.errors import KeyMissing
from serve.deliveries.sealing import Vault
from serve.oracle.watch import Asker, Counts, Watch
from serve.store.database import Connection

WRITE_EVERY = 5.0  # seconds; what a crash may lose
PLACE = "oracle_state"


def load(own: Connection, watch: Watch, vault: Vault) -> None:
    """Take up what all workers knew, each number at its largest. What does not open is left alone."""
    for (content,) in own.rows("SELECT content FROM oracle_state ORDER BY day"):
        try:
            held = unpacked(vault.open(bytes(content), PLACE))
        except KeyMissing:
            continue
        with watch.lock:
            _merge(watch.counts, held)


class Writer:
    """A chore that writes the counts of one worker now and then, if they changed."""

    def __init__(
        self, watch: Watch, vault: Vault, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._watch, self._vault, self._clock = watch, vault, clock
        self._worker = str(uuid.uuid4())
        self._next = 0.0

    def __call__(self, own: Connection, _: datetime) -> None:
        """Write, if it is time."""
        if not self._watch.changed or self._clock() < self._next:
            return
        self._next = self._clock() + WRITE_EVERY
        with self._watch.lock:
            content, day = packed(self._watch.counts), self._watch.counts.day
            self._watch.changed = False
        sealed = self._vault.seal(content, PLACE)
        try:
            with own.writing():
                own.run("DELETE FROM oracle_state WHERE day < ?", [day - 1])
                own.run(
                    "INSERT INTO oracle_state (worker, day, content) VALUES (?, ?, ?) ON CONFLICT"
                    " (worker) DO UPDATE SET day = excluded.day, content = excluded.content",
                    [self._worker, day, sealed],
                )
        except BaseException:
            self._watch.changed = True
            raise


def packed(counts: Counts) -> bytes:
    """Counts as bytes."""
    told: dict[str, Any] = {
        "day": counts.day,
        "askers": {
            k.hex(): (a.role, a.carrier, a.asked, a.abandoned, a.told)
            for k, a in counts.askers.items()
        },
        "subjects": {k.hex(): n for k, n in counts.subjects.items()},
        "questions": {k.hex(): b"".join(names).hex() for k, names in counts.questions.items()},
    }
    return json.dumps(told, separators=(",", ":")).encode()


def unpacked(content: bytes) -> Counts:
    """What `packed` made."""
    held, made = json.loads(content), Counts()
    made.day = held["day"]
    for key, values in held["askers"].items():
        made.askers[bytes.fromhex(key)] = Asker(*values)
    for key, count in held["subjects"].items():
        made.subjects[bytes.fromhex(key)] = count
    for key, names in held["questions"].items():
        joined = bytes.fromhex(names)
        made.questions[bytes.fromhex(key)] = tuple(
            joined[i : i + 8] for i in range(0, len(joined), 8)
        )
    return made


def _merge(counts: Counts, held: Counts) -> None:
    """The later day's numbers; of the same day the largest."""
    counts.questions |= held.questions
    if held.day < counts.day:
        return
    counts.turn(held.day)
    for key, asker in held.askers.items():
        mine = counts.askers.setdefault(key, asker)
        mine.asked = max(mine.asked, asker.asked)
        mine.abandoned = max(mine.abandoned, asker.abandoned)
        mine.told |= asker.told
    for key, count in held.subjects.items():
        counts.subjects[key] = max(count, counts.subjects.get(key, 0))
