"""A data folder as the questions and reports that carriers would have sent to the API, each with its moment."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic.alias_generators import to_camel

from detector.console import EPOCH
from detector.errors import BadInput
from detector.folder import columns, table_path, times
from serve.naming import API_BASE
from serve.schemas import CODED, LineEventReport, OutcomeReport, RegistrationQuestion

ASSESS, LINE_EVENTS, OUTCOMES = (
    f"{API_BASE}/{name}" for name in ("assessments", "line-events", "outcomes")
)
NAMES = {"phone_number": "msisdn"}  # a body's word and the table's, where they differ
WHOLE, REAL = ("validation_attempts", "iccid_offset", "last_two"), ("liveness_score", "confidence")
CAPITALS = {*CODED, "kind", "label", "source"}


@dataclass(frozen=True, slots=True)
class Parcel:
    """One request: when it happens in the country (microseconds), where it goes, what it says."""

    at: int
    path: str
    registration: tuple[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class Parcels:
    """Everything that a country's carriers ask and report, each kind in order of time."""

    registrations: list[Parcel]
    line_events: list[Parcel]
    outcomes: list[Parcel]

    @property
    def carriers(self) -> list[str]:
        """Who asks."""
        return sorted({parcel.registration[0] for parcel in self.registrations})

    def since(self, at: int) -> Parcels:
        """Registrations from a moment on, and what is later said of these."""
        own = [parcel for parcel in self.registrations if parcel.at >= at]
        known = {parcel.registration for parcel in own}
        return Parcels(
            own,
            [parcel for parcel in self.line_events if parcel.registration in known],
            [parcel for parcel in self.outcomes if parcel.registration in known],
        )


def read(data: Path) -> Parcels:
    """A data folder's tables. Raises BadInput."""
    own = list(_read(data, "registrations", RegistrationQuestion, "registered_at"))
    if not own:
        raise BadInput(f"{data} holds no registrations")
    return Parcels(
        own,
        list(_read(data, "line_events", LineEventReport, "occurred_at")),
        list(_read(data, "labels", OutcomeReport, "decided_at")),
    )


_PATHS: dict[object, str] = {
    RegistrationQuestion: ASSESS,
    LineEventReport: LINE_EVENTS,
    OutcomeReport: OUTCOMES,
}


def _read(data: Path, table: str, model: Any, when: str) -> Iterator[Parcel]:
    path = table_path(data, table)
    if path is None:
        return
    words = [NAMES.get(word, word) for word in model.model_fields]
    needed = [NAMES.get(w, w) for w, field in model.model_fields.items() if field.is_required()]
    frame = columns(path, [*needed, when], words)
    frame["at"] = times(frame[when])
    frame = frame.sort_values("at", kind="stable")
    cells = {word: _cells(frame[NAMES.get(word, word)], word) for word in model.model_fields}
    for at, *row in zip(frame["at"].tolist(), *cells.values(), strict=True):
        said = {w: v for w, v in zip(cells, row, strict=True) if v is not None}
        content = json.dumps({to_camel(w): v for w, v in said.items()}).encode()
        yield Parcel(at, _PATHS[model], (said["carrier_id"], said["registration_id"]), content)


def _cells(column: pd.Series[Any], word: str) -> Sequence[Any]:
    if word in {"registered_at", "occurred_at"}:
        return [(EPOCH + timedelta(microseconds=at)).isoformat() for at in times(column).tolist()]
    cells = zip(column.tolist(), column.isna().tolist(), strict=True)
    return [None if missing else _cell(cell, word) for cell, missing in cells]


def _cell(cell: Any, word: str) -> Any:
    if word in WHOLE:
        return int(cell)
    if word in REAL:
        return float(cell)
    if word in CAPITALS:
        return str(cell).upper()
    return cell.isoformat() if isinstance(cell, date) else str(cell)
