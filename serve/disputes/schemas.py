"""The bodies of the disputes API: lowerCamelCase, values in capitals, nothing that names a person."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from serve import fields as f
from serve.disputes.desk import Shown
from serve.schemas import Answer, Question

Count = Annotated[int, f.whole(0, 2**31 - 1, "How many")]
Said = Literal["MINE", "NOT_MINE", "MINE_BUT_CLOSE", "NOT_SURE"]
State = Literal["OPEN", "ACKNOWLEDGED", "RESOLVED"]
Outcome = Literal["CONFIRMED_MISUSE", "HOLDER_CONFIRMED", "RELINKED", "CLOSED", "KEPT"]


class OutcomeQuestion(Question):
    """What the carrier found by looking at the line and the person again."""

    outcome: Outcome = Field(
        description="CONFIRMED_MISUSE: not the holder's, unlinked. HOLDER_CONFIRMED: the holder's own. "
        "RELINKED: now in the name of who uses it. CLOSED: the line is closed. KEPT: nothing changed"
    )


class DisputeAnswer(Answer):
    """A case about one of the carrier's own registrations."""

    dispute_id: UUID = Field(description="The case")
    assessment_id: UUID = Field(description="The assessment of the registration")
    carrier_id: f.CarrierId
    registration_id: f.RegistrationId
    said: Said = Field(description="What was said last about the registration")
    state: State = Field(description="How far the carrier is")
    opened_at: datetime = Field(description="RFC 3339")
    due_at: datetime = Field(description="By when the carrier has looked")
    overdue: bool = Field(description="Whether that has passed")
    look_requested: bool = Field(description="Whether a person was asked for, to look")
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    outcome: Outcome | None = None


class DisputeList(Answer):
    """A page of them."""

    disputes: list[DisputeAnswer] = Field(description="The one that is due first on top")
    total_count: Count
    overdue_count: Annotated[int, f.whole(0, 2**31 - 1, "Cases whose day has passed")]


def answer(shown: Shown) -> DisputeAnswer:
    """A case as the API writes it."""
    case = shown.dispute
    return DisputeAnswer.model_validate(
        {
            "dispute_id": case.id,
            "assessment_id": UUID(bytes=case.folio),
            "carrier_id": case.carrier,
            "registration_id": shown.registration_id,
            "said": shown.said.upper(),
            "state": case.state.upper(),
            "opened_at": case.opened_at,
            "due_at": case.due_at,
            "overdue": shown.overdue,
            "look_requested": shown.look_asked,
            "acknowledged_at": case.acknowledged_at,
            "resolved_at": case.resolved_at,
            "outcome": case.outcome and case.outcome.upper(),
        }
    )
