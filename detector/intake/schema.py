"""The tables of the data contract: their columns, which of them are required, and what may fill them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import pyarrow as pa
import pyarrow.types as pt

from detector.errors import BadInput


class Kind(Enum):
    """What the cells of a column mean; the value is how a message puts what was expected."""

    TEXT = "text"
    MOMENT = "RFC 3339 text or a UTC timestamp"
    DATE = "a date"
    NUMBER = "a number"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the contract."""

    name: str
    kind: Kind = Kind.TEXT
    required: bool = False


@dataclass(frozen=True, slots=True)
class Schema:
    """One table of the contract."""

    table: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All columns that the engine reads, in the contract's order."""
        return tuple(column.name for column in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        """The columns without which there is no table."""
        return tuple(column.name for column in self.columns if column.required)


def _required(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, required=True) for name in names)


def _texts(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name) for name in names)


def _numbers(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, Kind.NUMBER) for name in names)


FOLIO = ("registration_id", "carrier_id")
PERSON = ("identity_type", "identity_value")
REGISTRATIONS = Schema(
    "registrations",
    (
        *_required(*FOLIO),
        Column("registered_at", Kind.MOMENT, required=True),
        *_required("operation", "channel", "plan", *PERSON),
        *_texts("document_type", "validation_result"),
        *_numbers("validation_attempts", "liveness_score"),
        *_required("msisdn"),
        *_texts("iccid", "imei", "device_id", "ip", "point_of_sale_id", "agent_id"),
        *_numbers("place"),
        Column("line_first_seen_on", Kind.DATE),
        *_texts("contact"),
        *_numbers("sequence"),
        # What an already tokenised row brings along; `noted` holds names of NOTES joined by bars, `audit_box`
        # is for the audit alone and read by nothing else.
        *_texts(
            "identity_root", "iccid_block", "tac", "ip_network", "line_block", "noted", "audit_box"
        ),
        *_numbers("iccid_offset", "last_two"),
        Column("rfc_since", Kind.DATE),
    ),
)
LINE_EVENTS = Schema(
    "line_events",
    (
        *_required(*FOLIO),
        Column("occurred_at", Kind.MOMENT, required=True),
        *_required("kind"),
        *_texts("imei"),
        *_numbers("place"),
    ),
)
LABELS = Schema(
    "labels",
    (
        *_required(*FOLIO, "label"),
        Column("decided_at", Kind.MOMENT, required=True),
        *_required("source"),
        *_numbers("confidence"),
        Column("verdict_on", Kind.DATE),
    ),
)
BREACHES = Schema(
    "breaches",
    (
        *_required("breach_id"),
        *_texts("name"),
        Column("occurred_on", Kind.DATE),
        *_texts("fields"),
    ),
)
BREACH_MEMBERS = Schema(
    "breach_members",
    (*_required("breach_id", *PERSON), Column("known_at", Kind.MOMENT, required=True)),
)
OFFICIALS = Schema(
    "officials",
    (
        *_required(*PERSON, "tier"),
        Column("since", Kind.DATE, required=True),
        Column("until", Kind.DATE),
    ),
)
SCHEMAS = (REGISTRATIONS, LINE_EVENTS, LABELS, BREACHES, BREACH_MEMBERS, OFFICIALS)


def check(schema: Schema, held: pa.Schema, name: str) -> None:
    """Raises BadInput, with all that is amiss, where columns are missing, double or of a wrong type."""
    missing = [column for column in schema.required if column not in held.names]
    if missing:
        raise BadInput(f"{name} lacks the required column{_listed(missing)}")
    double = sorted({c for c in schema.names if held.names.count(c) > 1})
    if double:
        raise BadInput(f"{name} has more than one column{_listed(double)}")
    wrong = [
        f"{column.name} is {held.field(column.name).type} (expected {column.kind.value})"
        for column in schema.columns
        if column.name in held.names and not _fits(column.kind, held.field(column.name).type)
    ]
    if wrong:
        raise BadInput(f"{name} has columns of a wrong type: {'; '.join(wrong)}")


def unknown_columns(schema: Schema, held: Sequence[str], name: str) -> tuple[str, ...]:
    """One warning that names the columns that nobody reads, or none."""
    unknown = sorted(set(held) - set(schema.names))
    return (f"{name}: ignored the unknown column{_listed(unknown)}",) if unknown else ()


def _listed(names: Sequence[str]) -> str:
    return f"{'s' if len(names) > 1 else ''} {', '.join(n or '(no name)' for n in names)}"


def is_text(type_: pa.DataType) -> bool:
    """Whether cells of this Arrow type are characters."""
    return bool(
        pt.is_string(type_)
        or pt.is_large_string(type_)
        or pt.is_string_view(type_)
        or pt.is_binary(type_)
        or pt.is_large_binary(type_)
    )


def _fits(kind: Kind, type_: pa.DataType) -> bool:
    if pt.is_dictionary(type_):
        return _fits(kind, type_.value_type)
    if pt.is_null(type_) or is_text(type_):
        return True
    whole = pt.is_integer(type_) or (pt.is_decimal(type_) and type_.scale == 0)
    if kind is Kind.TEXT:
        return bool(whole)
    if kind is Kind.NUMBER:
        return bool(whole or pt.is_floating(type_) or pt.is_decimal(type_))
    return bool(pt.is_timestamp(type_) or (kind is Kind.DATE and pt.is_date(type_)))
