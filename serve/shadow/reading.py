"""Answers that a shadow has not seen yet, read from the store after the fact, and what a challenger says."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector import logbook
from detector.decision import DECISIONS
from detector.lifecycle import STAGES
from detector.model.artefact import Model
from detector.scoring import Given, graded, rule_hits
from detector.signals import features, fingerprint
from serve.shadow.ledger import RESULT, Cursor
from serve.store.database import Connection, Row

PAGE = 4_000  # answers of each kind read at once
_ANSWERED = (
    "SELECT a.sequence, a.stage, a.moment, a.answer, a.vector, r.entry FROM assessments a"
    " JOIN registrations r ON r.sequence = a.sequence WHERE "
)


@dataclass(frozen=True, slots=True)
class Page:
    """Some answers, and how far they go."""

    rows: Sequence[Row]
    cursor: Cursor
    more: bool


def page(own: Connection, cursor: Cursor) -> Page:
    """The next answers: activations in the order of the log, later stages in that of their answers."""
    first = own.rows(
        _ANSWERED + "a.stage = 0 AND a.sequence > ? ORDER BY a.sequence LIMIT ?",
        [cursor.sequence, PAGE],
    )
    later = own.rows(
        _ANSWERED + "a.stage > 0 AND (a.moment, a.sequence, a.stage) > (?, ?, ?)"
        " ORDER BY a.moment, a.sequence, a.stage LIMIT ?",
        [cursor.moment, cursor.later_sequence, cursor.later_stage, PAGE],
    )
    if first:
        cursor = replace(cursor, sequence=first[-1][0])
    if later:
        sequence, stage, moment = later[-1][:3]
        cursor = Cursor(cursor.sequence, moment, sequence, stage)
    return Page([*first, *later], cursor, max(len(first), len(later)) == PAGE)


def said(
    challenger: Model, rows: Sequence[Row], carriers: tuple[str, ...]
) -> tuple[list[str], NDArray[Any]]:
    """What a challenger says of answers, as RESULT, and the champions that gave them.

    Answers made from another feature set cannot be compared and are left out.
    """
    models: list[str] = []
    pieces = [np.empty(0, RESULT)]
    for code, stage in enumerate(STAGES):
        mine = [row for row in rows if row[1] == code]
        live = [json.loads(bytes(row[3])) for row in mine]
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
    rows: Sequence[Row],
    *,
    live: Sequence[dict[str, Any]],
    carriers: tuple[str, ...],
) -> NDArray[Any]:
    filed = logbook.read([bytes(row[5]) for row in rows], carriers)
    own = filed.registrations
    vectors = np.frombuffer(b"".join(zlib.decompress(bytes(row[4])) for row in rows), np.float32)
    given = Given(
        stage,
        vectors.reshape(len(rows), len(features(stage))),
        filed.exposure.grade,
        filed.exposure.tier,
    )
    floors, _ = rule_hits(stage, given.vectors)
    score, decision = graded(challenger, given, own, floors=floors)
    made = np.zeros(len(rows), RESULT)
    made["sequence"] = [row[0] for row in rows]
    made["stage"] = STAGES.index(stage)
    made["moment"] = [row[2] for row in rows]
    made["carrier"], made["operation"] = own.carrier, own.operation
    made["live_score"] = [told["score"] for told in live]
    made["live_decision"] = [DECISIONS.index(told["decision"]) for told in live]
    made["score"], made["decision"] = score, decision
    return made
