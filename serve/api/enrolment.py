"""Enrolling those who want to be told: two people of an institution sign, a carrier may vouch.

Whoever is enrolled already, has refused or is new gets the same answer: nothing here lists or tells.
Saying yes, refusing and withdrawing are the person's own, in the portal.
"""

from __future__ import annotations

import asyncio
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from serve.answering import JSON, text
from serve.api.enrolment_schemas import (
    BatchAnswer,
    BatchQuestion,
    SignatureQuestion,
    VouchQuestion,
)
from serve.documented import responses
from serve.gate import Asked, Guarded
from serve.naming import security
from serve.notices.enrolments import Enrolments, Proposed

NAME = "registration-risk-enrolment"
BASE = f"/{NAME}/vwip"
SIGN, VOUCH = f"{NAME}:batches:sign", f"{NAME}:contacts:vouch"
SCOPES = {
    SIGN: "Sign batches of people to be enrolled, for one's own institution",
    VOUCH: "Vouch that a contact is a person's, as a carrier that has checked it",
}


def enrolment_router(enrolments: Enrolments) -> APIRouter:
    """The three operations."""
    router = APIRouter(prefix=BASE, route_class=Guarded, tags=["Enrolment"])
    _add_batches(router, enrolments)
    _add_vouches(router, enrolments)
    return router


def _add_batches(router: APIRouter, enrolments: Enrolments) -> None:
    @router.post(
        "/batches",
        operation_id="proposeEnrolment",
        summary="Put the first signature under a batch",
        status_code=201,
        response_model=BatchAnswer,
        response_description="The batch waits seven days for its second signature",
        responses=responses(400, 413, 415),
        openapi_extra=security(SIGN),
    )
    async def propose_enrolment(asked: Asked, body: BatchQuestion) -> Response:
        """Checks everything and keeps a digest only; the second signer brings the batch again."""
        people = [entry.proposed() for entry in body.entries]
        signer = asked.asker.client_id
        batch = await asyncio.to_thread(enrolments.propose, body.institution, people, signer=signer)
        return _answer(batch, 1)

    @router.post(
        "/signatures",
        operation_id="signEnrolment",
        summary="Put the second signature under a batch",
        status_code=201,
        response_model=BatchAnswer,
        response_description="Codes are on their way to those who can be enrolled",
        responses=responses(400, 404, 413, 415),
        openapi_extra=security(SIGN),
    )
    async def sign_enrolment(asked: Asked, body: SignatureQuestion) -> Response:
        """Takes the same batch from another person of the institution."""
        people = [entry.proposed() for entry in body.entries]
        await asyncio.to_thread(
            enrolments.countersign,
            body.institution,
            people,
            batch=body.batch_id,
            signer=asked.asker.client_id,
        )
        return _answer(body.batch_id, 2)


def _add_vouches(router: APIRouter, enrolments: Enrolments) -> None:
    @router.post(
        "/vouches",
        operation_id="vouchForContact",
        summary="Vouch that a contact is a person's",
        status_code=204,
        response_description="Good for thirty days; the contact is not kept",
        responses=responses(400, 413, 415),
        openapi_extra=security(VOUCH),
    )
    async def vouch_for_contact(asked: Asked, body: VouchQuestion) -> Response:
        """Says nothing about whether the person is, or will be, enrolled."""
        asked.asker.act_for(body.carrier_id)
        one = Proposed(body.identity_type.lower(), body.identity_value, body.contact)
        await asyncio.to_thread(enrolments.vouch, body.carrier_id, one)
        return Response(status_code=204)


def _answer(batch: str, signatures: int) -> Response:
    shown = BatchAnswer(batch_id=UUID(batch), signatures=signatures)
    return Response(text(shown), 201, media_type=JSON)
