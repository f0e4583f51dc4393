"""Raw rows in, tokenised rows out, through the custodian: what a carrier runs on its own side.

The values come to canonical form in `detector.intake.tokenise`, as everywhere. It runs twice: once to
learn which values there are, then, with one question asked for all of them, to put their tokens in.
Nothing is kept between calls.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pyarrow as pa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from detector.intake import tokenise
from detector.pseudonym import TOKEN_BYTES
from detector.spans import Bytes, Spans
from serve.custodian.client import CustodianTokens
from serve.sealing import sealed_group

Wanted = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class _Wanting:
    """Notes which values are to be tokenised."""

    values: dict[Wanted, None] = field(default_factory=dict)

    def tokens(self, domain: str, values: Spans) -> Bytes:
        """Zeros, for nothing is known yet."""
        for row in np.flatnonzero(values.present).tolist():
            self.values[domain, values.value(row)] = None
        return np.zeros((len(values), TOKEN_BYTES), np.uint8)


@dataclass(frozen=True, slots=True)
class _Answered:
    """Gives the tokens that were asked for."""

    held: Mapping[Wanted, bytes]

    def tokens(self, domain: str, values: Spans) -> Bytes:
        """The token of each value; zeros where it is missing."""
        out = np.zeros((len(values), TOKEN_BYTES), np.uint8)
        for row in np.flatnonzero(values.present).tolist():
            out[row] = np.frombuffer(self.held[domain, values.value(row)], np.uint8)
        return out


def blinded(
    table: pa.Table, custodian: CustodianTokens, *, audit: X25519PublicKey | None = None
) -> pa.Table:
    """The rows of a table of the contract in their tokenised form, in the same order.

    With the audit's public key, who is named is sealed to it in coarse groups. Raises BadInput as `tokenise`
    does, and CustodianRefused; a value is asked for once.
    """
    wanting = _Wanting()
    tokenise(table, wanting)
    values = list(wanting.values)
    tokens = custodian.tokens(values)
    answered = _Answered(dict(zip(values, tokens, strict=True)))
    return tokenise(table, answered, group=partial(_audit_box, audit) if audit else None)


def _audit_box(audit: X25519PublicKey, code: int) -> str:
    return base64.urlsafe_b64encode(sealed_group(code, audit)).decode().rstrip("=")
