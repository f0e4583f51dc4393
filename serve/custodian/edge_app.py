"""The edge: a process on the carrier's side that takes raw rows and gives tokenised ones, in memory only.

    POST /v1/rows   {"rows": [{column: value}]} -> {"rows": […], "before": […]}

Rows are of one table of the data contract. `before` holds them under the last epoch's key, while the
custodian rotates. Where the custodian fails the answer is 503 and its word; no row comes back raw. The
edge sees identities, so it belongs to the carrier, beside the systems that hold them anyway.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from detector.errors import BadInput
from serve.custodian import wire
from serve.custodian.client import CustodianRefused, CustodianTokens
from serve.custodian.clients import credential_hash
from serve.custodian.edge import blinded
from serve.custodian.wire import Answer, Receive, Refusal, Scope, Send

LARGEST_BODY = 2_000_000  # bytes


@dataclass(frozen=True)
class Edge:
    """The ASGI application. `credential` is the SHA-256 of what the carrier's own systems send, `audit` the
    public key that coarse groups are sealed to, if anybody audits."""

    credential: bytes
    now: CustodianTokens
    before: CustodianTokens | None = None
    audit: X25519PublicKey | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        await wire.serve(self._answer, scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        if (scope["method"], scope["path"]) != ("POST", "/v1/rows"):
            raise Refusal(404, "unknown_path")
        if not hmac.compare_digest(credential_hash(wire.credential(scope)), self.credential):
            raise Refusal(401, "unknown_client")
        table = _table(await wire.body(receive, LARGEST_BODY))
        try:
            made = await asyncio.to_thread(self._blinded, table)
        except CustodianRefused as fault:
            raise Refusal(503, fault.word, 1) from None
        except (BadInput, pa.ArrowException):
            raise Refusal(400, "bad_rows") from None
        return Answer(200, json.dumps(made, default=_written).encode(), wire.JSON)

    def _blinded(self, table: pa.Table) -> dict[str, Any]:
        made = {"rows": blinded(table, self.now, audit=self.audit).to_pylist()}
        if self.before is not None:
            made["before"] = blinded(table, self.before).to_pylist()
        return made


def _table(body: bytes) -> pa.Table:
    try:
        rows = json.loads(body)["rows"]
        if not rows or not all(isinstance(row, dict) for row in rows):
            raise Refusal(400, "bad_rows")
        names = dict.fromkeys(name for row in rows for name in row)
        return pa.table({name: [row.get(name) for row in rows] for name in names})
    except (ValueError, KeyError, TypeError, pa.ArrowException):
        raise Refusal(400, "bad_rows") from None


def _written(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError("a tokenised row holds only text, numbers and dates")
