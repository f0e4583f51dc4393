"""Cases and evidence as the API's bodies."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from detector.decision import DECISIONS
from detector.lifecycle import STAGES
from detector.signals import REASONS
from serve.answers import Assessment
from serve.deliveries.queue import moment
from serve.judge import person_folio
from serve.review.cases import Case
from serve.review.clearing import Note
from serve.review.evidence import Happened, Tie
from serve.review.room import Opened, Summary

Body = dict[str, Any]


def line(case: Case, now: int) -> Body:
    """A case as the queue shows it."""
    return {
        "case_id": UUID(bytes=case.folio),
        "folio": person_folio(case.folio),
        "carrier_id": case.carrier,
        "stage": STAGES[case.stage].upper(),
        "decision": DECISIONS[case.decision].upper(),
        "score": case.score,
        "reviewers": case.needs,
        "opened_at": moment(case.opened_at),
        "due_at": moment(case.due_at),
        "claimed_by": case.held_by(now) or None,
        "ended": case.ended.upper() or None,
    }


def whole(found: Opened, now: int) -> Body:
    """A case with its evidence."""
    seen = found.evidence
    return line(found.case, now) | {
        "registration_id": seen.registration_id,
        "registered_at": moment(seen.registered_at),
        "facts": dict(seen.facts),
        "stages": [_stage(one, codes) for one, codes in zip(seen.stages, seen.given, strict=True)],
        "events": [_happened(one) for one in seen.events],
        "verdicts": [_happened(one) for one in seen.verdicts],
        "ties": [_tie(one) for one in seen.ties],
        "notes": [{"by": by, "at": moment(at), "text": text} for by, at, text in found.notes],
        "voted_by": list(found.votes),
        "clearable": [name.upper() for name in found.clearable],
    }


def allowed(note: Note) -> Body:
    """An allow-note; its mark stays here."""
    return {
        "note_id": UUID(note.note_id),
        "kind": note.kind.upper(),
        "families": sorted(note.families),
        "carrier_id": note.carrier,
        "case_id": UUID(bytes=note.folio),
        "folio": person_folio(note.folio),
        "by": note.reviewer,
        "made_at": moment(note.made_at),
        "until": moment(note.until),
        "why": note.why,
    }


def summary(found: Summary) -> Body:
    """How it goes."""
    return asdict(found)


def _stage(one: Assessment, codes: tuple[str, ...]) -> Body:
    return {
        "stage": one.stage.upper(),
        "decision": one.decision.upper(),
        "score": one.score,
        "reasons": [
            {"code": code, "family": REASONS[code].family, "es": REASONS[code].es, "en": REASONS[code].en}
            for code in codes
        ],
        "model_version": one.model_version,
        "assessed_at": one.assessed_at,
    }  # fmt: skip


def _happened(one: Happened) -> Body:
    return {"at": moment(one.at), "what": one.what.upper(), "source": one.source.upper() or None}


def _tie(tie: Tie) -> Body:
    return {
        "by": tie.by.upper(),
        "count": tie.count,
        "newest": [
            {
                "registered_at": moment(one.at),
                "carrier_id": one.carrier,
                "registration_id": one.registration_id,
                "operation": one.operation.upper(),
                "decision": one.decision.upper(),
                "verdict": one.verdict.upper() or None,
            }
            for one in tie.newest
        ],
    }
