"""The types of properties: each with a pattern and a limit, so that the document and the check are one."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

TOKEN = "tok1:[!-~]{1,123}"  # noqa: S105 - a shape
PRINTABLE = r"^[^\x00-\x1f\x7f]+$"
MOMENT = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})$"
)
_AT = "RFC 3339, with its time zone"

CarrierId = Annotated[
    str,
    Field(
        pattern="^[a-z0-9-]+$", max_length=32, description="The carrier", examples=["alfa-movil"]
    ),
]
RegistrationId = Annotated[
    str,
    Field(
        pattern="^[A-Za-z0-9._:-]+$",
        max_length=64,
        description="The carrier's own folio of the registration, unique within the carrier",
        examples=["F-2026-000123"],
    ),
]
Moment = Annotated[
    str,
    Field(
        pattern=MOMENT,
        max_length=40,
        description=f"When it happened: {_AT}",
        examples=["2026-03-01T12:00:00-06:00"],
        json_schema_extra={"format": "date-time"},
    ),
]
Day = Annotated[
    str,
    Field(
        pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        max_length=10,
        description="A date, RFC 3339 full-date",
        examples=["2019-05-20"],
        json_schema_extra={"format": "date"},
    ),
]
IdentityValue = Annotated[
    str,
    Field(
        pattern=f"^({TOKEN}|[0-9A-Za-zÑñ&: .-]{{5,40}})$",
        max_length=128,
        description="CURP (18 characters), RFC (12 or 13), COUNTRY:NUMBER for a passport (ISO 3166 "
        "alpha-3), or a token. Never stored as it is",
        examples=["ZZZ:TESTALLOW"],
    ),
]
PhoneNumber = Annotated[
    str,
    Field(
        pattern=rf"^(\+[1-9][0-9]{{4,14}}|{TOKEN})$",
        max_length=128,
        description="The line: E.164 with a leading plus, or a token",
        examples=["+525500000001"],
    ),
]
Key = Annotated[
    str,
    Field(
        pattern=PRINTABLE,
        max_length=128,
        description="An identifier or a token. One that is malformed counts as missing",
        examples=["tok1:AAAAAAAAAAAAAAAAAAAAAA"],
    ),
]
Name = Annotated[
    str,
    Field(
        pattern=PRINTABLE,
        max_length=128,
        description="The carrier's own name for it",
        examples=["pos-17"],
    ),
]
Contact = Annotated[
    str,
    Field(
        pattern=PRINTABLE,
        max_length=254,
        description="E-mail address, E.164 number or token that the applicant left. It only links; "
        "nobody is ever written to at it",
        examples=["persona@example.org"],
    ),
]
Place = Annotated[
    str,
    Field(
        pattern="^[0-9]{5}$",
        max_length=5,
        description="INEGI code of the municipality",
        examples=["09015"],
    ),
]
AuditBox = Annotated[
    str,
    Field(
        pattern="^[A-Za-z0-9_-]{67}$",
        max_length=67,
        description="Beside tokens: age band, sex and state of birth, sealed to the audit's key. It "
        "plays no part in the answer and is opened only to measure who is bothered without reason",
        examples=["A" * 67],
    ),
]
Noted = Annotated[
    str,
    Field(
        pattern=r"^[a-z_]+(\|[a-z_]+)*$",
        max_length=256,
        description="Facts noted by whoever made the tokens, joined by bars",
        examples=["imei_check_digit"],
    ),
]
Version = Annotated[
    str, Field(pattern=PRINTABLE, max_length=128, description="A version", examples=["2026.03.1"])
]
Text = Annotated[
    str,
    Field(
        pattern=PRINTABLE, max_length=512, description="Words for a person", examples=["Gracias"]
    ),
]


def whole(lowest: int, highest: int, description: str) -> object:
    """The limits of an integer property."""
    return Field(
        ge=lowest, le=highest, description=description, json_schema_extra={"format": "int32"}
    )


Operation = Literal["NEW_LINE", "LINK_EXISTING", "PORT_IN", "RELINK", "SIM_REPLACEMENT"]
Channel = Literal["WEB", "APP", "SERVICE_CENTER", "DEALER", "BULK"]
Plan = Literal["PREPAID", "POSTPAID"]
IdentityType = Literal["CURP", "RFC", "PASSPORT"]
DocumentType = Literal["INE", "PASSPORT", "CURP_CARD", "TAX_CERTIFICATE"]
ValidationResult = Literal["MATCH", "PARTIAL", "NOT_FOUND", "DECEASED", "UNAVAILABLE"]
EventKind = Literal["FIRST_ATTACH", "ATTACH", "ABANDONED", "UNLINKED", "REPORTED"]
Label = Literal["LEGITIMATE", "FRAUD"]
LabelSource = Literal["HOLDER", "REVERIFICATION", "CARRIER", "AUTHORITY", "ANALYST"]
Stage = Literal["ACTIVATION", "FIRST_ATTACH", "DAY_1", "DAY_7"]
Decision = Literal["ALLOW", "ALLOW_NOTIFY", "STEP_UP", "HOLD"]
Band = Literal["LOW", "MEDIUM", "HIGH", "VERY_HIGH"]
Family = Literal[
    "IDENTITY",
    "DEVICE",
    "NETWORK",
    "SIM",
    "SELLER",
    "LINE",
    "VALIDATION",
    "PLACE",
    "LINKED",
    "USE",
    "UNUSUAL",
]
SourceName = Literal["HISTORY", "BREACHES", "OFFICIALS", "RINGS", "MODEL"]
SourceStatus = Literal["OK", "STALE", "NONE", "UNAVAILABLE"]
