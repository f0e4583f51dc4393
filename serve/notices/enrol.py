"""An institution's side of enrolment: a CSV file of its people, signed over HTTP."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import httpx
from pydantic import ValidationError

from detector.errors import BadInput
from serve.api.enrolment import BASE
from serve.api.enrolment_schemas import EnrolmentEntry
from serve.issuer import TOKEN_PATH
from serve.notices.enrolment import MOST_ENTRIES

NEEDED = ("identity_type", "identity_value", "contact")
COLUMNS = {
    "identity_type": "identityType",
    "identity_value": "identityValue",
    "contact": "contact",
    "tier": "tier",
    "language": "language",
    "delegate": "delegate",
    "vouched_by": "vouchedBy",
    "every": "every",
}
CAPITALS = {"identity_type", "tier", "language"}
YES = {"yes": True, "si": True, "sí": True, "true": True, "1": True} | dict.fromkeys(
    ("no", "false", "0"), False
)
SECONDS = 60.0
_PLACE = re.compile(r"^entries\.(\d+)\.?(\w*)(.*)$", re.DOTALL)


def people(path: Path) -> list[dict[str, Any]]:
    """The entries of a CSV file. Raises BadInput naming row and column, never a value."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            names, rows = list(reader.fieldnames or ()), list(reader)
    except (OSError, UnicodeDecodeError, csv.Error):
        raise BadInput(f"{path.name} is no CSV file in UTF-8 that can be read") from None
    if missing := [name for name in NEEDED if name not in names]:
        raise BadInput(f"{path.name}: column {missing[0]} is missing")
    if unknown := [i for i, name in enumerate(names, 1) if name not in COLUMNS]:
        raise BadInput(f"{path.name}: column {unknown[0]} is not one of {', '.join(COLUMNS)}")
    if not 0 < len(rows) <= MOST_ENTRIES:
        raise BadInput(f"{path.name}: a batch holds 1 to {MOST_ENTRIES} people")
    return [_entry(row, number) for number, row in enumerate(rows, 1)]


def _entry(row: dict[str | None, Any], number: int) -> dict[str, Any]:
    if None in row or None in row.values():
        raise BadInput(f"row {number}: has more or fewer cells than there are columns")
    made = {
        COLUMNS[name]: _cell(name, text.strip(), number)
        for name, text in row.items()
        if name is not None and text.strip()
    }
    try:
        EnrolmentEntry.model_validate(made)
    except ValidationError as fault:
        raise BadInput(
            f"row {number}, {fault.errors()[0]['loc'][0]}: malformed or missing"
        ) from None
    return made


def _cell(name: str, text: str, number: int) -> object:
    if name != "every":
        return text.upper() if name in CAPITALS else text
    if text.lower() not in YES:
        raise BadInput(f"row {number}, every: must be yes or no")
    return YES[text.lower()]


class Desk:
    """The service, asked in one person's name."""

    def __init__(self, url: str, credentials: Path, *, token_url: str | None = None) -> None:
        self._url, self._token_url = url, token_url or url + TOKEN_PATH
        try:
            known = json.loads(credentials.read_text("utf-8"))
            self._user = (str(known["client_id"]), str(known["client_secret"]))
        except (OSError, ValueError, KeyError, TypeError):
            raise BadInput(f"{credentials.name} holds no client_id and client_secret") from None

    def sign(
        self, institution: str, entries: list[dict[str, Any]], *, batch: str | None = None
    ) -> str:
        """Propose a batch, or sign one; its id. Raises BadInput with the row that was refused."""
        body: dict[str, Any] = {"institution": institution, "entries": entries}
        place = "/batches" if batch is None else "/signatures"
        if batch is not None:
            body["batchId"] = batch
        try:
            with httpx.Client(timeout=SECONDS) as http:
                headers = {"authorization": f"Bearer {self._token(http)}"}
                answer = http.post(self._url + BASE + place, json=body, headers=headers)
        except httpx.HTTPError as fault:
            raise BadInput(f"the service does not answer: {type(fault).__name__}") from None
        if answer.status_code != httpx.codes.CREATED:
            raise BadInput(_refusal(answer))
        return str(answer.json()["batchId"])

    def _token(self, http: httpx.Client) -> str:
        asked = {"grant_type": "client_credentials"}
        answer = http.post(self._token_url, data=asked, auth=self._user)
        if answer.status_code != httpx.codes.OK:
            raise BadInput("these credentials are not taken")
        return str(answer.json()["access_token"])


def _refusal(answer: httpx.Response) -> str:
    """Why, in the words of the file: rows are counted from 1."""
    try:
        message = str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return f"the service answered {answer.status_code}"
    found = _PLACE.match(message)
    if answer.status_code == httpx.codes.NOT_FOUND:
        return "no batch of this name waits for a signature"
    return f"row {int(found[1]) + 1}, {found[2]}{found[3]}" if found else message
