"""What every table of a store needs: a connection, and what names and seals its rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from detector.errors import KeyMissing
from serve.store.database import Connection
from serve.store.seals import Seals

TOGETHER = 8_000  # names in one statement


def seals_of(own: Connection) -> Seals:
    """What names and seals the rows of a connection. Raises KeyMissing where it was opened without keys."""
    if own.seals is None:
        raise KeyMissing(
            "the store's keys are not here: set SIMVIGIA_ENGINE_KEY_FILE, or make some with"
            " `simvigia keys new FOLDER`"
        )
    return own.seals


class Rows:
    """One connection with its keys. Raises KeyMissing where it was opened without."""

    def __init__(self, own: Connection) -> None:
        self.own = own
        self.seals = seals_of(own)
        self.seals.keys.refresh()

    def forget(self) -> None:
        """What a transaction that never happened left in memory."""
        self.seals.forget()

    def found(self, sql: str, keys: Iterable[object]) -> Iterator[tuple[bytes, bytes | None]]:
        """Name and box of rows; `sql` asks for both and ends with `IN`."""
        wanted = list(keys)
        for at in range(0, len(wanted), TOGETHER):
            for name, box in self.own.found(sql, wanted[at : at + TOGETHER]):
                yield bytes(name), None if box is None else bytes(box)
