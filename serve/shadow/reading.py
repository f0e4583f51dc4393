"""Answers that a shadow has not seen yet, read from the store after the fact, and what a challenger says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector import logbook
from detector.decision import DECISIONS
from detector.lifecycle import STAGES
from detector.model.artefact import Model
from detector.scoring import Given, graded, rule_hits
from detector.signals import fingerprint
from serve.judge import stored_vector
from serve.shadow.ledger import RESULT
from serve.store.books import Answer, Books

PAGE = 4_000  # answers read at once


@dataclass(frozen=True, slots=True)
class Page:
    """Some answers with their rows of the log, and how far they go in the order in which they were given."""

    rows: Sequence[tuple[Answer, bytes]]
    read_to: int
    more: bool


def page(books: Books, after: int) -> Page:
    """The next answers. What has expired meanwhile is left out."""
    given = books.given_after(after, PAGE)
    sequences = {sequence for _, sequence, _ in given}
    entries, answers = books.entries(sequences), books.answers(sequences)
    by = {(a.sequence, a.stage): a for found in answers.values() for a in found}
    rows = [(by[s, t], entries[s]) for _, s, t in given if (s, t) in by and by[s, t].vector]
    return Page(rows, given[-1][0] if given else after, len(given) == PAGE)


def said(
    challenger: Model, rows: Sequence[tuple[Answer, bytes]], carriers: tuple[str, ...]
) -> tuple[list[str], NDArray[Any]]:
    """What a challenger says of answers, as RESULT, and the champions that gave them.

    Answers made from another feature set cannot be compared and are left out.
    """
    models: list[str] = []
    pieces = [np.empty(0, RESULT)]
    for code, stage in enumerate(STAGES):
        mine = [row for row in rows if row[0].stage == code]
        live = [json.loads(row[0].answer) for row in mine]
        same = [told["versions"][2] == fingerprint() for told in live]
        mine = [row for row, kept in zip(mine, same, strict=True) if kept]
        live = [told for told, kept in zip(live, same, strict=True) if kept]
        if mine:
            pieces.append(_stage(challenger, stage, mine, live=live, carriers=carriers))
            names = [told["versions"][0] for told in live]
            models += [name for name in dict.fromkeys(names) if name not in models]
            pieces[-1]["live_model"] = [models.index(name) for name in names]
    return models, np.concatenate(pieces)


def _stage(
    challenger: Model,
    stage: str,
    rows: Sequence[tuple[Answer, bytes]],
    *,
    live: Sequence[dict[str, Any]],
    carriers: tuple[str, ...],
) -> NDArray[Any]:
    filed = logbook.read([entry for _, entry in rows], carriers)
    own = filed.registrations
    given = Given(
        stage,
        np.array([stored_vector(answer) for answer, _ in rows], np.float32),
        filed.exposure.grade,
        filed.exposure.tier,
    )
    floors, _ = rule_hits(stage, given.vectors)
    score, decision = graded(challenger, given, own, floors=floors)
    made = np.zeros(len(rows), RESULT)
    made["sequence"] = [answer.sequence for answer, _ in rows]
    made["stage"] = STAGES.index(stage)
    made["moment"] = [answer.moment for answer, _ in rows]
    made["carrier"], made["operation"] = own.carrier, own.operation
    made["live_score"] = [told["score"] for told in live]
    made["live_decision"] = [DECISIONS.index(told["decision"]) for told in live]
    made["score"], made["decision"] = score, decision
    return made
