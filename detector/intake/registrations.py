"""Registrations through the door: each batch checked on its own, then put in time order together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from detector import spans
from detector.compiled import njit
from detector.dates import DAY, day_number
from detector.intake import columns, keys
from detector.intake.rejects import SHAPE, Faults, Notes
from detector.intake.source import Batch
from detector.pseudonym import Pseudonymiser, token_ids
from detector.registration import (
    CHANNELS,
    DOCUMENT_TYPES,
    IDENTITY_TYPES,
    NO_DATE,
    OPERATIONS,
    PLANS,
    VALIDATION_RESULTS,
    Bool,
    Int16,
    Int32,
    Int64,
    Rejection,
)
from detector.spans import Bytes, Spans

TABLE = "registrations"
NO_SEQUENCE = np.iinfo(np.int64).min
STATES = 32
FIRST_LINE = day_number.py_func(1984, 1, 1)  # no mobile line in the country is older
REQUIRED_CODES = {
    "operation": OPERATIONS,
    "channel": CHANNELS,
    "plan": PLANS,
    "identity_type": IDENTITY_TYPES,
}
OPTIONAL_CODES = {"document_type": DOCUMENT_TYPES, "validation_result": VALIDATION_RESULTS}
FOLIO_BYTES = np.zeros(256, np.bool_)
FOLIO_BYTES[
    np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-", "u1")
] = True
CARRIER_BYTES = np.zeros(256, np.bool_)
CARRIER_BYTES[np.frombuffer(b"abcdefghijklmnopqrstuvwxyz0123456789-", np.uint8)] = True


@dataclass(frozen=True, slots=True)
class Part:
    """One batch behind the door, its faulty rows gone, not yet in order."""

    columns: dict[str, NDArray[Any]]  # by the names of Registrations
    registration_id: pa.Array
    carriers: tuple[str, ...]  # what `carrier` means in this part
    folios: Bytes  # the tokens of carrier and registration_id together
    groups: Int16  # of who was named in clear: beside the registrations, never among their columns
    rows: Int32  # numbers in the file
    rejections: list[Rejection]
    rejected_folios: Int64

    @property
    def folio(self) -> Int64:
        """Carrier and registration_id as one key."""
        return token_ids(self.folios, np.ones(len(self.folios), np.bool_))


def part(batch: Batch, pseudonymiser: Pseudonymiser) -> Part:
    """A batch of registrations, checked, coded and keyed."""
    faults, notes = Faults(len(batch)), Notes(len(batch))
    folios, carriers = _folio(batch, faults)
    at = columns.moments(batch["registered_at"])
    faults.require(at, "registered_at", f"{SHAPE} (RFC 3339 with an offset)")
    held: dict[str, NDArray[Any]] = {"at": at.where_fine(0)}
    held |= _codes(batch, faults, notes)
    day = (held["at"] // DAY).astype(np.int32)
    made = keys.registration_keys(batch, held["identity_type"], day, faults, notes)
    keyed = dict(made.keyed)
    keyed["agent"] = keys.scoped(batch, "agent_id", carriers, notes)
    keyed["pos"] = keys.scoped(batch, "point_of_sale_id", carriers, notes)
    held |= {name: key.ids(name, pseudonymiser) for name, key in keyed.items()}
    held |= {"block_offset": made.block_offset, "last_two": made.last_two}
    held |= _amounts(batch, notes) | _days(batch, day, notes)
    held["rfc_since"] = keys.rfc_days(made, held["rfc_since"])
    held["notes"] = notes.bits | keys.told_notes(batch)
    return _kept(batch, held, faults, (folios, carriers), made.groups, pseudonymiser)


def _kept(
    batch: Batch,
    held: dict[str, NDArray[Any]],
    faults: Faults,
    folio: tuple[Spans, Spans],
    groups: Int16,
    pseudonymiser: Pseudonymiser,
) -> Part:
    """The rows without a fault."""
    folios, carriers = folio
    joined = spans.joined(carriers, folios)
    tokens, fine = pseudonymiser.tokens("registration", joined), faults.fine
    names, codes = _carriers(carriers.where(fine))
    held["carrier"] = codes
    rows = np.flatnonzero(fine)
    lost = token_ids(tokens, joined.present)[~fine]
    return Part(
        held if fine.all() else {name: column[rows] for name, column in held.items()},
        folios.take(rows).arrow(),
        names,
        tokens[rows],
        groups[rows],
        batch.rows[rows].astype(np.int32),
        faults.rejections(TABLE, batch.rows),
        lost[lost != 0],
    )


def _folio(batch: Batch, faults: Faults) -> tuple[Spans, Spans]:
    folios = columns.texts(batch["registration_id"])
    carriers = columns.texts(batch["carrier_id"])
    faults.require(folios, "registration_id")
    faults.reject(~_made_of(folios, FOLIO_BYTES, 64), "registration_id", SHAPE)
    faults.require(carriers, "carrier_id")
    faults.reject(~_made_of(carriers, CARRIER_BYTES, 32), "carrier_id", SHAPE)
    return folios, carriers


def _made_of(values: Spans, allowed: Bool, longest: int) -> Bool:
    return _all_allowed(values.data, values.starts, values.lengths, allowed, longest)


@njit(nogil=True, cache=True)
def _all_allowed(data: Bytes, starts: Int64, lengths: Int32, allowed: Bool, longest: int) -> Bool:
    out = np.ones(len(starts), np.bool_)
    for i in range(len(starts)):
        out[i] = lengths[i] <= longest
        for j in range(starts[i], starts[i] + min(lengths[i], longest)):
            if not allowed[data[j]]:
                out[i] = False
                break
    return out


def _carriers(carriers: Spans) -> tuple[tuple[str, ...], NDArray[Any]]:
    names, codes = carriers.coded()
    return tuple(names), codes.astype(np.int16)


def _codes(batch: Batch, faults: Faults, notes: Notes) -> dict[str, NDArray[Any]]:
    held = {}
    for name, words in REQUIRED_CODES.items():
        cells = columns.codes(batch[name], words)
        faults.require(cells, name, "not one of the contract's words")
        held[name] = cells.values
    for name, words in OPTIONAL_CODES.items():
        cells = columns.codes(batch[name], words)
        notes.malformed(cells.malformed)
        held[name] = cells.values
    return held


def _amounts(batch: Batch, notes: Notes) -> dict[str, NDArray[Any]]:
    attempts = columns.whole_numbers(batch["validation_attempts"], 1, 3)
    liveness = columns.numbers(batch["liveness_score"])
    scored = liveness.fine & (liveness.values >= 0) & (liveness.values <= 1)
    sequence = columns.whole_numbers(batch["sequence"], 0, 1 << 53)
    notes.malformed(attempts.malformed | sequence.malformed | (liveness.present & ~scored))
    return {
        "validation_attempts": attempts.where_fine(0).astype(np.int8),
        "liveness": np.where(scored, liveness.values, np.nan).astype(np.float32),
        "sequence": sequence.where_fine(NO_SEQUENCE),
        "place": places(batch, notes),
    }


def places(batch: Batch, notes: Notes) -> Int32:
    """Municipalities as integers, 0 where missing or in no state of the country."""
    cells = columns.whole_numbers(batch["place"], 0, 99_999)
    known = cells.fine & (cells.values >= 1_000) & (cells.values < (STATES + 1) * 1_000)
    notes.malformed(cells.malformed)
    notes.note(cells.fine & ~known, "place_unknown")
    return np.where(known, cells.values, 0).astype(np.int32)


def _days(batch: Batch, day: Int32, notes: Notes) -> dict[str, NDArray[Any]]:
    seen = columns.days(batch["line_first_seen_on"])
    plausible = seen.fine & (seen.values <= day) & (seen.values >= FIRST_LINE)
    founded = columns.days(batch["rfc_since"])
    notes.malformed(seen.malformed)
    notes.note(seen.fine & ~plausible, "implausible_date")
    return {
        # A first sight later than the registration would tell of the future: it counts as missing.
        "line_first_seen": np.where(plausible, seen.values, NO_DATE).astype(np.int32),
        "rfc_since": founded.where_fine(NO_DATE).astype(np.int32),
    }
