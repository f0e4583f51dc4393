"""The lock: a person's wish that no new line opens in their name without their yes.

Filed under a keyed hash of the identity's token, so the table alone says nobody's name. To a carrier a
locked name is an ordinary `step_up`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from serve.deliveries.queue import micros
from serve.notices.lockbox import Lockbox
from serve.store.database import Connection


class Locks:
    """Wishes, kept in the store. Whatever writes is called inside `own.writing()`."""

    def __init__(self, box: Lockbox) -> None:
        self._box = box

    def lock(self, own: Connection, subject: int, *, at: datetime) -> None:
        """From now on. Asked again it stays as it is."""
        own.run(
            "INSERT INTO portal_locks (id, since) VALUES (?, ?) ON CONFLICT (id) DO NOTHING",
            [self._id(subject), micros(at)],
        )

    def unlock(self, own: Connection, subject: int) -> None:
        """No more."""
        own.run("DELETE FROM portal_locks WHERE id = ?", [self._id(subject)])

    def locked(self, own: Connection, subjects: Iterable[int]) -> frozenset[int]:
        """Which of these names are locked: one query and one hash a name, whoever it is."""
        names = {self._id(subject): subject for subject in subjects}
        found = own.found("SELECT id FROM portal_locks WHERE id IN", list(names))
        return frozenset(names[bytes(name)] for (name,) in found)

    def _id(self, subject: int) -> bytes:
        return self._box.mark("lock", str(subject))
