"""What somebody may try after a rehearsal with nothing but `curl`: files beside the store, and commands."""

from __future__ import annotations

import json
import os
from pathlib import Path

from serve.issuer import TOKEN_PATH
from serve.naming import API_BASE

BASE = "http://127.0.0.1:8080"
URL = f"{BASE}{API_BASE}/assessments"
HELD = {
    "registrationId": "try-1",
    "registeredAt": "2026-08-01T12:00:00-06:00",
    "operation": "NEW_LINE",
    "channel": "APP",
    "plan": "PREPAID",
    "identityType": "PASSPORT",
    "identityValue": "ZZZ:TESTHOLD",
    "phoneNumber": "+525500000001",
}


def prepared(folder: Path, *, store: str, shown: tuple[str, str]) -> str:
    """Writes what the commands read; the commands. `shown` is a carrier and a folio to look up."""
    carrier, folio = shown
    held = json.loads((folder / "credentials.json").read_text("utf-8"))
    user = f'user = "{held["client_id"]}:{held["client_secret"]}"\n'
    with os.fdopen(os.open(folder / "client.curl", os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write(user)
    question = json.dumps(HELD | {"carrierId": carrier}, indent=1)
    (folder / "question.json").write_text(question, "utf-8")
    named = json.dumps({"carrierId": carrier, "registrationId": folio})
    return "\n".join(
        [
            "Next, with `curl`. In one terminal, the same store again, now with the machine's own clock:",
            "",
            f"  .venv/bin/simvigia serve --store {store}",
            "",
            "and in another: a token; a test identity that causes a hold (see question.json); one of the",
            "registrations just flagged, as its carrier may read it, in English; the counters.",
            "",
            f"  TOKEN=$(curl -sK {folder}/client.curl -d grant_type=client_credentials {BASE}{TOKEN_PATH} |",
            '    sed \'s/.*"access_token":"\\([^"]*\\).*/\\1/\')',
            "  ask() { curl -sw '\\n' -H \"Authorization: Bearer $TOKEN\" "
            "-H 'Content-Type: application/json' \"$@\"; }",
            f"  ask -d @{folder}/question.json {URL}",
            f"  ask -H 'Accept-Language: en' -d '{named}' {URL}/retrieve",
            f"  curl -s {BASE}/metrics | grep ^simvigia_decisions_total",
            "",
            f"In a browser: {BASE}/portal, with a folio of a letter in {folder / 'mailbox'}, where the",
            "code lands too; for seven days after their yes people see only how many lines there are.",
        ]
    )
