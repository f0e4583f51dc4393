"""From an assessment to what a carrier sees of it, as bytes."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic_core import to_json
from starlette.responses import Response

from serve import words
from serve.answers import Assessment
from serve.ladder import risk_band, risk_score
from serve.naming import API_BASE
from serve.schemas import DEGRADED, AssessmentAnswer

JSON = "application/json"
Body = dict[str, Any]


def assessment_body(found: Assessment, language: str) -> Body:
    """The coarse form, as `AssessmentAnswer` documents it: a rung, families, words. What is not there is
    left out; the exact score and the codes stay here.
    """
    decision = found.decision
    shown: Body = {
        "assessmentId": found.assessment_id,
        "registrationId": found.registration_id,
        "carrierId": found.carrier_id,
        "stage": found.stage.upper(),
        "riskScore": risk_score(found.score, decision),
        "riskBand": risk_band(decision),
        "decision": decision.upper(),
        "reasons": [
            {"family": family.upper(), "message": words.FAMILIES[family][language]}
            for family in words.families(found.reasons)
        ],
        "modelVersion": found.model_version,
        "policyVersion": found.policy_version,
        "featureVersion": found.feature_version,
        "sources": [
            {"name": name.upper(), "status": status.upper()}
            for name, status in found.sources.items()
        ],
        "degraded": found.degraded,
        "late": found.late,
        "assessedAt": found.assessed_at,
    }
    if decision != "allow" or found.degraded:
        shown |= _more(found, language)
    return shown


def _more(found: Assessment, language: str) -> Body:
    """What only some answers have."""
    more = {
        "folio": found.folio,
        "clerkText": words.clerk_text(found.decision, found.folio, language),
        "noticeText": words.NOTICE[language] if found.decision == "allow_notify" else None,
        "contextCode": DEGRADED if found.degraded else None,
    }
    return {name: value for name, value in more.items() if value is not None}


def assessment_answer(found: Assessment, language: str) -> AssessmentAnswer:
    """The same as a checked model; a request's own answer does without that, for speed."""
    return AssessmentAnswer.model_validate(assessment_body(found, language))


def text(answer: BaseModel | Body) -> bytes:
    """A body as bytes; what a model does not have is left out."""
    if isinstance(answer, BaseModel):
        return answer.__pydantic_serializer__.to_json(answer, by_alias=True, exclude_none=True)
    return to_json(answer)


def ok(answer: BaseModel | Body) -> Response:
    """A body with 200."""
    return Response(text(answer), 200, media_type=JSON)


def given(found: Assessment, language: str) -> Response:
    """An answer to `assess`: 201 for a new assessment and where it is, 200 for the first one again."""
    content = to_json(assessment_body(found, language))
    if found.repeated:
        return Response(content, 200, media_type=JSON)
    where = {"Location": f"{API_BASE}/assessments/{found.assessment_id}"}
    return Response(content, 201, where, media_type=JSON)
