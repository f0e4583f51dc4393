"""A line goes to another holder: what the former holder's history says of it since then.

Whoever may read the log writes that into the history at once. Whoever may not leaves it in the store for
the worker (`store.takeovers`), and reads histories together with what waits there, so that both say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from detector import logbook
from detector.records import line_of, numbers_in, others, taken_over
from serve.entering import Rows, after
from serve.shelf import PLACE, Shelf, record_id
from serve.store.books import Books, Taken

MOST = 256  # told in one transaction


def taken(rows: Rows, shelf: Shelf, *, newest: int) -> list[Taken]:
    """Registrations of other people whose line the last of some rows took; `newest` as `enter` has it."""
    i = len(rows) - 1
    line = rows.ids[i][PLACE["line"]]
    if line is None:
        return []
    at, taker = int(rows.own.at[i]), int(rows.own.sequence[i])
    held = others(shelf[line], shelf.print(line, int(rows.own.identity[i])))
    before = dict.fromkeys(held["sequence"][held["at"] <= at].tolist())
    return [Taken(sequence, at, taker, after(newest)) for sequence in before]


def told(books: Books, shelf: Shelf, found: Sequence[Taken], *, carriers: tuple[str, ...]) -> None:
    """Have the former holders' histories say so. The log has to be open."""
    kept = books.entries([one.sequence for one in found])
    still = [one for one in found if one.sequence in kept]
    if not still:
        return
    own = logbook.read([kept[one.sequence] for one in still], carriers).registrations
    ids = [record_id(PLACE["identity"], key) for key in own.identity.tolist()]
    shelf.fetch(ids)
    marks = {
        (id_, one.taker, line): one
        for id_, line, one in zip(ids, own.line.tolist(), still, strict=True)
    }
    for (id_, _, line), one in marks.items():
        _mark(shelf, id_, one, line=shelf.print(id_, line))


def tell_what_waits(books: Books, shelf: Shelf, *, carriers: tuple[str, ...]) -> int:
    """Say in histories what waits for that; how much it was."""
    found = books.all_taken(MOST) if books.some_taken() else []
    told(books, shelf, found, carriers=carriers)
    books.drop_taken(found)
    return len(found)


def read_with_what_waits(books: Books, shelf: Shelf, ids: Iterable[bytes | None]) -> None:
    """Histories of identities, fetched, as they are once everything is said."""
    if not books.some_taken():
        return
    of = {number: id_ for id_ in ids if id_ is not None for number in numbers_in(shelf[id_])}
    for one in books.taken(of):
        line = line_of(shelf[of[one.sequence]], one.sequence)
        if line is not None:
            _mark(shelf, of[one.sequence], one, line=line)


def _mark(shelf: Shelf, id_: bytes, one: Taken, *, line: int) -> None:
    shelf.put(id_, taken_over(shelf[id_], line=line, at=one.at, known=one.known, taker=one.taker))
