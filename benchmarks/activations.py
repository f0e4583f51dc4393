"""Registrations as a carrier would send them: those of a simulated country, in order of time.

Made-up rows in which every value is new and every SIM the next one look like fraud: nine in ten of them are
flagged, and a service that explains all of its answers is not the one that carriers meet. Of a country's
rows about one in a hundred is.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic.alias_generators import to_camel

from detector.simulate import Country, simulate
from serve.schemas import CODED

SPARE = 60_000  # rows behind those that are stored
SEED = 5
FAST = timedelta(milliseconds=1)  # between registrations asked: nothing falls due
DATES = ("registered_at", "line_first_seen_on")
Event = dict[str, Any]


def country(stored: int, kept: Path | None = None) -> pa.Table:
    """A country's registrations in time order: so many, and SPARE more. `kept` is a file to remember them."""
    if kept is not None and kept.exists():
        return pq.read_table(kept)
    made = _simulated(stored + SPARE)
    if kept is not None:
        pq.write_table(made, kept)
    return made


@cache
def _simulated(count: int) -> pa.Table:
    made = simulate(Country(), registrations=count, seed=SEED)["registrations"]
    return made.sort_by("registered_at")


def events(rows: pa.Table) -> list[Event]:
    """In the columns of the data contract."""
    held = [{n: v for n, v in row.items() if v is not None} for row in rows.to_pylist()]
    return [row | {n: row[n].isoformat() for n in DATES if n in row} for row in held]


def body(event: Event) -> Event:
    """As the API takes it."""
    told = {to_camel(name): value for name, value in event.items()}
    for name in CODED:
        if (word := to_camel(name)) in told:
            told[word] = told[word].upper()
    told["identityType"] = told["identityType"].upper()
    return told | {"phoneNumber": told.pop("msisdn")}


class Asker:
    """Registrations that nobody asked about before, later than everything stored."""

    def __init__(self, stored: int, rows: pa.Table | None = None) -> None:
        self._rows = (country(stored) if rows is None else rows).slice(stored)
        self._next = 0
        self._at: datetime = self._rows["registered_at"][0].as_py()

    def bodies(self, count: int, *, apart: timedelta = FAST, hot: bool = False) -> list[Event]:
        """The next ones; every other one from one service centre and address where `hot`."""
        taken = events(self._rows.slice(self._next, count))
        if len(taken) < count:
            raise ValueError(f"the country has {SPARE:,} registrations to ask about, and no more")
        made = []
        for n, event in enumerate(taken):
            made.append(body(event | {"registered_at": (self._at + n * apart).isoformat()}))
        self._next, self._at = self._next + count, self._at + count * apart
        for each in made[::2] if hot else []:
            each |= {"pointOfSaleId": "hub", "ip": "192.0.2.1"}
        return made
