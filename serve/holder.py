"""A rehearsal's holder: somebody who was asked for another proof opens the portal and says "not mine"."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import httpx

from serve.disputes.clock import MEXICO
from serve.issuer import TOKEN_PATH
from serve.naming import API_BASE, DISPUTES_NAME
from serve.parcels import Parcel
from serve.store.database import connect
from serve.visitor import Visitor

PATIENCE = 30.0  # seconds for the label to reach the engine
Flagged = Mapping[tuple[str, str], Parcel]


class Holder:
    """Somebody at the portal, and the carrier's own view. `folder` has credentials."""

    def __init__(self, base: str, folder: Path) -> None:
        self._http = httpx.Client(base_url=base, follow_redirects=True, timeout=30.0)
        held = json.loads((folder / "credentials.json").read_text("utf-8"))
        token = self._http.post(
            TOKEN_PATH,
            data={"grant_type": "client_credentials"},
            auth=(held["client_id"], held["client_secret"]),
        )
        self._carrier = {
            "Authorization": f"Bearer {token.raise_for_status().json()['access_token']}"
        }

    def answer(self, flagged: Flagged, *, store: str) -> str:
        """What happens with the first of the flagged whose clerk handed out a folio; empty where none did."""
        for (carrier, registration), parcel in flagged.items():
            folio = self._folio(carrier, registration)
            if folio:
                return self._said(parcel, folio, carrier, store=store)
        return ""

    def _folio(self, carrier: str, registration: str) -> str:
        named = {"carrierId": carrier, "registrationId": registration}
        found = self._http.post(
            f"{API_BASE}/assessments/retrieve", json=named, headers=self._carrier
        )
        folio: str = found.json().get("folio", "")
        return folio

    def _said(self, parcel: Parcel, folio: str, carrier: str, *, store: str) -> str:
        who, visit = json.loads(parcel.content), Visitor(str(self._http.base_url))
        visit.send("/folio", folio=folio)
        visit.send("/identidad", kind=who["identityType"].lower(), value=who["identityValue"])
        page = visit.send("/respuesta", said="not_mine")
        if page.status_code != httpx.codes.OK or not page.url.path.endswith("/registro"):
            return f"The portal at {self._http.base_url}/portal did not take the answer."
        cases = self._http.get(f"/{DISPUTES_NAME}/vwip/disputes", headers=self._carrier).json()
        dues = [c["dueAt"] for c in cases["disputes"] if c["carrierId"] == carrier]
        due = datetime.fromisoformat(dues[0]).astimezone(MEXICO).date() if dues else "no day"
        label = "arrived at the engine as a label" if _labelled(store) else "waits for the engine"
        return (
            f"At the portal, {self._http.base_url}/portal, the holder of {folio} typed folio and identity, "
            f'read the reasons\nand said "no es mía": a case for {carrier}, due on {due}; the answer {label}.'
        )


def _labelled(store: str) -> bool:
    """Whether no label waits any more, once the patience ends."""
    until = time.monotonic() + PATIENCE
    own = connect(store)
    waiting = True
    while waiting and time.monotonic() < until:
        waiting = bool(own.rows("SELECT 1 FROM dispute_labels WHERE reported_at IS NULL"))
        time.sleep(0.2)
    own.close()
    return not waiting
