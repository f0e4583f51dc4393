"""TM Forum's TMF696 Risk Management v4, as far as one task: partyRoleProductOfferingRiskAssessment.

The applicant is the party role, the plan the product offering, the point of sale the place; all else of
a registration, and the reasons in the answer, travel in `characteristic`. Unknown properties are let be.
"""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic_core import to_jsonable_python
from starlette.responses import JSONResponse, Response

from serve.answering import assessment_body
from serve.answers import Assessment
from serve.gate import Asked, Guarded
from serve.naming import ASSESS, READ, TMF_BASE, security
from serve.schemas import RegistrationQuestion

TASK = "partyRoleProductOfferingRiskAssessment"
RISK = "FraudRisk"
WORDS = {to_camel(name) for name in RegistrationQuestion.model_fields}

router = APIRouter(prefix=TMF_BASE, route_class=Guarded, include_in_schema=False)


class Reference(BaseModel):
    """A reference to something, by id and kind."""

    model_config = ConfigDict(extra="ignore")
    id: str = Field(max_length=128)
    referred_type: str = Field("", alias="@referredType", max_length=64)


class Characteristic(BaseModel):
    """A name and a value."""

    model_config = ConfigDict(extra="ignore")
    name: str = Field(max_length=64)
    value: Any = None


class TaskQuestion(BaseModel):
    """The task as a client creates it."""

    model_config = ConfigDict(extra="ignore", alias_generator=to_camel)
    party_role: Reference
    product_offering: Reference
    place: Reference | None = None
    characteristic: list[Characteristic] = Field(default_factory=list, max_length=64)


@router.post(f"/{TASK}", openapi_extra=security(ASSESS), status_code=201)
async def create_risk_assessment(asked: Asked, body: TaskQuestion) -> Response:
    """Assess a registration given as a TMF696 task."""
    question = RegistrationQuestion.model_validate(_registration(body))
    asked.asker.act_for(question.carrier_id)
    found = await asked.service.desk.assess(asked.asks(question.event()))
    asked.service.telemetry.assessed(found)
    if found.repeated:
        asked.saw(found)
    shown = _task(found, asked.language)
    return JSONResponse(shown, 200 if found.repeated else 201, {"Location": shown["href"]})


@router.get(f"/{TASK}/{{task_id}}", openapi_extra=security(READ))
async def get_risk_assessment(asked: Asked, task_id: Annotated[UUID, Path()]) -> Response:
    """The task by its id, at its latest stage."""
    found = await asked.service.desk.retrieve(task_id, asked.asker.carriers)
    asked.saw(found)
    return JSONResponse(_task(found, asked.language))


def _registration(task: TaskQuestion) -> dict[str, Any]:
    """The registration in the words of our own API."""
    told = {one.name: one.value for one in task.characteristic if one.name in WORDS}
    told |= {
        "identityType": task.party_role.referred_type.upper(),
        "identityValue": task.party_role.id,
        "plan": task.product_offering.id.upper(),
    }
    return told | ({"pointOfSaleId": task.place.id} if task.place else {})


def _task(found: Assessment, language: str) -> dict[str, Any]:
    """The finished task. It names the registration, never the person."""
    shown = to_jsonable_python(assessment_body(found, language))
    apart = ("assessmentId", "riskScore")
    return {
        "id": shown["assessmentId"],
        "href": f"{TMF_BASE}/{TASK}/{shown['assessmentId']}",
        "status": "Succeeded",
        "partyRole": {"id": shown["registrationId"], "@referredType": "Applicant"},
        "productOffering": {"id": "sim-registration", "@referredType": "ProductOffering"},
        "riskAssessmentResult": {"score": [{"riskName": RISK, "score": shown["riskScore"]}]},
        "characteristic": [
            {"name": name, "value": value} for name, value in shown.items() if name not in apart
        ],
        "@type": "PartyRoleProductOfferingRiskAssessment",
        "@baseType": "RiskAssessment",
    }
