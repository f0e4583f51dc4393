"""From an assessment to what a carrier sees of it, as bytes."""

from __future__ import annotations

from pydantic import BaseModel
from starlette.responses import Response

from serve import words
from serve.answers import Assessment
from serve.ladder import risk_band, risk_score
from serve.naming import API_BASE
from serve.schemas import DEGRADED, AssessmentAnswer

JSON = "application/json"


def assessment_answer(found: Assessment, language: str) -> AssessmentAnswer:
    """The coarse form: a rung, families, words. The exact score and the codes stay here."""
    texts = words.FAMILIES
    return AssessmentAnswer.model_validate(
        {
            "assessmentId": found.assessment_id,
            "registrationId": found.registration_id,
            "carrierId": found.carrier_id,
            "stage": found.stage.upper(),
            "riskScore": risk_score(found.score, found.decision),
            "riskBand": risk_band(found.decision),
            "decision": found.decision.upper(),
            "reasons": [
                {"family": family.upper(), "message": texts[family][language]}
                for family in words.families(found.reasons)
            ],
            "folio": found.folio,
            "noticeText": words.NOTICE[language] if found.decision == "allow_notify" else None,
            "clerkText": words.clerk_text(found.decision, found.folio, language),
            "modelVersion": found.model_version,
            "policyVersion": found.policy_version,
            "featureVersion": found.feature_version,
            "sources": [
                {"name": name.upper(), "status": status.upper()}
                for name, status in found.sources.items()
            ],
            "degraded": found.degraded,
            "contextCode": DEGRADED if found.degraded else None,
            "late": found.late,
            "assessedAt": found.assessed_at,
        }
    )


def text(answer: BaseModel) -> bytes:
    """A body; what is not there is left out."""
    return answer.__pydantic_serializer__.to_json(answer, by_alias=True, exclude_none=True)


def ok(answer: BaseModel) -> Response:
    """A body with 200."""
    return Response(text(answer), 200, media_type=JSON)


def given(found: Assessment, language: str) -> Response:
    """An answer to `assess`: 201 for a new assessment and where it is, 200 for the first one again."""
    content = text(assessment_answer(found, language))
    if found.repeated:
        return Response(content, 200, media_type=JSON)
    where = {"Location": f"{API_BASE}/assessments/{found.assessment_id}"}
    return Response(content, 201, where, media_type=JSON)
