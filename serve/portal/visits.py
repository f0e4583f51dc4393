"""A visit: one sealed cookie, short-lived, that says how far somebody has come. Nothing is kept here.

The cookie is opaque and of one size, so it tells neither its reader nor the wire whether anybody is
enrolled. Every form carries the visit's token: a form of another site, or of yesterday, has none.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import secrets
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from detector.errors import KeyMissing
from serve.deliveries.queue import micros
from serve.deliveries.sealing import Vault

BEFORE_PROOF, AFTER_PROOF = timedelta(minutes=30), timedelta(minutes=15)
SIZE = 512  # bytes of every visit before it is sealed
PLACE = "portal visit"
MEMBER, FOLIO = "member", "folio"


@dataclass(frozen=True, slots=True)
class Visit:
    """How far somebody has come.

    `token` goes into forms; `once` names one asking for a code, so that a double click asks once.
    `named` says that the folio was given, or that there is none. `proved` is empty, `member` or
    `folio`; `subject` is the identity's token, `by` who answers. `said` is a sentence to show once.
    """

    token: str
    until: int
    once: str = ""
    named: bool = False
    folio: str = ""
    subject: int = 0
    by: str = "holder"
    challenge: str = ""
    proved: str = ""
    assessment: str = ""
    said: str = ""

    def carries(self, token: str) -> bool:
        """Whether a form is of this visit."""
        return hmac.compare_digest(self.token.encode(), token.encode())

    def proved_as(self, what: str, *, at: datetime) -> Visit:
        """The same visit after proof, on a short clock."""
        return replace(self, proved=what, until=micros(at + AFTER_PROOF))


def begun(at: datetime) -> Visit:
    """A visit that has proved nothing."""
    return Visit(_drawn(), micros(at + BEFORE_PROOF), once=_drawn())


def asking_anew(visit: Visit) -> Visit:
    """The same visit, ready to ask for another code."""
    return replace(visit, once=_drawn(), challenge="")


def _drawn() -> str:
    return secrets.token_urlsafe(16)


class Cookies:
    """Visits into cookies and back."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def closed(self, visit: Visit) -> str:
        """The cookie of a visit."""
        text = json.dumps(asdict(visit), separators=(",", ":")).encode()
        sealed = self._vault.seal(text.ljust(SIZE), PLACE)
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def opened(self, cookie: str, *, at: datetime) -> Visit | None:
        """The visit of a cookie; None where it is over, forged or of another key."""
        try:
            sealed = base64.urlsafe_b64decode(cookie[:2_048] + "=" * (-len(cookie) % 4))
            visit = Visit(**json.loads(self._vault.open(sealed, PLACE)))
        except (KeyMissing, ValueError, TypeError, binascii.Error):
            return None
        return visit if micros(at) < visit.until else None
