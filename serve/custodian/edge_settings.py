"""An edge's settings: which custodians hold which key, pinned, and whose rows it takes.

    {"credential_sha256": "…",              what the carrier's own systems send, hashed
     "now": {"key_id": "2026q4", "halves": [{"url": "https://…", "pin": "…", "credential": "…"}]},
     "before": {…},                          while a key rotates, the one before; otherwise left out
     "audit": "…"}                           the audit's public key, 32 bytes in hexadecimal, if there is one

The file holds credentials at the custodian and is never quoted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from detector.errors import BadInput
from serve.custodian.client import CustodianRefused, CustodianTokens, RemoteHalf
from serve.custodian.edge_app import Edge
from serve.custodian.keyring import KEY_ID

PATIENCE = 5.0  # seconds for a custodian to answer


def load(path: Path) -> Edge:
    """The edge that a file describes. Raises BadInput where it does not, saying nothing of its content."""
    try:
        held = json.loads(path.read_text("utf-8"))
        credential = bytes.fromhex(held["credential_sha256"])
        before = _source(held["before"]) if "before" in held else None
        audit = _public(held["audit"]) if "audit" in held else None
        edge = Edge(credential, _source(held["now"]), before, audit)
    except (OSError, ValueError, KeyError, TypeError, CustodianRefused, httpx.InvalidURL):
        raise BadInput(
            f"{path.name} holds no settings of an edge, or pins that are no keys"
        ) from None
    if len(credential) != 32:
        raise BadInput(f"{path.name} holds no settings of an edge, or pins that are no keys")
    return edge


def _public(text: str) -> X25519PublicKey:
    return X25519PublicKey.from_public_bytes(bytes.fromhex(text))


def _source(told: Mapping[str, Any]) -> CustodianTokens:
    if not KEY_ID.fullmatch(told["key_id"]):
        raise ValueError("key id")
    halves = [_half(half) for half in told["halves"]]
    return CustodianTokens(
        told["key_id"], halves, [bytes.fromhex(h["pin"]) for h in told["halves"]]
    )


def _half(told: Mapping[str, Any]) -> RemoteHalf:
    url = httpx.URL(told["url"])
    if url.scheme != "https" and url.host not in {"127.0.0.1", "::1", "localhost"}:
        raise ValueError("a custodian elsewhere is asked over TLS")
    return RemoteHalf(httpx.Client(base_url=url, timeout=PATIENCE), str(told["credential"]))
