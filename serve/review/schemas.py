"""The bodies of the review API: lowerCamelCase, values in capitals, nothing that names a person."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from serve import fields as f
from serve.schemas import Answer, Question

Words = Annotated[
    str, Field(min_length=1, max_length=1_000, description="In a reviewer's own words")
]
Count = Annotated[int, f.whole(0, 2**31 - 1, "How many")]


class VerdictQuestion(Question):
    """A reviewer's verdict."""

    label: Literal["FRAUD", "LEGITIMATE"] = Field(description="Whether an identity was misused")


class NoteQuestion(Question):
    """A note on a case."""

    text: Words


class AllowQuestion(Question):
    """A pattern to clear, from a case that was found legitimate."""

    kind: Literal["PERSON", "DEVICE", "CONTACT", "NETWORK", "AGENT", "SHOP"] = Field(
        description="Which key of the case is cleared"
    )
    days: Annotated[float, Field(gt=0, le=3_650, description="For how long")]
    why: Words


class CaseLine(Answer):
    """A case as the queue shows it. Its score, to the percent, is for reviewers only."""

    case_id: UUID = Field(description="The assessment's id")
    folio: f.Version = Field(description="What the clerk handed to the person")
    carrier_id: f.CarrierId
    stage: f.Stage = Field(description="The moment that was flagged")
    decision: f.Decision = Field(description="What was decided then")
    score: Annotated[float, Field(ge=0, le=1, description="Calibrated probability of misuse")]
    reviewers: Annotated[int, f.whole(1, 2, "How many have to agree")]
    opened_at: datetime = Field(description="RFC 3339")
    due_at: datetime = Field(description="When it lapses if nobody decides")
    claimed_by: str | None = None
    ended: Literal["FRAUD", "LEGITIMATE", "LAPSED"] | None = None


class CaseList(Answer):
    """A page of the queue."""

    items: list[CaseLine] = Field(max_length=100)
    total_count: Count


class Said(Answer):
    """A reason in both languages."""

    code: str
    family: str
    es: str
    en: str


class StageLine(Answer):
    """What stands at one stage."""

    stage: f.Stage = Field(description="The moment")
    decision: f.Decision = Field(description="What stands")
    score: Annotated[float, Field(ge=0, le=1, description="Calibrated probability of misuse")]
    reasons: list[Said]
    model_version: f.Version
    assessed_at: datetime


class HappenedLine(Answer):
    """What became known later."""

    at: datetime
    what: str
    source: str | None = None


class TiedLine(Answer):
    """Another registration on the same key."""

    registered_at: datetime
    carrier_id: f.CarrierId
    registration_id: f.RegistrationId
    operation: str
    decision: f.Decision = Field(description="What stands")
    verdict: str | None = None


class TieLine(Answer):
    """What shares one key with the case, in the reviewer's carriers."""

    by: str
    count: Count
    newest: list[TiedLine]


class WrittenLine(Answer):
    """A note."""

    by: str
    at: datetime
    text: str


class CaseAnswer(CaseLine):
    """A case with its evidence."""

    registration_id: f.RegistrationId
    registered_at: datetime
    facts: dict[str, str]
    stages: list[StageLine]
    events: list[HappenedLine]
    verdicts: list[HappenedLine]
    ties: list[TieLine]
    notes: list[WrittenLine]
    voted_by: list[str]
    clearable: list[str]


class AllowAnswer(Answer):
    """A live allow-note."""

    note_id: UUID
    kind: str
    families: list[str]
    carrier_id: f.CarrierId
    case_id: UUID
    folio: f.Version
    by: str
    made_at: datetime
    until: datetime
    why: str


class AllowList(Answer):
    """The live allow-notes of the reviewer's carriers."""

    items: list[AllowAnswer]


class SummaryAnswer(Answer):
    """The last ninety days: how cases ended. A flag is overturned where the verdict is legitimate."""

    waiting: Count
    misuse: Count
    overturned: Count
    lapsed: Count
    holds_overturned: Count
    holds_lapsed: Count
