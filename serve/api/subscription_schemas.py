"""The bodies of the subscriptions API, as CAMARA gives them to every explicit subscription."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from serve import fields as f
from serve.deliveries import cloudevents
from serve.schemas import Answer, Question

MOST_EVENTS = 1_000_000
Sink = Annotated[
    str,
    Field(
        pattern="^https?://[!-~]+$",
        max_length=2048,
        description="Where events are sent: an https address that anybody on the Internet can mean",
        examples=["https://eventos.example.org/riesgo"],
    ),
]
EventType = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9.-]+$",
        max_length=96,
        description="A type of event",
        examples=[cloudevents.ASSESSMENT_CHANGED],
    ),
]
AssessmentId = Annotated[
    str,
    Field(
        pattern="^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
        max_length=36,
        description="Only this assessment, at all its stages",
    ),
]
BearerToken = Annotated[
    str,
    Field(
        pattern="^[A-Za-z0-9._~+/=-]+$",
        max_length=4096,
        description="Sent to the sink with every event; never shown",
        json_schema_extra={"writeOnly": True},
    ),
]
Protocol = Literal["HTTP", "MQTT3", "MQTT5", "AMQP", "NATS", "KAFKA"]


class SinkCredential(Question):
    """What the sink asks for. Only ACCESSTOKEN is taken."""

    credential_type: Literal["ACCESSTOKEN", "PRIVATE_KEY_JWT", "PLAIN", "REFRESHTOKEN"] = Field(
        description="The kind of credential"
    )
    access_token: BearerToken | None = None
    access_token_expires_utc: f.Moment | None = None
    access_token_type: Annotated[
        str, Field(pattern="^[a-zA-Z]+$", max_length=16, description="bearer")
    ] = "bearer"  # noqa: S105 - a kind


class SubscriptionDetailQuestion(Question):
    """Which assessments; all of the client's carriers where nothing is said."""

    carrier_ids: (
        Annotated[
            list[f.CarrierId],
            Field(min_length=1, max_length=100, description="Only these of the client's carriers"),
        ]
        | None
    ) = None
    assessment_id: AssessmentId | None = None


class SubscriptionConfigQuestion(Question):
    """Which events, and for how long."""

    subscription_detail: SubscriptionDetailQuestion = Field(description="Which assessments")
    subscription_expire_time: f.Moment | None = None
    subscription_max_events: (
        Annotated[int, f.whole(1, MOST_EVENTS, "After so many events it ends")] | None
    ) = None
    initial_event: bool = Field(
        False, description="Whether to begin with the present assessment; needs assessmentId"
    )


class SubscriptionQuestion(Question):
    """A subscription to be made."""

    protocol: Protocol = Field(description="Only HTTP is taken")
    sink: Sink
    sink_credential: SinkCredential | None = Field(
        default=None, description="What the sink asks for, if anything"
    )
    types: list[EventType] = Field(min_length=1, max_length=1, description="The type of event")
    config: SubscriptionConfigQuestion = Field(description="Which events, and for how long")


class SubscriptionDetail(Answer):
    """Which assessments."""

    carrier_ids: list[f.CarrierId] = Field(max_length=1000, description="Of these carriers")
    assessment_id: UUID | None = Field(
        default=None, description="Only this assessment, at all its stages"
    )


class SubscriptionConfig(Answer):
    """Which events, and for how long."""

    subscription_detail: SubscriptionDetail = Field(description="Which assessments")
    subscription_expire_time: datetime = Field(
        description="When it ends at the latest: RFC 3339, with its time zone"
    )
    subscription_max_events: (
        Annotated[int, f.whole(1, MOST_EVENTS, "After so many events it ends")] | None
    ) = None
    initial_event: bool = Field(description="Whether it began with the present assessment")


class SubscriptionAnswer(Answer):
    """A subscription as it stands. Its credential is not shown."""

    id: UUID = Field(description="Names this subscription")
    protocol: Literal["HTTP"] = Field(description="How events are sent")
    sink: Sink
    types: list[EventType] = Field(max_length=1, description="The type of event")
    config: SubscriptionConfig = Field(description="Which events, and for how long")
    status: Literal["ACTIVE", "EXPIRED"] = Field(description="EXPIRED: no more events are sent")
    starts_at: datetime = Field(description="When it began: RFC 3339, with its time zone")
    expires_at: datetime = Field(description="When it ends or ended: RFC 3339, with its time zone")


class Pagination(Answer):
    """Which part of a list this is."""

    page: Annotated[int, f.whole(1, 1_000_000, "The page, from 1")]
    per_page: Annotated[int, f.whole(1, 100, "How many fit a page")]
    total_count: Annotated[int, f.whole(0, 1_000_000, "How many there are")]
    total_pages: Annotated[int, f.whole(0, 1_000_000, "How many pages there are")]


class SubscriptionList(Answer):
    """A page of the client's own subscriptions, oldest first."""

    subscriptions: list[SubscriptionAnswer] = Field(max_length=100, description="The page")
    pagination: Pagination = Field(description="Which part of the list this is")


class EventData(Answer):
    """What happened. Beside `subscriptionId` it holds an assessment as `getAssessment` shows it, a dispute,
    or why a subscription began or ended.
    """

    model_config = ConfigDict(extra="allow", alias_generator=to_camel)
    subscription_id: UUID = Field(description="The subscription")


class CloudEvent(Answer):
    """An event as it is sent: CloudEvents 1.0. The same `id` is the same event, however often it comes."""

    id: UUID = Field(description="Names this event for ever")
    source: Annotated[
        str,
        Field(pattern="^/[!-~]+$", max_length=256, description="The subscription it belongs to"),
    ]
    type: EventType
    specversion: Literal["1.0"] = Field(description="The version of CloudEvents")
    datacontenttype: Literal["application/json"] = Field(description="What data is")
    time: datetime = Field(description="When it happened: RFC 3339, with its time zone")
    data: EventData = Field(description="What happened")


NOTIFICATION_SECURITY = {
    "notificationsBearerAuth": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "{$request.body#/sinkCredential.credentialType}",
        "description": "The access token of sinkCredential, where one was given",
    }
}
CALLBACKS = {
    "notifications": {
        "{$request.body#/sink}": {
            "post": {
                "operationId": "postNotification",
                "summary": "An event is sent to the sink",
                "description": "Signed as Standard Webhooks say. Any status in the 200s takes it; everything "
                "else has it sent again, over days, under the same id. No redirect is followed.",
                "parameters": [{"$ref": "#/components/parameters/x-correlator"}],
                "requestBody": {
                    "description": "The event",
                    "required": True,
                    "content": {
                        cloudevents.MEDIA_TYPE: {
                            "schema": {"$ref": "#/components/schemas/CloudEvent"}
                        }
                    },
                },
                "responses": {
                    "204": {
                        "description": "The sink took it",
                        "headers": {"x-correlator": {"$ref": "#/components/headers/x-correlator"}},
                    },
                    **{
                        status: {"$ref": f"#/components/responses/Error{status}"}
                        for status in ("400", "401", "403", "500", "503")
                    },
                },
                "security": [{}, {"notificationsBearerAuth": []}],
            }
        }
    }
}


def event_schemas() -> dict[str, object]:
    """The schemas of events, as components of a document."""
    made = CloudEvent.model_json_schema(ref_template="#/components/schemas/{model}")
    parts: dict[str, object] = made.pop("$defs")
    return {"CloudEvent": made, **parts}
