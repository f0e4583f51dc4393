"""Registrations as they arrive, a few at a time and in the order in which they came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pyarrow as pa

from detector import spans
from detector.errors import BadInput
from detector.intake import columns, keys
from detector.intake.columns import Column
from detector.intake.registrations import part
from detector.intake.rejects import Faults, Notes
from detector.intake.source import Batch
from detector.pseudonym import Pseudonymiser
from detector.registration import IDENTITY_TYPES, Registrations, Rejection

TEXT = {str, type(None)}
FOLIO = ("carrier_id", "registration_id")


@dataclass(frozen=True, slots=True)
class Arriving:
    """What could be taken of a few events. `positions` are theirs among the events offered, ascending;
    `folios` 16 bytes each that stand for carrier and registration id; `groups` what a CURP in clear says of
    its holder (`detector.identity.groups`), for the audit; `sequence` is for the store to give."""

    registrations: Registrations
    positions: list[int]
    folios: list[bytes]
    groups: list[int]
    rejections: dict[int, Rejection]


def arriving(events: Sequence[Mapping[str, object]], pseudonymiser: Pseudonymiser) -> Arriving:
    """Events in the words of the contract, through the same door as a file.

    Raises BadInput where a field is of a type that the contract does not have.
    """
    try:
        held = _columns(events)
    except (pa.ArrowException, TypeError, OverflowError):
        # Arrow quotes the value that it cannot take.
        raise BadInput("A field holds a value of a type that the contract does not have") from None
    taken = part(Batch(held, np.arange(len(events), dtype=np.int64)), pseudonymiser)
    rows = taken.rows.tolist()
    own = Registrations(
        registration_id=taken.registration_id, carriers=taken.carriers, **taken.columns
    )
    return Arriving(
        own,
        rows,
        [token.tobytes() for token in taken.folios],
        taken.groups.tolist(),
        {rejection.row: rejection for rejection in taken.rejections},
    )


def folios(events: Sequence[Mapping[str, object]], pseudonymiser: Pseudonymiser) -> list[bytes]:
    """Sixteen bytes per event that stand for its carrier and registration id."""
    if not events:
        return []
    held = _columns([{name: event[name] for name in FOLIO} for event in events])
    carriers, ids = (columns.texts(held[name]) for name in FOLIO)
    tokens = pseudonymiser.tokens("registration", spans.joined(carriers, ids))
    return [token.tobytes() for token in tokens]


def _columns(events: Sequence[Mapping[str, object]]) -> dict[str, Column]:
    """By name; those that are all text together."""
    names = dict.fromkeys(name for event in events for name in event)
    cells = {name: [event.get(name) for event in events] for name in names}
    plain = {
        name: [_cell(value) for value in held]
        for name, held in cells.items()
        if set(map(type, held)) <= TEXT
    }
    texts = spans.from_columns(cast("list[list[bytes | None]]", list(plain.values())))
    others = {name: pa.array(map(_cell, held)) for name, held in cells.items() if name not in plain}
    return dict(zip(plain, texts, strict=True)) | others


def _cell(value: object) -> object:
    return value.encode(errors="replace") if isinstance(value, str) else value


def handset(imei: str | None, pseudonymiser: Pseudonymiser) -> int:
    """The key of a handset, raw or already a token; 0 where there is none or it is malformed."""
    if imei is None:
        return 0
    held = Batch({"imei": pa.array([imei.encode(errors="replace")])}, np.zeros(1, np.int64))
    key, _ = keys.handset(held, Notes(1))
    return int(key.ids("handset", pseudonymiser)[0])


def identity(kind: str, value: str, pseudonymiser: Pseudonymiser, *, day: int) -> int:
    """The key of an identity, raw or already a token; 0 where it is malformed.

    `kind` is one of IDENTITY_TYPES; `day` is today's, in days since 1970, and decides centuries.
    """
    held = Batch(
        {"identity_value": pa.array([value.encode(errors="replace")])}, np.zeros(1, np.int64)
    )
    faults = Faults(1)
    kinds = np.array([IDENTITY_TYPES.index(kind)], np.int8)
    key, _ = keys.identity(held, kinds, np.array([day], np.int32), faults)
    return int(key.ids("identity", pseudonymiser)[0]) if faults.fine.all() else 0
