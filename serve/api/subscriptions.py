"""Subscribing to changes of one's own lines' assessments, as CAMARA's explicit subscriptions."""

from __future__ import annotations

import asyncio
import math
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel
from pydantic_core import to_jsonable_python
from starlette.responses import Response

from serve.answering import JSON, assessment_answer
from serve.answers import Assessment, Refused, Unknown
from serve.api.subscription_schemas import (
    CALLBACKS,
    NOTIFICATION_SECURITY,
    Pagination,
    SinkCredential,
    SubscriptionAnswer,
    SubscriptionConfig,
    SubscriptionDetail,
    SubscriptionList,
    SubscriptionQuestion,
    event_schemas,
)
from serve.deliveries import cloudevents
from serve.deliveries.addresses import Reach
from serve.deliveries.book import Book
from serve.deliveries.signing import Keyring
from serve.deliveries.subscriptions import (
    LONGEST,
    TOKEN_MARGIN,
    Exists,
    Subscription,
    TooMany,
    Wish,
)
from serve.documented import responses
from serve.errors import Fault
from serve.gate import Asked, Guarded
from serve.naming import READ_DISPUTES, security
from serve.preface import About
from serve.words import SPANISH

NAME = "registration-risk-subscriptions"
BASE = f"/{NAME}/vwip"
CREATE = f"{NAME}:{cloudevents.ASSESSMENT_CHANGED}:create"
READ, DELETE = f"{NAME}:read", f"{NAME}:delete"
SCOPES = {
    CREATE: "Subscribe to changes of the assessments of one's own registrations",
    READ: "Read one's own subscriptions",
    DELETE: "End one's own subscriptions",
}
TEXT = """\
Whoever subscribes hears of its own registrations: whenever an assessment is new at a stage or changed, or
when a holder disputes one, a CloudEvent is posted to the sink.

# Events

An event is sent at least once and keeps its `id`; those of one assessment may come out of order, so read
`assessedAt` and `stage`. It is signed as Standard Webhooks say, in the headers `webhook-id`,
`webhook-timestamp` and `webhook-signature` (`v1a`, Ed25519); the public keys are at
`{apiRoot}/.well-known/webhook-keys`. Refuse what is older than five minutes. Until the sink answers with
a status in the 200s the event is sent again, with growing waits, for days.

# Sinks

A sink is an https address that anybody on the Internet can mean. Addresses of private networks are
refused when the subscription is made and again whenever an event is sent; no redirect is followed.
"""
ABOUT = About(
    NAME,
    "Registration Risk Subscriptions",
    BASE,
    TEXT,
    SCOPES,
    {"Subscriptions": "Subscribe to changes of assessments of one's own registrations"},
    schemas=event_schemas(),
    security=NOTIFICATION_SECURITY,
    codes={
        "400": (
            "OUT_OF_RANGE",
            "INVALID_PROTOCOL",
            "INVALID_SINK",
            "INVALID_CREDENTIAL",
            "INVALID_TOKEN",
        ),
        "429": ("QUOTA_EXCEEDED",),
    },
)
SubscriptionId = Annotated[
    UUID, Path(alias="subscriptionId", description="From the answer to its creation")
]
INT32 = {"format": "int32"}
Page = Annotated[
    int, Query(ge=1, le=1_000_000, description="The page, from 1", json_schema_extra=INT32)
]
PerPage = Annotated[
    int,
    Query(
        alias="perPage", ge=1, le=100, description="How many fit a page", json_schema_extra=INT32
    ),
]


def view(assessment: Assessment) -> dict[str, object]:
    """What an event tells of an assessment: what the carrier would read, in Spanish."""
    shown: dict[str, object] = to_jsonable_python(assessment_answer(assessment, SPANISH))
    return shown


def subscriptions_router(book: Book, *, reach: Reach) -> APIRouter:
    """The four operations over one book. `reach` says which sinks may be named."""
    router = APIRouter(prefix=BASE, route_class=Guarded, tags=["Subscriptions"])
    _add_creation(router, book, reach)
    _add_readings(router, book)
    _add_deletion(router, book)
    return router


def keys_router(keyring: Keyring) -> APIRouter:
    """Where receivers find the public keys that events are signed with. Open to all."""
    router = APIRouter()

    @router.get("/.well-known/webhook-keys", include_in_schema=False)
    async def webhook_keys() -> dict[str, list[str]]:
        """The keys, as Standard Webhooks writes them; the newest first."""
        return {"keys": keyring.published()}

    return router


def _add_creation(router: APIRouter, book: Book, reach: Reach) -> None:
    @router.post(
        "/subscriptions",
        operation_id="createSubscription",
        summary="Subscribe to changes of assessments",
        status_code=201,
        response_model=SubscriptionAnswer,
        response_description="The subscription is active",
        responses=responses(400, 409, 413, 415),
        openapi_extra=security(CREATE) | {"callbacks": CALLBACKS},
    )
    async def create_subscription(asked: Asked, body: SubscriptionQuestion) -> Response:
        """Sends an event whenever an assessment of the client's own registrations is new at a stage or changed.

        Events are CloudEvents, signed as Standard Webhooks say, sent at least once with a constant id, and
        repeated over days until the sink answers with a status in the 200s.
        """
        wish = _wish(asked, body, now=book.now(), reach=reach)
        first = await _first(asked, wish)
        try:
            made = await asyncio.to_thread(book.add, wish, first)
        except Exists:
            raise Fault(409, "This subscription exists already") from None
        except TooMany:
            raise Fault(
                429, "As many subscriptions as a client may have", code="QUOTA_EXCEEDED"
            ) from None
        where = {"Location": f"{BASE}/subscriptions/{made.subscription_id}"}
        return _body(_shown(made), 201, where)


def _add_readings(router: APIRouter, book: Book) -> None:
    @router.get(
        "/subscriptions",
        operation_id="retrieveSubscriptionList",
        summary="List one's own subscriptions",
        status_code=200,
        response_model=SubscriptionList,
        response_description="A page of them, oldest first",
        responses=responses(400),
        openapi_extra=security(READ),
    )
    async def retrieve_subscription_list(
        asked: Asked, page: Page = 1, per_page: PerPage = 20
    ) -> Response:
        """Lists the subscriptions that this client made and did not delete."""
        client = asked.asker.client_id
        found, total = await asyncio.to_thread(book.page, client, page=page, per_page=per_page)
        part = Pagination(
            page=page,
            per_page=per_page,
            total_count=total,
            total_pages=math.ceil(total / per_page),
        )
        return _body(SubscriptionList(subscriptions=[_shown(s) for s in found], pagination=part))

    @router.get(
        "/subscriptions/{subscriptionId}",
        operation_id="retrieveSubscription",
        summary="Read a subscription",
        status_code=200,
        response_model=SubscriptionAnswer,
        response_description="The subscription as it stands",
        responses=responses(400, 404),
        openapi_extra=security(READ),
    )
    async def retrieve_subscription(asked: Asked, subscription_id: SubscriptionId) -> Response:
        """Reads one of the client's own. Others' do not exist here."""
        name, client = str(subscription_id), asked.asker.client_id
        return _body(_shown(await asyncio.to_thread(book.find, name, client)))


def _add_deletion(router: APIRouter, book: Book) -> None:
    @router.delete(
        "/subscriptions/{subscriptionId}",
        operation_id="deleteSubscription",
        summary="End a subscription",
        status_code=204,
        response_description="It has ended",
        responses=responses(400, 404),
        openapi_extra=security(DELETE),
    )
    async def delete_subscription(asked: Asked, subscription_id: SubscriptionId) -> Response:
        """Ends one of the client's own. Events not sent yet are not sent; the sink is told of the end."""
        name, client = str(subscription_id), asked.asker.client_id
        await asyncio.to_thread(book.delete, name, client)
        return Response(status_code=204)


def _wish(asked: Asked, body: SubscriptionQuestion, *, now: datetime, reach: Reach) -> Wish:
    """What is asked for, in our words. Raises Fault and Refused."""
    if body.protocol != "HTTP":
        raise Fault(400, "protocol: only HTTP is taken", code="INVALID_PROTOCOL")
    if objection := reach.objection(body.sink):
        raise Fault(400, f"sink: {objection}", code="INVALID_SINK")
    if body.types[0] not in cloudevents.TYPES:
        raise Refused("types", "not a type that can be subscribed to")
    if body.types[0] == cloudevents.DISPUTE_CHANGED:
        asked.asker.require(READ_DISPUTES)
    config, detail = body.config, body.config.subscription_detail
    for carrier in detail.carrier_ids or ():
        asked.asker.act_for(carrier)
    if config.initial_event and detail.assessment_id is None:
        raise Refused("config.initialEvent", "needs config.subscriptionDetail.assessmentId")
    token, token_until = _token(body.sink_credential, now)
    return Wish(
        client=asked.asker.client_id,
        sink=body.sink,
        type=body.types[0],
        carriers=frozenset(detail.carrier_ids or asked.asker.carriers),
        assessment_id=UUID(detail.assessment_id) if detail.assessment_id else None,
        initial_event=config.initial_event,
        expires_at=_expiry(config.subscription_expire_time, now),
        max_events=config.subscription_max_events,
        token=token,
        token_until=token_until,
    )


def _expiry(given: str | None, now: datetime) -> datetime | None:
    """Raises Refused and Fault unless it lies ahead, and not too far."""
    if given is None:
        return None
    field = "config.subscriptionExpireTime"
    at = _moment(given, field)
    if not now < at <= now + LONGEST:
        reach = f"{field}: must lie ahead, by at most {LONGEST.days} days"
        raise Fault(400, reach, code="OUT_OF_RANGE")
    return at


def _token(given: SinkCredential | None, now: datetime) -> tuple[str, datetime | None]:
    """Raises Fault for a credential that cannot be used."""
    if given is None:
        return "", None
    if given.credential_type != "ACCESSTOKEN" or not given.access_token:
        raise Fault(400, "sinkCredential: only ACCESSTOKEN is taken", code="INVALID_CREDENTIAL")
    if given.access_token_type.lower() != "bearer":
        raise Fault(400, "sinkCredential: only bearer tokens are taken", code="INVALID_TOKEN")
    if given.access_token_expires_utc is None:
        return given.access_token, None
    until = _moment(given.access_token_expires_utc, "sinkCredential.accessTokenExpiresUtc")
    if until <= now + TOKEN_MARGIN:
        raise Fault(400, "sinkCredential: the token is about to expire", code="INVALID_TOKEN")
    return given.access_token, until


def _moment(text_given: str, field: str) -> datetime:
    try:
        return datetime.fromisoformat(text_given.upper())
    except ValueError:
        raise Refused(field, "no such moment") from None


async def _first(asked: Asked, wish: Wish) -> Assessment | None:
    """The assessment that is subscribed to, where it is one and the client wants it now."""
    if wish.assessment_id is None:
        return None
    try:
        found = await asked.service.desk.retrieve(wish.assessment_id, wish.carriers)
    except Unknown:
        raise Refused("config.subscriptionDetail.assessmentId", "unknown") from None
    first = wish.initial_event and wish.type == cloudevents.ASSESSMENT_CHANGED
    return found if first else None


def _body(shown: BaseModel, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """What is not there is left out."""
    content = shown.model_dump_json(by_alias=True, exclude_none=True)
    return Response(content, status, headers, media_type=JSON)


def _shown(s: Subscription) -> SubscriptionAnswer:
    detail = SubscriptionDetail(carrier_ids=sorted(s.carriers), assessment_id=s.assessment_id)
    config = SubscriptionConfig(
        subscription_detail=detail,
        subscription_expire_time=s.expires_at,
        subscription_max_events=s.max_events,
        initial_event=s.initial_event,
    )
    return SubscriptionAnswer(
        id=UUID(s.subscription_id),
        protocol="HTTP",
        sink=s.sink,
        types=[s.type],
        config=config,
        status="EXPIRED" if s.ended_at else "ACTIVE",
        starts_at=s.starts_at,
        expires_at=s.ended_at or s.expires_at,
    )
