"""How a store forgets registrations: first their rows of the log, in the end all but that they were there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from serve.enginekeys import FROZEN
from serve.store.books import Books
from serve.store.given import STAGES_OF
from serve.store.groups import TABLE as GROUPS


def moments(books: Books, sequences: Sequence[int]) -> dict[int, int]:
    """When registrations were made, in microseconds; 0 for one of which nothing is left."""
    folios = {sequence: folio for sequence, (folio, _) in books.filed(sequences).items()}
    answers = books.answered(folios, vectors=False)
    names = dict(zip(books.seals.rows("log", sequences), sequences, strict=True))
    found = books.found("SELECT id, NULL FROM registrations WHERE id IN", names)
    there = {names[name] for name, _ in found}
    return {s: answers[s][0].moment if s in answers else 0 for s in sequences if s in there}


def shrink(books: Books, sequences: Iterable[int]) -> None:
    """Of registrations only their folios stay in the log, for whoever looks for vectors and verdicts."""
    filed = books.filed(sequences)
    names = dict(zip(filed, books.seals.rows("log", filed), strict=True))
    books.own.run_many(
        "UPDATE registrations SET entry = ? WHERE id = ?",
        [
            (books.seals.for_worker(FROZEN, names[sequence], folio), names[sequence])
            for sequence, (folio, _) in filed.items()
        ],
    )
    _drop(books, "line_events", "registration", books.seals.rows("line_events", filed))


def forget(books: Books, sequences: Iterable[int]) -> None:
    """Of registrations nothing stays but that they were there: the same question is never counted twice."""
    filed = books.filed(sequences)
    answers = [books.seals.answer(f, stage) for f, _ in filed.values() for stage in STAGES_OF]
    _drop(books, "assessments", "id", answers)
    _drop(books, "verdicts", "registration", books.seals.rows("verdicts", filed))
    _drop(books, "line_events", "registration", books.seals.rows("line_events", filed))
    _drop(books, "audit_groups", "id", books.seals.rows(GROUPS, filed))
    books.own.run_many(
        "UPDATE registrations SET entry = NULL, names = ? WHERE id = ?",
        [(b"", name) for name in books.seals.rows("log", filed)],
    )


def _drop(books: Books, table: str, column: str, names: Iterable[bytes]) -> None:
    sql = f"DELETE FROM {table} WHERE {column} = ?"  # noqa: S608 - names of ours
    books.own.run_many(sql, [(name,) for name in names])
