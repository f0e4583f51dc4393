"""Lines that somebody else has registered since: kept until the former holder's history says so.

Whoever answers holds no key of the former holder's history and cannot write into it; the worker can, a
moment later. Until then these rows stand beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from serve.store.database import Row
from serve.store.rows import Rows

TAKEN = "taken"


@dataclass(frozen=True, slots=True)
class Taken:
    """A registration whose line is another's: since when that is known (a second), by which registration, made
    at which moment (microseconds)."""

    sequence: int
    at: int
    taker: int
    known: int


class Takeovers(Rows):
    """What is still to be said in former holders' histories."""

    def some_taken(self) -> bool:
        """Whether anything waits."""
        return bool(self.own.rows("SELECT 1 FROM taken_lines LIMIT 1"))

    def taken(self, sequences: Iterable[int]) -> list[Taken]:
        """What waits of these registrations."""
        items = self.seals.items(TAKEN, ((s, 0) for s in dict.fromkeys(sequences)))
        sql = "SELECT item, at, taker, known FROM taken_lines WHERE item IN"
        return self._takeovers_in(self.own.found(sql, items))

    def all_taken(self, most: int) -> list[Taken]:
        """Some of what waits."""
        sql = "SELECT item, at, taker, known FROM taken_lines LIMIT ?"
        return self._takeovers_in(self.own.rows(sql, [most]))

    def add_taken(self, rows: Sequence[Taken]) -> None:
        """Leave for the worker."""
        self.own.run_many(
            "INSERT INTO taken_lines (item, at, taker, known) VALUES (?, ?, ?, ?)",
            sorted(self._blocks(row) for row in rows),
        )

    def drop_taken(self, rows: Sequence[Taken]) -> None:
        """It has been said."""
        self.own.run_many(
            "DELETE FROM taken_lines WHERE item = ? AND taker = ?",
            [(item, taker) for item, _, taker, _ in map(self._blocks, rows)],
        )

    def _blocks(self, row: Taken) -> tuple[bytes, ...]:
        (item,) = self.seals.items(TAKEN, [(row.sequence, 0)])
        return (
            item,
            *(self.seals.number(item, number) for number in (row.at, row.taker, row.known)),
        )

    def _takeovers_in(self, rows: Sequence[Row]) -> list[Taken]:
        items = [bytes(row[0]) for row in rows]
        made = [
            Taken(sequence, *self.seals.sequences([(item, bytes(block)) for block in row[1:]]))
            for (sequence, _), item, row in zip(
                self.seals.pairs(TAKEN, items), items, rows, strict=True
            )
        ]
        return sorted(made, key=lambda t: (t.sequence, t.taker))
