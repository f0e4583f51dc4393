"""What every table of a store needs: a connection, and what names and seals its rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from detector.errors import KeyMissing
from serve.store.database import Connection
from serve.store.seals import Seals

TOGETHER = 8_000  # names in one statement, or rows in one page of a whole table


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

    def whole(
        self, table: str, box: str, *, name: str = ""
    ) -> Iterator[tuple[bytes, bytes | None]]:
        """Name and box of every row of a table, in the order in which it lies: far faster than row by row.

        `name` is a column where a row is numbered and the name stands beside. What is written meanwhile may be
        among them or not.
        """
        after: object = 0 if name else b""
        sql = f"SELECT id, {name or 'id'}, {box} FROM {table} WHERE id > ? ORDER BY id LIMIT ?"  # noqa: S608
        while page := self.own.rows(sql, [after, TOGETHER]):
            for _, named, held in page:
                yield bytes(named), None if held is None else bytes(held)
            after = page[-1][0]
