"""The review API: for the operator's reviewers, with scopes of their own. Not in carriers' document."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel
from starlette.responses import Response

from serve.answering import JSON, text
from serve.answers import Desk
from serve.auth import Client
from serve.documented import responses
from serve.errors import Fault
from serve.gate import Asked, Guarded
from serve.naming import security
from serve.review import schemas, shown
from serve.review.cases import Taken
from serve.review.room import Room

NAME = "registration-risk-review"
BASE = f"/{NAME}/vwip"
READ, DECIDE, ALLOW = f"{NAME}:read", f"{NAME}:decide", f"{NAME}:allow"
SCOPES = {
    READ: "See the queue and the evidence of cases",
    DECIDE: "Claim cases, write notes and give verdicts",
    ALLOW: "Clear patterns that were found innocent, and withdraw that",
}
CaseId = Annotated[UUID, Path(alias="caseId", description="The assessment's id")]
NoteId = Annotated[UUID, Path(alias="noteId", description="From the answer to its creation")]
Order = Annotated[Literal["risk", "age"], Query(description="What comes first")]
Page = Annotated[int, Query(ge=1, le=100_000, description="The page, from 1")]
PerPage = Annotated[int, Query(alias="perPage", ge=1, le=100, description="How many fit a page")]


async def acting(act: Callable[..., Any], *given: Any, **named: Any) -> Any:
    """What a reviewer does, in a thread of its own. Raises Fault 409 where somebody else has the case."""
    try:
        return await asyncio.to_thread(act, *given, **named)
    except Taken:
        raise Fault(
            409, "Another reviewer has this case, or it needs another one", code="CONFLICT"
        ) from None


async def decided(room: Room, desk: Desk, who: Client, *, case_id: UUID, label: str) -> bool:
    """A verdict; whether it was the last that was needed. The label is reported before the case is closed."""
    outcome = await acting(room.vote, who, case_id, label)
    if outcome is None:
        return False
    await desk.report_outcome(outcome)
    await acting(room.close, who, case_id, outcome)
    return True


def review_router(room: Room) -> APIRouter:
    """The operations over one room."""
    router = APIRouter(prefix=BASE, route_class=Guarded, tags=["Review"])
    _add_readings(router, room)
    _add_claims(router, room)
    _add_words(router, room)
    _add_allowing(router, room)
    return router


def _add_readings(router: APIRouter, room: Room) -> None:
    @router.get(
        "/cases",
        operation_id="retrieveCases",
        responses=responses(400),
        response_model=schemas.CaseList,
        openapi_extra=security(READ),
    )
    async def retrieve_cases(
        asked: Asked, order: Order = "risk", page: Page = 1, per_page: PerPage = 50
    ) -> Response:
        """The cases that wait: held ones first, then by risk; or the oldest first."""
        found, total = await acting(room.queue, asked.asker, order=order, page=page, most=per_page)
        now = room.clock()
        items = [shown.line(case, now) for case in found]
        return _ok(schemas.CaseList.model_validate({"items": items, "total_count": total}))

    @router.get(
        "/cases/{caseId}",
        operation_id="retrieveCase",
        responses=responses(400, 404),
        response_model=schemas.CaseAnswer,
        openapi_extra=security(READ),
    )
    async def retrieve_case(asked: Asked, case_id: CaseId) -> Response:
        """One case with its evidence, reasons and notes."""
        return await _case(room, asked, case_id)

    @router.get(
        "/summary",
        operation_id="retrieveReviewSummary",
        responses=responses(),
        response_model=schemas.SummaryAnswer,
        openapi_extra=security(READ),
    )
    async def retrieve_review_summary(asked: Asked) -> Response:
        """How cases of the last ninety days ended; how many flags were overturned."""
        found = await acting(room.summary, asked.asker)
        return _ok(schemas.SummaryAnswer.model_validate(shown.summary(found)))


def _add_claims(router: APIRouter, room: Room) -> None:
    @router.post(
        "/cases/{caseId}/claim",
        operation_id="claimCase",
        responses=responses(400, 404, 409),
        response_model=schemas.CaseAnswer,
        openapi_extra=security(DECIDE),
    )
    async def claim_case(asked: Asked, case_id: CaseId) -> Response:
        """Takes a case for half an hour. One that ended is opened again."""
        await acting(room.claim, asked.asker, case_id)
        return await _case(room, asked, case_id)

    @router.post(
        "/cases/{caseId}/release",
        operation_id="releaseCase",
        responses=responses(400, 404, 409),
        response_model=schemas.CaseAnswer,
        openapi_extra=security(DECIDE),
    )
    async def release_case(asked: Asked, case_id: CaseId) -> Response:
        """Gives a case back."""
        await acting(room.let_go, asked.asker, case_id)
        return await _case(room, asked, case_id)


def _add_words(router: APIRouter, room: Room) -> None:
    @router.post(
        "/cases/{caseId}/verdict",
        operation_id="decideCase",
        responses=responses(400, 404, 409, 413, 415),
        response_model=schemas.CaseAnswer,
        openapi_extra=security(DECIDE),
    )
    async def decide_case(asked: Asked, case_id: CaseId, body: schemas.VerdictQuestion) -> Response:
        """Gives a verdict on a case that one has claimed; with the last one needed it becomes a label."""
        label = body.label.lower()
        await decided(room, asked.service.desk, asked.asker, case_id=case_id, label=label)
        return await _case(room, asked, case_id)

    @router.post(
        "/cases/{caseId}/notes",
        operation_id="writeCaseNote",
        responses=responses(400, 404, 413, 415),
        response_model=schemas.CaseAnswer,
        openapi_extra=security(DECIDE),
    )
    async def write_case_note(
        asked: Asked, case_id: CaseId, body: schemas.NoteQuestion
    ) -> Response:
        """Writes a note; what looks like a number, an identity or an address is refused."""
        await acting(room.note, asked.asker, case_id, body.text)
        return await _case(room, asked, case_id)


def _add_allowing(router: APIRouter, room: Room) -> None:
    @router.post(
        "/cases/{caseId}/allow-notes",
        operation_id="allowPattern",
        status_code=201,
        responses=responses(400, 404, 413, 415),
        response_model=schemas.AllowAnswer,
        openapi_extra=security(ALLOW),
    )
    async def allow_pattern(asked: Asked, case_id: CaseId, body: schemas.AllowQuestion) -> Response:
        """Clears a pattern for a time: it is not flagged again for the same reason."""
        kind = body.kind.lower()
        note = await acting(room.allow, asked.asker, case_id, kind, days=body.days, why=body.why)
        return _ok(schemas.AllowAnswer.model_validate(shown.allowed(note)), 201)

    @router.get(
        "/allow-notes",
        operation_id="retrieveAllowNotes",
        responses=responses(),
        response_model=schemas.AllowList,
        openapi_extra=security(READ),
    )
    async def retrieve_allow_notes(asked: Asked) -> Response:
        """The notes that hold now."""
        found = await acting(room.allowed, asked.asker)
        items = [shown.allowed(note) for note in found]
        return _ok(schemas.AllowList.model_validate({"items": items}))

    @router.post(
        "/allow-notes/{noteId}/withdraw",
        operation_id="withdrawAllowNote",
        status_code=204,
        responses=responses(400, 404),
        openapi_extra=security(ALLOW),
    )
    async def withdraw_allow_note(asked: Asked, note_id: NoteId) -> Response:
        """Ends a note before its time."""
        await acting(room.withdraw, asked.asker, note_id)
        return Response(status_code=204)


async def _case(room: Room, asked: Asked, case_id: UUID) -> Response:
    found = await acting(room.look, asked.asker, case_id)
    return _ok(schemas.CaseAnswer.model_validate(shown.whole(found, room.clock())))


def _ok(answer: BaseModel, status: int = 200) -> Response:
    return Response(text(answer), status, media_type=JSON)
