"""The disputes API: a carrier sees the cases about its own registrations, and says what it found."""

from __future__ import annotations

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel
from starlette.responses import Response

from serve.answering import JSON
from serve.disputes.desk import Cases, Closed
from serve.disputes.schemas import DisputeAnswer, DisputeList, OutcomeQuestion, answer
from serve.documented import responses
from serve.errors import Fault
from serve.gate import Asked, Guarded
from serve.naming import ANSWER_DISPUTES, DISPUTES_NAME, READ_DISPUTES, security

BASE = f"/{DISPUTES_NAME}/vwip"
DisputeId = Annotated[UUID, Path(alias="disputeId", description="From the list or an event")]
OpenOnly = Annotated[bool, Query(alias="open", description="Only what has no outcome yet")]
Page = Annotated[int, Query(ge=1, le=100_000, description="The page, from 1")]
PerPage = Annotated[int, Query(alias="perPage", ge=1, le=100, description="How many fit a page")]


def disputes_router(cases: Cases) -> APIRouter:
    """The operations over one book of cases."""
    router = APIRouter(prefix=BASE, route_class=Guarded, tags=["Disputes"])
    _add_readings(router, cases)
    _add_answers(router, cases)
    return router


def _add_readings(router: APIRouter, cases: Cases) -> None:
    @router.get(
        "/disputes",
        operation_id="retrieveDisputes",
        summary="List disputes about one's own registrations",
        responses=responses(400),
        response_model=DisputeList,
        openapi_extra=security(READ_DISPUTES),
    )
    async def retrieve_disputes(
        asked: Asked, open_only: OpenOnly = True, page: Page = 1, per_page: PerPage = 50
    ) -> Response:
        """Cases of the client's own carriers; the one that is due first on top."""
        own = asked.asker.carriers
        found, total = await asyncio.to_thread(
            cases.page, own, open_only=open_only, page=page, most=per_page
        )
        late = await asyncio.to_thread(cases.overdue, own)
        told = [answer(one) for one in found]
        return _ok(DisputeList(disputes=told, total_count=total, overdue_count=late))

    @router.get(
        "/disputes/{disputeId}",
        operation_id="retrieveDispute",
        summary="Read a dispute",
        responses=responses(400, 404),
        response_model=DisputeAnswer,
        openapi_extra=security(READ_DISPUTES),
    )
    async def retrieve_dispute(asked: Asked, dispute_id: DisputeId) -> Response:
        """One case. Others' do not exist here."""
        return _ok(answer(await asyncio.to_thread(cases.find, dispute_id, asked.asker.carriers)))


def _add_answers(router: APIRouter, cases: Cases) -> None:
    @router.post(
        "/disputes/{disputeId}/acknowledge",
        operation_id="acknowledgeDispute",
        summary="Say that a dispute was seen",
        responses=responses(400, 404),
        response_model=DisputeAnswer,
        openapi_extra=security(ANSWER_DISPUTES),
    )
    async def acknowledge_dispute(asked: Asked, dispute_id: DisputeId) -> Response:
        """The holder reads that somebody is looking. The clock runs on."""
        return _ok(
            answer(await asyncio.to_thread(cases.acknowledge, dispute_id, asked.asker.carriers))
        )

    @router.post(
        "/disputes/{disputeId}/outcome",
        operation_id="resolveDispute",
        summary="Report what looking again has found",
        responses=responses(400, 404, 409, 413, 415),
        response_model=DisputeAnswer,
        openapi_extra=security(ANSWER_DISPUTES),
    )
    async def resolve_dispute(
        asked: Asked, dispute_id: DisputeId, body: OutcomeQuestion
    ) -> Response:
        """Ends the case. CONFIRMED_MISUSE and HOLDER_CONFIRMED become a label of the re-verification,
        which supersedes what the holder said; the holder may answer again."""
        carriers, outcome = asked.asker.carriers, body.outcome.lower()
        try:
            return _ok(
                answer(await asyncio.to_thread(cases.resolve, dispute_id, carriers, outcome))
            )
        except Closed:
            raise Fault(409, "The dispute has another outcome", code="CONFLICT") from None


def _ok(shown: BaseModel) -> Response:
    return Response(shown.model_dump_json(by_alias=True, exclude_none=True), media_type=JSON)
