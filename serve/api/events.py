"""What carriers tell later: what was seen on a line, and verdicts on registrations."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from starlette.responses import Response

from serve.answering import assessment_body, ok
from serve.answers import LineEvent, Outcome, Refused
from serve.documented import responses
from serve.gate import Asked, Guarded
from serve.naming import API_BASE, REPORT_EVENT, REPORT_OUTCOME, security
from serve.schemas import AssessmentAnswer, LineEventReport, OutcomeReport

ABANDONED = "abandoned"
router = APIRouter(prefix=API_BASE, route_class=Guarded)


@router.post(
    "/line-events",
    operation_id="reportLineEvent",
    tags=["Line Events"],
    summary="Report what was seen on a line",
    status_code=200,
    response_model=AssessmentAnswer,
    response_description="The assessment as it now stands",
    responses=responses(400, 404, 413, 415),
    openapi_extra=security(REPORT_EVENT),
)
async def report_line_event(asked: Asked, body: LineEventReport) -> Response:
    """Reports that a line was first switched on, seen again, abandoned, unlinked or reported.

    FIRST_ATTACH has the registration scored again as soon as any registration of a later moment arrives,
    or after ten quiet minutes; so do one day and seven days.
    """
    asked.asker.own(body.carrier_id)
    event = LineEvent(
        carrier_id=body.carrier_id,
        registration_id=body.registration_id,
        occurred_at=_moment(body.occurred_at, "occurredAt"),
        kind=body.kind.lower(),
        imei=body.imei,
        place=body.place,
    )
    found = await asked.service.desk.report_event(event)
    if event.kind == ABANDONED:
        asked.abandons(event.carrier_id, event.registration_id)
    return ok(assessment_body(found, asked.language))


@router.post(
    "/outcomes",
    operation_id="reportOutcome",
    tags=["Outcomes"],
    summary="Report a verdict on a registration",
    status_code=200,
    response_model=AssessmentAnswer,
    response_description="The assessment as it now stands",
    responses=responses(400, 404, 413, 415),
    openapi_extra=security(REPORT_OUTCOME),
)
async def report_outcome(asked: Asked, body: OutcomeReport) -> Response:
    """Reports whether a registration misused an identity. A later verdict replaces an earlier one.

    It counts from the moment of its receipt; `verdictOn` keeps the carrier's own date.
    """
    asked.asker.own(body.carrier_id)
    verdict_on = body.verdict_on and _moment(body.verdict_on, "verdictOn")
    outcome = Outcome(
        carrier_id=body.carrier_id,
        registration_id=body.registration_id,
        label=body.label.lower(),
        source=body.source.lower(),
        confidence=body.confidence,
        verdict_on=verdict_on or None,
    )
    found = await asked.service.desk.report_outcome(outcome)
    return ok(assessment_body(found, asked.language))


def _moment(text: str, field: str) -> datetime:
    """RFC 3339 text as a time. Raises Refused where there is no such moment."""
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError:
        raise Refused(field, "no such moment") from None
