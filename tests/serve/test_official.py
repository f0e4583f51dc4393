"""A rehearsal's officials: who is chosen, and what is shown of their mailbox."""

from __future__ import annotations

import json
from email.message import EmailMessage
from pathlib import Path

import pytest

from serve import official
from serve.official import Officials
from serve.parcels import ASSESS, Parcel
from tests.builders import folder, registration
from tests.builders import official as listed

FOLIO = "K7PM-4TQX-9RHD"


def parcel(row: dict[str, str], number: int = 1) -> Parcel:
    said = {"identityType": "CURP", "identityValue": row["identity_value"]}
    return Parcel(number, ASSESS, ("alfa", f"r{number}"), json.dumps(said).encode())


def letter(out: Path, name: str, to: str, text: str) -> None:
    mail = EmailMessage()
    mail["Message-ID"], mail["From"], mail["To"], mail["Subject"] = name, "a@b.example", to, "Aviso"
    mail.set_content(text)
    (out / "mailbox").mkdir(exist_ok=True)
    (out / "mailbox" / f"{name}.eml").write_bytes(mail.as_bytes())


@pytest.fixture(autouse=True)
def in_no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(official, "PATIENCE", 0.0)


def test_officials_that_come_up_are_enrolled_and_others_are_not(tmp_path: Path) -> None:
    met, unmet, citizen = registration(), registration(), registration()
    data = folder(tmp_path, registrations=[met], officials=[listed(met), listed(unmet)])
    found = Officials.among(data, [parcel(met), parcel(citizen)], tmp_path)

    assert list(found.people.values()) == [("CURP", met["identity_value"])]


def test_a_country_without_officials_enrols_nobody_and_says_so(tmp_path: Path) -> None:
    found = Officials.among(folder(tmp_path, registrations=[registration()]), [], tmp_path)
    found.enrol("http://nowhere.test")

    assert "nobody is told" in found.told(())


def test_the_letter_shown_is_a_notice_to_somebody_whose_line_was_flagged(tmp_path: Path) -> None:
    one, two = registration(), registration()
    people = {f"p{i}@c.example": ("CURP", r["identity_value"]) for i, r in enumerate((one, two))}
    letter(tmp_path, "a", "p0@c.example", f"Aviso\n\n{FOLIO}\n")
    letter(tmp_path, "b", "p1@c.example", f"Aviso a dos\n\n{FOLIO}\n")
    letter(tmp_path, "c", "p1@c.example", "Su clave\n\n12345678\n")

    told = Officials(tmp_path, people).told([parcel(two)])

    assert "2 letters" in told
    assert "Aviso a dos" in told
    assert FOLIO in told
