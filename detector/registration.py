"""What a registration is once it is through the door: columns of codes, times and keyed ids.

The data contract's words are defined here and nowhere else. Everything behind the door is columnar:
a *table* is a frozen dataclass of equally long numpy arrays, so that one event and a hundred million
are the same type. No column holds a raw identifier; a key column holds 64 bits of a keyed token.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Int8 = NDArray[np.int8]
Int16 = NDArray[np.int16]
Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
UInt16 = NDArray[np.uint16]
UInt32 = NDArray[np.uint32]
Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

# Enumerations of the contract. A code is the position in the tuple; MISSING stands for an empty cell.
OPERATIONS = ("new_line", "link_existing", "port_in", "relink", "sim_replacement")
CHANNELS = ("web", "app", "service_center", "dealer", "bulk")
PLANS = ("prepaid", "postpaid")
IDENTITY_TYPES = ("curp", "rfc", "passport")
DOCUMENT_TYPES = ("ine", "passport", "curp_card", "tax_certificate")
VALIDATION_RESULTS = ("match", "partial", "not_found", "deceased", "unavailable")
EVENT_KINDS = ("first_attach", "attach", "abandoned", "unlinked", "reported")
LABELS = ("legitimate", "fraud")
WITHDRAWN = "withdrawn"  # a live store's third verdict: whoever spoke no longer says anything
LABEL_SOURCES = ("holder", "reverification", "carrier", "authority", "analyst")
OFFICIAL_TIERS = ("federal", "state", "municipal", "security", "other")
BREACH_FIELDS = (
    "curp",
    "rfc",
    "name",
    "address",
    "phone",
    "email",
    "photo",
    "document_image",
    "biometric",
    "credential",
)
MISSING = -1

# Facts noted about a row without rejecting it: bit positions of `Registrations.notes`.
NOTES = (
    "identity_check_digit",  # CURP or RFC whose check digit does not hold
    "iccid_check_digit",
    "imei_check_digit",
    "identity_homoclave",  # CURP whose 17th character does not fit the birth year
    "malformed_optional",  # an optional value was not of its shape and counts as missing
    "place_unknown",  # five digits, but no such state
    "implausible_date",  # line_first_seen_on after the registration, or before mobile service
)

# A key is something that registrations share. Its id is 0 where the row has none.
KEYS = (
    "identity",
    "root",
    "line",
    "sim",
    "block",
    "handset",
    "model",
    "device",
    "ip",
    "network",
    "line_block",
    "contact",
    "agent",
    "pos",
)
NO_KEY = 0
NO_DATE = np.iinfo(np.int32).min
NEVER = np.iinfo(np.int64).max
MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Table:
    """Equally long columns. `take` and slicing keep the type."""

    def __len__(self) -> int:
        return len(getattr(self, _columns(self)[0]))

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> Self:
        """The named rows (positions or a mask), in the order given."""
        index: NDArray[Any] = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        names = _columns(self)
        return type(self)(**{name: _pick(getattr(self, name), index) for name in names})


def _columns(table: Table) -> tuple[str, ...]:
    """The names of its columns, which a dataclass keeps for patterns; `fields` makes them anew each time."""
    names: tuple[str, ...] = type(table).__match_args__
    return names


def _pick(column: object, index: NDArray[Any]) -> object:
    if isinstance(column, tuple):
        return column
    if isinstance(column, pa.Array | pa.ChunkedArray):
        return column.take(pa.array(index))
    return column[index]  # type: ignore[index]


@dataclass(frozen=True, slots=True)
class Registrations(Table):
    """Registrations in time order: by `at`, ties by `sequence` where given, else by carrier and id.

    `sequence` is the order in which rows were committed; it equals the position in time order unless
    the producer gave one. A row sees the rows before it in time order that also have a lower sequence.
    """

    registration_id: pa.Array  # large_string
    carrier: Int16  # position in `carriers`
    at: Int64  # microseconds since 1970 UTC
    sequence: Int64
    operation: Int8
    channel: Int8
    plan: Int8
    identity_type: Int8
    document_type: Int8
    validation_result: Int8
    validation_attempts: Int8  # 0 where missing
    liveness: Float32  # NaN where missing
    identity: Int64
    root: Int64  # CURP without its last two characters; RFC without homoclave; passport: itself
    line: Int64
    sim: Int64
    block: Int64  # neighbouring ICCIDs (a thousand)
    block_offset: Int16  # position inside the block, MISSING where none
    handset: Int64
    model: Int64
    device: Int64
    ip: Int64
    network: Int64
    line_block: Int64
    contact: Int64
    agent: Int64
    pos: Int64
    last_two: Int8
    place: Int32  # INEGI municipality as an integer, 0 where missing
    line_first_seen: Int32  # days since 1970, NO_DATE where missing
    rfc_since: Int32  # day on which a company's RFC says it was founded, else NO_DATE
    notes: UInt32
    carriers: tuple[str, ...]  # sorted

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> Self:
        """As `Table.take`; itself where these are all of them in their order."""
        if rows.dtype != np.bool_ and np.array_equal(rows, np.arange(len(self))):
            return self
        return Table.take(self, rows)


@dataclass(frozen=True, slots=True)
class LineEvents(Table):
    """What was later seen on registered lines, sorted by (`row`, `at`); `row` is a registration's position."""

    row: Int32
    at: Int64
    kind: Int8
    handset: Int64
    place: Int32


@dataclass(frozen=True, slots=True)
class Labels(Table):
    """Verdicts, sorted by (`row`, `at`); the last one known is the one that counts.

    One that was `withdrawn` says from its moment on that nobody says anything: it is not fraud, and the
    row is unlabelled again.
    """

    row: Int32
    at: Int64
    fraud: Bool
    source: Int8
    confidence: Float32  # NaN where missing
    withdrawn: Bool


@dataclass(frozen=True, slots=True)
class BreachMembers(Table):
    """Who is known to be in which incident since when, sorted by (`identity`, `known_at`)."""

    identity: Int64
    known_at: Int64
    breach: Int32  # position in Breaches


@dataclass(frozen=True, slots=True)
class Breaches(Table):
    """Incidents. `fields_leaked` has a bit for each of BREACH_FIELDS."""

    breach_id: tuple[str, ...]
    occurred_on: Int32
    fields_leaked: UInt16

    def __len__(self) -> int:
        return len(self.breach_id)


@dataclass(frozen=True, slots=True)
class Officials(Table):
    """The register of public officials, sorted by (`identity`, `since`). `until` is NEVER while in office."""

    identity: Int64
    tier: Int8
    since: Int64
    until: Int64


@dataclass(frozen=True, slots=True)
class Rejection:
    """One row that was not taken: where, which field, why. Never the value."""

    table: str
    row: int  # first data row is 1
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class DataFolder:
    """A data folder behind the door (everything of the contract except `truth`)."""

    registrations: Registrations
    line_events: LineEvents
    labels: Labels
    breaches: Breaches
    breach_members: BreachMembers
    officials: Officials
    rejections: tuple[Rejection, ...]
    warnings: tuple[str, ...]
    has_line_events: bool
