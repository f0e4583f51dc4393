"""The bodies that go in and come out: the data contract's words in lowerCamelCase, values in capitals."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from serve import fields as f
from serve.ladder import LADDER
from serve.naming import CODE_PREFIX

MOST_AT_ONCE = 1_000
CODED = (
    "operation",
    "channel",
    "plan",
    "identity_type",
    "document_type",
    "validation_result",
)
DEGRADED = f"{CODE_PREFIX}.DEGRADED"


class Question(BaseModel):
    """A body that a client sends: nothing unknown, nothing of another type."""

    model_config = ConfigDict(
        extra="forbid", strict=True, alias_generator=to_camel, allow_inf_nan=False
    )


class Answer(BaseModel):
    """A body that a client gets."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class PreviousTokens(Question):
    """The same values under the custodian's last key, while it rotates. Tokens only."""

    identity_value: f.Key | None = None
    phone_number: f.Key | None = None
    iccid: f.Key | None = None
    imei: f.Key | None = None
    device_id: f.Key | None = None
    ip: f.Key | None = None
    contact: f.Key | None = None
    identity_root: f.Key | None = None
    iccid_block: f.Key | None = None
    tac: f.Key | None = None
    ip_network: f.Key | None = None
    line_block: f.Key | None = None

    def tokens(self) -> dict[str, str]:
        """By column of the data contract."""
        held = {name: value for name, value in self.__dict__.items() if value is not None}
        if "phone_number" in held:
            held["msisdn"] = held.pop("phone_number")
        return held


class RegistrationQuestion(Question):
    """One registration to assess: the linking of a mobile line to an identity. Identifiers may be raw
    or tokens (`tok1:` and text); beside tokens come the structural fields made with them.
    """

    registration_id: f.RegistrationId
    carrier_id: f.CarrierId
    registered_at: f.Moment
    operation: f.Operation = Field(description="What is done to the line")
    channel: f.Channel = Field(description="How it is registered")
    plan: f.Plan = Field(description="How the line is paid")
    identity_type: f.IdentityType = Field(description="What the identity is given by")
    identity_value: f.IdentityValue
    phone_number: f.PhoneNumber
    document_type: f.DocumentType | None = Field(None, description="The document shown")
    validation_result: f.ValidationResult | None = Field(
        None, description="What the trusted source answered"
    )
    validation_attempts: Annotated[int, f.whole(1, 3, "Attempts used")] | None = None
    liveness_score: (
        Annotated[float, Field(ge=0, le=1, description="A vendor's liveness score")] | None
    ) = None
    iccid: f.Key | None = None
    imei: f.Key | None = None
    device_id: f.Key | None = None
    ip: f.Key | None = None
    point_of_sale_id: f.Name | None = None
    agent_id: f.Name | None = None
    place: f.Place | None = None
    line_first_seen_on: f.Day | None = None
    contact: f.Contact | None = None
    identity_root: f.Key | None = None
    iccid_block: f.Key | None = None
    iccid_offset: Annotated[int, f.whole(0, 999, "Position inside iccidBlock")] | None = None
    tac: f.Key | None = None
    ip_network: f.Key | None = None
    line_block: f.Key | None = None
    last_two: Annotated[int, f.whole(0, 99, "The line's last two digits")] | None = None
    rfc_since: f.Day | None = None
    noted: f.Noted | None = None
    audit_box: f.AuditBox | None = None
    previous: PreviousTokens | None = Field(
        None,
        description="Tokens of the same values under the custodian's last key, while it rotates",
    )

    def event(self) -> dict[str, Any]:
        """The registration in the columns of the data contract; what is missing is left out."""
        held = {name: value for name, value in self.__dict__.items() if value is not None}
        held["msisdn"] = held.pop("phone_number")
        if self.previous is not None:
            held["previous"] = self.previous.tokens()
        for name in CODED:
            if name in held:
                held[name] = held[name].lower()
        return held


class BulkQuestion(Question):
    """Registrations to assess in their order, each with an outcome of its own."""

    registrations: list[Any] = Field(
        min_length=1,
        max_length=MOST_AT_ONCE,
        description="What to assess",
        json_schema_extra={"items": {"$ref": "#/components/schemas/RegistrationQuestion"}},
    )


class RetrieveQuestion(Question):
    """The carrier's own name of a registration, to find its assessment."""

    carrier_id: f.CarrierId
    registration_id: f.RegistrationId


class LineEventReport(Question):
    """Something seen on a registered line."""

    carrier_id: f.CarrierId
    registration_id: f.RegistrationId
    occurred_at: f.Moment
    kind: f.EventKind = Field(description="What was seen; ABANDONED: it was never activated")
    imei: f.Key | None = None
    place: f.Place | None = None


class OutcomeReport(Question):
    """A verdict on a registration. A later one replaces an earlier one, also to take it back."""

    carrier_id: f.CarrierId
    registration_id: f.RegistrationId
    label: f.Label = Field(description="Whether the registration misused an identity")
    source: f.LabelSource = Field(description="Who says so")
    confidence: Annotated[float, Field(ge=0, le=1, description="How sure")] | None = None
    verdict_on: f.Moment | None = None


class ReasonFamily(Answer):
    """One kind of thing that looked unusual. It accuses nobody."""

    family: f.Family = Field(description="The kind")
    message: f.Text


class SourceState(Answer):
    """Whether one source of knowledge took part."""

    name: f.SourceName = Field(description="The source")
    status: f.SourceStatus = Field(
        description="Whether it took part: STALE as it was before, because what is newer cannot be read; "
        "NONE where this service was never told anything of the kind"
    )


class AssessmentAnswer(Answer):
    """What was decided about a registration at one stage, as coarse as a carrier may see it."""

    assessment_id: UUID = Field(description="Names this assessment")
    registration_id: f.RegistrationId
    carrier_id: f.CarrierId
    stage: f.Stage = Field(description="The moment that was assessed")
    risk_score: Annotated[int, f.whole(0, 100, f"High is risky. One of {LADDER}")]
    risk_band: f.Band = Field(description="The band of riskScore")
    decision: f.Decision = Field(description="What is asked of the carrier")
    reasons: list[ReasonFamily] = Field(
        max_length=16, description="What looked unusual, strongest first; empty with ALLOW"
    )
    folio: f.Text | None = None
    notice_text: f.Text | None = None
    clerk_text: f.Text | None = None
    model_version: f.Version
    policy_version: f.Version
    feature_version: f.Version
    sources: list[SourceState] = Field(max_length=8, description="Which knowledge took part")
    degraded: bool = Field(description="Whether a source was missing")
    context_code: f.Version | None = None
    late: bool = Field(description="Whether it was asked more than ten minutes after registeredAt")
    assessed_at: datetime = Field(description="When it was answered: RFC 3339, with its time zone")


class ErrorInfo(Answer):
    """Why there is no answer."""

    status: Annotated[int, f.whole(400, 599, "The HTTP status")]
    code: Annotated[
        str,
        Field(
            pattern="^[A-Z][A-Z_]*([.][A-Z][A-Z_]*)?$",
            max_length=96,
            description="What kind of fault it is, for a program",
        ),
    ]
    message: Annotated[
        str, Field(pattern=f.PRINTABLE, max_length=512, description="What it is, for a person")
    ]


class BulkItem(Answer):
    """The outcome of one registration of a bulk question: an assessment or an error."""

    index: Annotated[int, f.whole(0, MOST_AT_ONCE - 1, "Its position in the question, from 0")]
    status: Annotated[int, f.whole(200, 599, "The HTTP status it would have had alone")]
    assessment: AssessmentAnswer | None = Field(
        default=None, description="The answer, if there is one"
    )
    error: ErrorInfo | None = Field(default=None, description="Why there is none, if so")


class BulkAnswer(Answer):
    """The outcomes, in the order of the question."""

    items: list[BulkItem] = Field(max_length=MOST_AT_ONCE, description="One per registration")


class ImportLine(Answer):
    """One line of an import's answer. PROGRESS and END count lines, REJECTED names one; STOPPED and
    END come last.
    """

    type: Literal["PROGRESS", "REJECTED", "STOPPED", "END"] = Field(description="What it says")
    line: Annotated[int, f.whole(0, 2**31 - 1, "The last line read, or the one rejected")]
    field: f.Version | None = None
    reason: f.Text | None = None
    created: Annotated[int, f.whole(0, 2**31 - 1, "Lines that were new")] | None = None
    repeated: Annotated[int, f.whole(0, 2**31 - 1, "Lines already known")] | None = None
    rejected: Annotated[int, f.whole(0, 2**31 - 1, "Lines not taken")] | None = None
    resume_from: Annotated[int, f.whole(1, 2**31 - 1, "Use as fromLine to go on")] | None = None
