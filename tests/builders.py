"""Rows in the contract's words, valid unless a test says otherwise, and data folders made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq
from stdnum import luhn
from stdnum.mx import curp

from detector.pseudonym import Key, Pseudonymiser

Row = dict[str, Any]
KEY = Key(bytes(range(32)))
_numbers = count(1)


def pseudonymiser() -> Pseudonymiser:
    """One under a key that only tests use."""
    return Pseudonymiser(KEY)


def curp_of(number: int) -> str:
    """A well-formed CURP per number, of a root of its own."""
    letters = "".join(chr(65 + number // 26**k % 26) for k in range(6))
    body = f"{letters[:4]}900203HNE{letters[4]}{letters[5]}X{number // 26**6 % 10}"
    return body + curp.calc_check_digit(body)


def imei_of(number: int) -> str:
    """A well-formed IMEI per number."""
    body = f"35693803{number % 1_000_000:06d}"
    return body + luhn.calc_check_digit(body)


def iccid_of(number: int) -> str:
    """A well-formed ICCID of 19 digits per number."""
    body = f"895202{number:012d}"
    return body + luhn.calc_check_digit(body)


def registration(**changes: Any) -> Row:
    """A registration in which every value is its own; None leaves a cell empty."""
    n = next(_numbers)
    return {
        "registration_id": f"r{n:06d}",
        "carrier_id": "alfa",
        "registered_at": "2026-03-01T12:00:00-06:00",
        "operation": "new_line",
        "channel": "app",
        "plan": "prepaid",
        "identity_type": "curp",
        "identity_value": curp_of(n),
        "document_type": "ine",
        "validation_result": "match",
        "validation_attempts": "1",
        "liveness_score": "0.97",
        "msisdn": f"+5255{n:08d}",
        "iccid": iccid_of(n * 1_000),
        "imei": imei_of(n),
        "device_id": f"device-{n}",
        "ip": f"203.0.{n // 256 % 256}.{n % 256}",
        "point_of_sale_id": f"pos-{n}",
        "agent_id": f"agent-{n}",
        "place": "09015",
        "line_first_seen_on": None,
        "contact": f"person{n}@example.org",
        "sequence": None,
    } | changes


def _of(registered: Mapping[str, Any]) -> Row:
    return {name: registered[name] for name in ("registration_id", "carrier_id")}


def line_event(registered: Mapping[str, Any], **changes: Any) -> Row:
    """Something seen on that registration's line."""
    seen = {"occurred_at": "2026-03-02T12:00:00Z", "kind": "attach", "imei": None, "place": None}
    return _of(registered) | seen | changes


def label(registered: Mapping[str, Any], **changes: Any) -> Row:
    """A verdict on that registration."""
    verdict = {"label": "fraud", "decided_at": "2026-04-01T00:00:00Z", "source": "holder"}
    return _of(registered) | verdict | {"confidence": None} | changes


def breach(**changes: Any) -> Row:
    """An incident."""
    leaked = {"name": "an incident", "occurred_on": "2025-06-01", "fields": "curp|photo"}
    return {"breach_id": "b1"} | leaked | changes


def breach_member(registered: Mapping[str, Any], **changes: Any) -> Row:
    """That registration's identity, known to be in an incident."""
    who = {name: registered[name] for name in ("identity_type", "identity_value")}
    return {"breach_id": "b1"} | who | {"known_at": "2025-07-01T00:00:00Z"} | changes


def official(registered: Mapping[str, Any], **changes: Any) -> Row:
    """That registration's identity, as a public official's."""
    who = {name: registered[name] for name in ("identity_type", "identity_value")}
    return who | {"tier": "federal", "since": "2024-10-01", "until": None} | changes


def table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows as an Arrow table; a column that no row fills is text."""
    columns = {name: pa.array([row.get(name) for row in rows]) for name in rows[0]}
    return pa.table(
        {n: c.cast(pa.string()) if c.type == pa.null() else c for n, c in columns.items()}
    )


def folder(
    at: Path, ending: str = "parquet", **tables: Sequence[Mapping[str, Any]] | pa.Table
) -> Path:
    """Writes a data folder of the tables named, each of rows or of Arrow; those without rows not."""
    at.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        if len(rows):
            whole = rows if isinstance(rows, pa.Table) else table(rows)
            write = pq.write_table if ending == "parquet" else pv.write_csv
            write(whole, at / f"{name}.{ending}")
    return at
