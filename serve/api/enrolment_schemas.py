"""The bodies of the enrolment API."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from serve import fields as f
from serve.notices.enrolment import MOST_ENTRIES
from serve.notices.enrolments import Proposed
from serve.schemas import Answer, Question

Where = Annotated[
    str,
    Field(
        pattern="^[!-~]+$",
        max_length=254,
        description="An e-mail address or an E.164 number that was the person's before. Kept sealed",
        examples=["persona@congreso.example"],
    ),
]
Institution = Annotated[
    str,
    Field(
        pattern=f.PRINTABLE,
        max_length=64,
        description="The institution's name, as agreed with the operator",
        examples=["Congreso"],
    ),
]
Tier = Literal["FEDERAL", "STATE", "MUNICIPAL", "SECURITY", "OTHER"]


class EnrolmentEntry(Question):
    """Somebody who is to be told when a line is registered in their name."""

    identity_type: f.IdentityType = Field(description="What the identity is given by")
    identity_value: f.IdentityValue
    contact: Where
    tier: Tier = Field("OTHER", description="The kind of office")
    language: Literal["ES", "EN"] = Field("ES", description="The language of the notices")
    delegate: Where | None = None
    vouched_by: f.CarrierId | None = None
    every: bool = Field(False, description="Tell of every registration, not only of flagged ones")

    def proposed(self) -> Proposed:
        """In our words."""
        return Proposed(
            identity_type=self.identity_type.lower(),
            identity_value=self.identity_value,
            contact=self.contact,
            tier=self.tier.lower(),
            language=self.language.lower(),
            delegate=self.delegate or "",
            vouched_by=self.vouched_by or "",
            every=self.every,
        )


class BatchQuestion(Question):
    """A batch, whole: nothing of its content is kept until it is signed twice."""

    institution: Institution
    entries: list[EnrolmentEntry] = Field(
        min_length=1, max_length=MOST_ENTRIES, description="The people"
    )


class SignatureQuestion(BatchQuestion):
    """The same batch again, for the second signature."""

    batch_id: Annotated[
        str,
        Field(
            pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
            max_length=36,
            description="From the answer to the first signature",
        ),
    ]


class VouchQuestion(Question):
    """A carrier's word that a contact is a person's."""

    carrier_id: f.CarrierId
    identity_type: f.IdentityType = Field(description="What the identity is given by")
    identity_value: f.IdentityValue
    contact: Where


class BatchAnswer(Answer):
    """A batch that was signed."""

    batch_id: UUID = Field(description="Names the batch, for the second signature")
    signatures: Annotated[int, f.whole(1, 2, "How many have signed it")]
