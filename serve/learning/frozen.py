"""Rows to learn from whose log has expired: the vectors that were answered from, and the verdicts on them.

They lie under a key of their own for longer than the log. Of when, the day is left; who was the same person and
who stood in the same shop is not known any more, so each row is by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from detector.lifecycle import STAGES
from detector.model.asof import FACTS, GROUPS, AsOfTable, with_rows
from detector.registration import LABEL_SOURCES, OPERATIONS
from detector.signals import features, fingerprint
from serve.judge import ALONE, stored_vector
from serve.store.books import Answer, Books, Verdict
from serve.store.retention import expired

PAGE = 10_000


def with_frozen(books: Books, table: AsOfTable, *, carrier: str | None = None) -> AsOfTable:
    """A table with the rows before it that only their vectors are left of (one carrier's, where it is named).

    Left out is what was answered under other features, or without rings and wave.
    """
    until = int(table.until.value // 1000)
    made = [
        row
        for low in range(0, expired(books), PAGE)
        for row in _rows(books, range(low + 1, min(low + PAGE, expired(books)) + 1), table, until)
        if carrier is None or row["carrier_id"] == carrier
    ]
    return with_rows(table, _frame(made, table)) if made else table


def _rows(books: Books, sequences: range, table: AsOfTable, until: int) -> Iterator[dict[str, Any]]:
    folios = books.folios(sequences)
    verdicts: dict[int, Verdict] = {v.sequence: v for v in books.verdicts(folios) if v.at <= until}
    ripe = until - int(table.patience.total_seconds() * 1e6)
    for sequence, answers in books.answered(folios, vectors=True).items():
        asked = next((a for a in answers if STAGES[a.stage] == table.stage and _usable(a)), None)
        if asked is None or asked.moment >= until:
            continue
        carrier, _ = books.named(folios[sequence])
        yield {
            "vector": stored_vector(asked),
            "at": pd.Timestamp(answers[0].moment, unit="us", tz="UTC").floor("D"),
            "carrier_id": carrier,
            "matured": asked.moment <= ripe,
            **_said(verdicts.get(sequence)),
        }


def _usable(answer: Answer) -> bool:
    said = json.loads(answer.answer)
    return bool(answer.vector) and said["versions"][2] == fingerprint() and not said.get(ALONE)


def _said(verdict: Verdict | None) -> dict[str, Any]:
    if verdict is None:
        return {"fraud": pd.NA, "decided_at": pd.NaT, "source": None}
    at = pd.Timestamp(verdict.at, unit="us", tz="UTC")
    return {"fraud": verdict.fraud, "decided_at": at, "source": LABEL_SOURCES[verdict.source]}


def _frame(rows: list[dict[str, Any]], table: AsOfTable) -> pd.DataFrame:
    names = [f.name for f in features(table.stage)]
    vectors = pd.DataFrame(np.stack([row["vector"] for row in rows]), columns=names)
    facts = pd.DataFrame([{n: v for n, v in row.items() if n != "vector"} for row in rows])
    nobody = pd.array([pd.NA] * len(rows), "Int64")
    whole = facts.assign(
        operation=pd.Categorical([None] * len(rows), categories=list(OPERATIONS)),
        **dict.fromkeys(GROUPS, nobody),
    )
    frame = pd.concat([vectors, whole[list(FACTS)]], axis=1)
    return frame.sort_values("at", kind="stable", ignore_index=True)
