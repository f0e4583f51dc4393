"""Assessing registrations, one by one and in bulk, and reading what was answered."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import ValidationError
from starlette.responses import Response

from serve.answering import Body, assessment_body, given, ok
from serve.answers import Assessment
from serve.documented import responses
from serve.errors import Fault, fault
from serve.gate import Asked, Guarded
from serve.naming import API_BASE, ASSESS, READ, security
from serve.schemas import (
    AssessmentAnswer,
    BulkAnswer,
    BulkQuestion,
    RegistrationQuestion,
    RetrieveQuestion,
)

TAGS = ["Assessments"]
BREATH = 100  # items after which others get a turn

router = APIRouter(prefix=API_BASE, route_class=Guarded, tags=[*TAGS])


@router.post(
    "/assessments",
    operation_id="assessRegistration",
    summary="Assess one registration",
    status_code=201,
    response_model=AssessmentAnswer,
    response_description="Assessed for the first time",
    responses=responses(400, 409, 413, 415, again="The first answer to the same question"),
    openapi_extra=security(ASSESS),
)
async def assess_registration(asked: Asked, body: RegistrationQuestion) -> Response:
    """Answers how likely it is that a registration misuses an identity, and what to do.

    The answer is on disk before it is sent. The same `carrierId` and `registrationId` with the same body
    get the first answer again, with 200, and count once; with another body they get 409.
    """
    asked.asker.act_for(body.carrier_id)
    found = await asked.service.desk.assess(asked.asks(body.event()))
    asked.service.telemetry.assessed(found)
    if found.repeated:
        asked.saw(found)
    return given(found, asked.language)


@router.post(
    "/assessments/bulk",
    operation_id="assessInBulk",
    summary="Assess up to 1000 registrations",
    status_code=200,
    response_model=BulkAnswer,
    response_description="One outcome per registration, in the order of the question",
    responses=responses(400, 413, 415),
    openapi_extra=security(ASSESS),
)
async def assess_in_bulk(asked: Asked, body: BulkQuestion) -> Response:
    """Assesses registrations in their order. Each has an outcome of its own: a bad one fails alone.

    It counts as many times against the client's rate as it holds registrations.
    """
    asked.service.rate.take(asked.asker.client_id, len(body.registrations) - 1)
    read = [await _read(asked, number, item) for number, item in enumerate(body.registrations)]
    events = [one for one in read if not isinstance(one, Exception)]
    answers = iter(await asked.service.desk.assess_all(events) if events else [])
    outcomes = [one if isinstance(one, Exception) else next(answers) for one in read]
    return ok({"items": await _items(asked, outcomes)})


@router.post(
    "/assessments/retrieve",
    operation_id="retrieveAssessment",
    summary="Find the assessment of a registration",
    status_code=200,
    response_model=AssessmentAnswer,
    response_description="The latest stage",
    responses=responses(400, 404, 413, 415),
    openapi_extra=security(READ),
)
async def retrieve_assessment(asked: Asked, body: RetrieveQuestion) -> Response:
    """Finds an assessment by the carrier's own name of the registration, at its latest stage."""
    asked.asker.own(body.carrier_id)
    found = await asked.service.desk.find(body.carrier_id, body.registration_id)
    asked.saw(found)
    return ok(assessment_body(found, asked.language))


@router.get(
    "/assessments/{assessmentId}",
    operation_id="getAssessment",
    summary="Read an assessment",
    status_code=200,
    response_model=AssessmentAnswer,
    response_description="The latest stage",
    responses=responses(400, 404),
    openapi_extra=security(READ),
)
async def get_assessment(
    asked: Asked,
    assessment_id: Annotated[
        UUID, Path(alias="assessmentId", description="From the answer that was given")
    ],
) -> Response:
    """Reads an assessment by its id, at its latest stage. Other carriers' assessments do not exist here."""
    found = await asked.service.desk.retrieve(assessment_id, asked.asker.carriers)
    asked.saw(found)
    return ok(assessment_body(found, asked.language))


async def _read(asked: Asked, number: int, item: object) -> dict[str, Any] | Exception:
    if number % BREATH == BREATH - 1:
        await asyncio.sleep(0)
    try:
        question = RegistrationQuestion.model_validate(item)
        asked.asker.act_for(question.carrier_id)
        event = question.event()
        asked.asks(event)
    except (ValidationError, Fault) as refusal:
        return refusal
    return event


async def _items(asked: Asked, outcomes: Sequence[Assessment | Exception]) -> list[Body]:
    made, language = [], asked.language
    for index, outcome in enumerate(outcomes):
        if index % BREATH == BREATH - 1:
            await asyncio.sleep(0)
        made.append(_item(asked, index, outcome, language=language))
    return made


def _item(asked: Asked, index: int, outcome: Assessment | Exception, *, language: str) -> Body:
    if isinstance(outcome, Exception):
        found = fault(outcome)
        if found.status_code == 500:
            asked.service.telemetry.failed(asked.scope, outcome)
        return {"index": index, "status": found.status_code, "error": found.body()}
    asked.service.telemetry.assessed(outcome)
    if outcome.repeated:
        asked.saw(outcome)
    shown = assessment_body(outcome, language)
    return {"index": index, "status": 200 if outcome.repeated else 201, "assessment": shown}
