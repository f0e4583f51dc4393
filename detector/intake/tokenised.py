"""Raw rows as a client sends them that blinds identities itself: tokens, and structure beside them.

Works on any table of the contract that names a person, a line or a device. What breaks the contract
becomes an empty cell, so that the row is rejected where it is read and its number stays the same.
Columns that the contract does not have are left out: nobody knows what they hold.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from detector.dates import DAY
from detector.errors import BadInput
from detector.identity.groups import NOBODY
from detector.intake import columns, keys, schema
from detector.intake.keys import Keyed
from detector.intake.rejects import Faults, Notes
from detector.intake.schema import REGISTRATIONS, SCHEMAS, Schema
from detector.intake.source import Batch
from detector.pseudonym import TokenSource
from detector.registration import IDENTITY_TYPES, MISSING, NO_DATE, NOTES, Int16, Int32, UInt32

Grouped = Callable[[int], str]
# Column of a tokenised registration, by the key that it holds.
KEY_COLUMNS = {
    "identity": "identity_value",
    "root": "identity_root",
    "line": "msisdn",
    "line_block": "line_block",
    "sim": "iccid",
    "block": "iccid_block",
    "handset": "imei",
    "model": "tac",
    "device": "device_id",
    "ip": "ip",
    "network": "ip_network",
    "contact": "contact",
}


def tokenise(table: pa.Table, source: TokenSource, *, group: Grouped | None = None) -> pa.Table:
    """The rows in their already tokenised form, in the same order.

    With `group`, registrations also have what it makes of who is named (a code of `detector.identity.groups`)
    in the column `audit_box`, empty where nothing is known.

    Raises BadInput where the columns are those of no table of the contract, or of a wrong type.
    """
    wanted = _schema(table)
    schema.check(wanted, table.schema, wanted.table)
    whole = {n: table.column(n).combine_chunks() for n in table.column_names if n in wanted.names}
    batch = Batch(whole, np.arange(1, table.num_rows + 1))
    if wanted is REGISTRATIONS:
        return pa.table(whole | _registration_columns(batch, source, group))
    return pa.table(whole | _other_columns(batch, source))


def _schema(table: pa.Table) -> Schema:
    """The table whose required columns are all there; of several the one that asks for most."""
    fit = [schema for schema in SCHEMAS if set(schema.required) <= set(table.column_names)]
    if not fit:
        raise BadInput(
            "The table to tokenise lacks required columns of every table of the contract"
        )
    return max(fit, key=lambda schema: len(schema.required))


def _registration_columns(
    batch: Batch, source: TokenSource, group: Grouped | None
) -> dict[str, pa.Array]:
    faults, notes = Faults(len(batch)), Notes(len(batch))
    at = columns.moments(batch["registered_at"])
    kinds = columns.codes(batch["identity_type"], IDENTITY_TYPES).values
    day = (at.where_fine(0) // DAY).astype(np.int32)
    made = keys.registration_keys(batch, kinds, day, faults, notes)
    token = _token_column(source)
    told = columns.days(batch["rfc_since"]).where_fine(NO_DATE).astype(np.int32)
    return (
        {column: token(name, made.keyed[name]) for name, column in KEY_COLUMNS.items()}
        | {
            "iccid_offset": _or_null(made.block_offset.astype(np.int32), MISSING),
            "last_two": _or_null(made.last_two.astype(np.int32), MISSING),
            "rfc_since": _or_null(keys.rfc_days(made, told), NO_DATE).cast(pa.date32()),
            "noted": _names(notes.bits | keys.told_notes(batch)),
        }
        | _audit_box(made.groups, group)
    )


def _audit_box(groups: Int16, group: Grouped | None) -> dict[str, pa.Array]:
    if group is None:
        return {}
    boxes = [group(code) if code != NOBODY else None for code in groups.tolist()]
    return {"audit_box": pa.array(boxes, pa.string())}


def _other_columns(batch: Batch, source: TokenSource) -> dict[str, pa.Array]:
    token, made = _token_column(source), {}
    if "identity_value" in batch:
        kinds = columns.codes(batch["identity_type"], IDENTITY_TYPES).values
        day = np.zeros(len(batch), np.int32)
        who, _ = keys.identity(batch, kinds, day, Faults(len(batch)))
        made["identity_value"] = token("identity", who)
    if "imei" in batch:
        made["imei"] = token("handset", keys.handset(batch, Notes(len(batch)))[0])
    return made


def _token_column(source: TokenSource) -> Callable[[str, Keyed], pa.Array]:
    return lambda domain, keyed: keyed.texts(domain, source).arrow()


def _or_null(values: Int32, missing: int) -> pa.Array:
    return pa.array(values, mask=values == missing)


def _names(bits: UInt32) -> pa.Array:
    """Noted facts by name, joined by bars."""
    held, codes = np.unique(bits, return_inverse=True)
    words = ["|".join(n for i, n in enumerate(NOTES) if b >> i & 1) or None for b in held.tolist()]
    return pa.array(words, pa.string()).take(pa.array(codes.reshape(-1)))
