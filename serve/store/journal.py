"""What is still to come, and what a worker folds into memory: stages due, the journal, tables kept whole."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from detector.registration import NEVER
from serve.enginekeys import LOG
from serve.store.rows import Rows

MINUTE = 60_000_000  # microseconds
_STANDING = {"registrations": b"how many", "newest": b"how late"}


class Journal(Rows):
    """What rings, the wave and the clock are folded from, and the stages that registrations will reach."""

    def due(self, until: int, most: int) -> list[tuple[int, int, int]]:
        """Stages reached by a moment, earliest first: (moment, sequence, stage)."""
        found = self.own.rows(
            "SELECT moment, item, exact FROM due WHERE moment <= (SELECT MAX(moment) FROM"
            " (SELECT moment FROM due WHERE moment <= ? ORDER BY moment LIMIT ?) AS soonest)",
            [until, most],
        )
        items = [bytes(item) for _, item, _ in found]
        sealed = [(i, bytes(row[2])) for i, row in zip(items, found, strict=True) if row[2]]
        exact = dict(zip((i for i, _ in sealed), self.seals.sequences(sealed), strict=True))
        plain = dict(zip(items, (int(row[0]) for row in found), strict=True)) | exact
        moments = [plain[item] for item in items]
        pairs = self.seals.pairs("due", items)
        made = sorted((m, s, t) for m, (s, t) in zip(moments, pairs, strict=True) if m <= until)
        return made[:most]

    def first_due(self) -> int:
        """The moment of the stage that is reached next; NEVER where none is to come."""
        found = self.own.rows("SELECT MIN(moment) FROM due")[0][0]
        return NEVER if found is None else int(found)

    def add_due(self, due: Sequence[tuple[int, int, int]]) -> None:
        """Stages that registrations will reach; in the open stands the minute only."""
        rows = [
            (moment - moment % MINUTE, item, self.seals.number(item, moment))
            for moment, item in self._due(due)
        ]
        if rows:
            self.own.run_many("INSERT INTO due (moment, item, exact) VALUES (?, ?, ?)", rows)

    def drop_due(self, due: Sequence[tuple[int, int, int]]) -> None:
        """Stages that were answered."""
        rows = [(moment - moment % MINUTE, moment, item) for moment, item in self._due(due)]
        if rows:
            self.own.run_many("DELETE FROM due WHERE moment IN (?, ?) AND item = ?", rows)

    def _due(self, due: Sequence[tuple[int, int, int]]) -> list[tuple[int, bytes]]:
        items = self.seals.items("due", ((s, stage) for _, s, stage in due))
        return [(moment, item) for (moment, _, _), item in zip(due, items, strict=True)]

    def journal(self, after: int, most: int = 1_000) -> list[tuple[int, bytes]]:
        """The journal from an entry on, some at a time."""
        found = self.own.rows(
            "SELECT id, entries FROM journal WHERE id > ? ORDER BY id LIMIT ?", [after, most]
        )
        held = ((i, self.seals.by_worker(_journal(i), bytes(box))) for i, box in found)
        return [(id_, zlib.decompress(text)) for id_, text in held if text is not None]

    def add_journal(self, id_: int, entries: bytes) -> None:
        """Append to the journal."""
        self.own.run(
            "INSERT INTO journal (id, entries) VALUES (?, ?)", [id_, self._boxed(id_, entries)]
        )

    def put_journal(self, id_: int, entries: bytes) -> None:
        """Write an entry of the journal anew."""
        self.own.run(
            "UPDATE journal SET entries = ? WHERE id = ?", [self._boxed(id_, entries), id_]
        )

    def _boxed(self, id_: int, entries: bytes) -> bytes:
        return self.seals.for_worker(LOG, _journal(id_), zlib.compress(entries, 1))

    def last_journal(self) -> int:
        """The number of the journal's last entry."""
        return int(self.own.rows("SELECT COALESCE(MAX(id), 0) FROM journal")[0][0])

    def standing(self) -> tuple[int, int] | None:
        """How many registrations there are, and the newest one's moment; None where nobody said so yet."""
        found = {name: bytes(block) for name, block in self.own.rows("SELECT * FROM standing")}
        if len(found) < len(_STANDING):
            return None
        n, newest = self.seals.sequences([(tag, found[name]) for name, tag in _STANDING.items()])
        return n, newest

    def put_standing(self, n: int, newest: int) -> None:
        """Say how many registrations there are now, and the newest one's moment."""
        self.own.run_many(
            "INSERT INTO standing (name, number) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET number = excluded.number",
            [
                (name, self.seals.number(tag, number))
                for (name, tag), number in zip(_STANDING.items(), (n, newest), strict=True)
            ],
        )

    def last_epoch(self) -> int:
        """The newest epoch that anything here was sealed in."""
        return int(self.own.rows("SELECT COALESCE(MAX(epoch), 0) FROM epochs")[0][0])

    def last_erasure(self) -> int:
        """The number of the last erasure."""
        return int(self.own.rows("SELECT COALESCE(MAX(id), 0) FROM erasures")[0][0])

    def erased_since(self) -> int:
        """The first sequence number that came after the last erasure."""
        return int(self.own.rows("SELECT COALESCE(MAX(since), 0) FROM erasures")[0][0])

    def reference(self, name: str) -> bytes | None:
        """A table that changes as a whole."""
        found = self.own.rows("SELECT content FROM reference_tables WHERE name = ?", [name])
        return bytes(found[0][0]) if found else None

    def put_reference(self, name: str, content: bytes) -> None:
        """Replace a table as a whole."""
        self.own.run(
            "INSERT INTO reference_tables (name, content) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET content = excluded.content",
            [name, content],
        )


def _journal(id_: int) -> bytes:
    return b"journal" + id_.to_bytes(8, "big")
