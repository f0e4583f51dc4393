"""What the log records, found in the store's own tables: each source behind a cursor that only rises."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime

from detector.lifecycle import STAGES
from serve.audit.ledger import Item, day_of
from serve.store.books import Answer, Books, Verdict

Found = tuple[list[Item], int]
Source = Callable[
    [Books, int, int], Found
]  # store, cursor, most: what is new, and the cursor after it


def decisions(books: Books, cursor: int, most: int) -> Found:
    """Answers, in the order in which they were given."""
    given = books.given_after(cursor, most)
    wanted = {(sequence, stage) for _, sequence, stage in given}
    filed = books.filed({sequence for sequence, _ in wanted})
    answers = books.answers(filed)
    items = [
        _decision(answer, filed[sequence][0])
        for sequence, found in answers.items()
        for answer in found
        if (sequence, answer.stage) in wanted
    ]
    return items, given[-1][0] if given else cursor


def _decision(answer: Answer, folio: bytes) -> Item:
    said = json.loads(answer.answer)
    model, policy, features = said["versions"]
    facts = {"stage": STAGES[answer.stage], "model": model, "policy": policy, "features": features}
    day = datetime.fromtimestamp(said["now"] / 1e6, UTC).date()
    return Item(
        "decision",
        answer.sequence,
        answer.stage,
        "decision",
        day,
        facts | {"code": said.get("code", "")},
        decision_details(answer, folio),
    )


def decision_details(answer: Answer, folio: bytes) -> dict[str, object]:
    """What a decision's record commits to: all of the answer and the vector it was made from."""
    return {
        "assessment": folio.hex(),
        "stage": STAGES[answer.stage],
        "moment": answer.moment,
        "as_of": answer.as_of,
        "answer": hashlib.sha256(answer.answer).hexdigest(),
        "vector": hashlib.sha256(answer.vector).hexdigest(),
    }


def labels(books: Books, cursor: int, most: int) -> Found:
    """Verdicts, corrections and reversals."""
    found = books.verdicts_after(cursor, most)
    items = [
        Item(
            "label",
            id_,
            0,
            "label",
            datetime.fromtimestamp(verdict.at / 1e6, UTC).date(),
            {},
            label_details(verdict),
        )
        for id_, verdict in found
    ]
    return items, found[-1][0] if found else cursor


def label_details(verdict: Verdict) -> dict[str, object]:
    """What a label's record commits to."""
    told = asdict(verdict) | {"fraud": int(verdict.fraud)}
    label = told.pop("label")
    return told | {"label": label} if verdict.withdrawn else told


def look_ups(books: Books, cursor: int, most: int) -> Found:
    """Who read which assessment."""
    rows = books.own.rows(
        "SELECT id, day, folio, client, operation FROM look_ups WHERE id > ? ORDER BY id LIMIT ?",
        [cursor, most],
    )
    items = [
        Item(
            "look_up",
            id_,
            0,
            "look_up",
            day_of(day),
            {"operation": operation},
            {"assessment": bytes(folio).hex(), "client": client},
        )
        for id_, day, folio, client, operation in rows
    ]
    return items, rows[-1][0] if rows else cursor


def acts(books: Books, cursor: int, most: int) -> Found:
    """What people did at the portal."""
    rows = books.own.rows(
        "SELECT id, at, act, about, detail FROM portal_acts WHERE id > ? ORDER BY id LIMIT ?",
        [cursor, most],
    )
    items = [
        Item(
            "portal",
            id_,
            0,
            "portal",
            datetime.fromtimestamp(at / 1e6, UTC).date(),
            {"act": act},
            {"at": at, "about": bytes(about).hex(), "detail": detail},
        )
        for id_, at, act, about, detail in rows
    ]
    return items, rows[-1][0] if rows else cursor


def notes(books: Books, cursor: int, most: int) -> Found:
    """Promotions, key events, erasures, signatures under enrolments, delays of notices."""
    rows = books.own.rows(
        "SELECT id, kind, day, facts, details FROM audit_notes WHERE id > ? ORDER BY id LIMIT ?",
        [cursor, most],
    )
    items = [
        Item("note", id_, 0, kind, day_of(day), json.loads(facts), json.loads(details))
        for id_, kind, day, facts, details in rows
    ]
    return items, rows[-1][0] if rows else cursor


SOURCES: Mapping[str, Source] = {
    "decision": decisions,
    "label": labels,
    "look_up": look_ups,
    "portal": acts,
    "note": notes,
}
