"""A rehearsal's officials: enrolled as an institution would, and what then lies in their mailbox."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from textwrap import TextWrapper

from detector.folder import columns, table_path
from serve.cli import HOUSE, HOUSE_DOMAIN, SIGNERS
from serve.notices.enrol import Desk
from serve.parcels import Parcel
from serve.portal.pages import WORDS
from serve.streaming import Refusal
from serve.visitor import Visitor

MOST = 20  # officials that are enrolled
PRINTED = TextWrapper(96, initial_indent="  ", subsequent_indent="  ")  # a letter on a terminal
PATIENCE = 15.0  # seconds for a letter
CODE = re.compile(r"^\d{8}\s*$", re.MULTILINE)
ACCEPTED = WORDS["es"]["accept"]["done"]
FOLIO = re.compile(r"^[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}\s*$", re.MULTILINE)


@dataclass(slots=True)
class Officials:
    """Those of a data folder in whose names something will be registered; `people` by their contact."""

    out: Path
    people: dict[str, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def among(cls, data: Path, coming: Sequence[Parcel], out: Path) -> Officials:
        """The officials whose identities come up most. `coming` are the registrations to be streamed."""
        path = table_path(data, "officials")
        if path is None:
            return cls(out)
        listed = columns(path, ["identity_type", "identity_value"])
        pairs = zip(listed["identity_type"], listed["identity_value"], strict=True)
        known = {(str(kind).upper(), str(value)) for kind, value in pairs}
        met = Counter(who for parcel in coming if (who := _identity(parcel)) in known)
        chosen = [who for who, _ in met.most_common(MOST)]
        return cls(out, {f"persona{i}@{HOUSE_DOMAIN}": who for i, who in enumerate(chosen, 1)})

    def enrol(self, base: str) -> None:
        """Two people sign over HTTP; each official brings the code that came by mail. Raises Refusal."""
        if not self.people:
            return
        entries = [
            {"identityType": kind, "identityValue": value, "contact": contact, "every": True}
            for contact, (kind, value) in self.people.items()
        ]
        first, second = (Desk(base, self.out / f"{signer}.json") for signer in SIGNERS)
        second.sign(HOUSE, entries, batch=first.sign(HOUSE, entries))
        self.accept(base)

    def accept(self, base: str) -> None:
        """Each types the code that came by mail into the portal, and says yes. Raises Refusal."""
        letters = self._arrived(len(self.people), CODE)
        codes = {str(mail["To"]): CODE.search(_text(mail)) for mail in letters}
        for contact, found in codes.items():
            if found:
                self._accept(base, contact, found[0].strip())

    def told(self, flagged: Sequence[Parcel]) -> str:
        """A notice as it was received, of somebody whose registration was flagged if there is one."""
        if not self.people:
            return "No official of this country is registered in these days: nobody is told."
        names = {_identity(parcel) for parcel in flagged}
        wanted = {contact for contact, who in self.people.items() if who in names}
        notices = self._arrived(1, FOLIO)
        if not notices:
            return "No letter arrived: nothing was registered in an enrolled official's name."
        shown = min(notices, key=lambda mail: (mail["To"] not in wanted, str(mail["Message-ID"])))
        heads = (f"  {name}: {shown[name]}" for name in ("Message-ID", "From", "To", "Subject"))
        lines = (PRINTED.fill(line) for line in _text(shown).strip().splitlines())
        return "\n".join(
            [
                f"{len(self.people)} officials are enrolled, each by two signatures and a code of their own;",
                f"{len(notices)} letters told them of lines in their names. One of them, as received",
                f"({self.out / 'mailbox'} holds all):",
                "",
                *heads,
                "",
                *lines,
                "",
                "No link, nobody's name: carrier, day, state and two digits are at the portal, after a code.",
            ]
        )

    def _accept(self, base: str, contact: str, code: str) -> None:
        """What each of them does at the portal. Raises Refusal."""
        kind, value = self.people[contact]
        visit = Visitor(base)
        visit.open("/aceptar")
        page = visit.send("/aceptar", kind=kind.lower(), value=value, code=code, want="yes")
        if ACCEPTED not in page.text:
            raise Refusal("the portal did not take a code that came by mail")

    def _arrived(self, least: int, wanted: re.Pattern[str]) -> list[EmailMessage]:
        """Such letters in the mailbox, once there are as many or the patience ends."""
        until = time.monotonic() + PATIENCE
        while True:
            found = [mail for mail in _letters(self.out / "mailbox") if wanted.search(_text(mail))]
            if len(found) >= least or time.monotonic() > until:
                return found
            time.sleep(0.1)


def _identity(parcel: Parcel) -> tuple[str, str]:
    said = json.loads(parcel.content)
    return said.get("identityType", ""), said.get("identityValue", "")


def _letters(folder: Path) -> Iterator[EmailMessage]:
    for path in sorted(folder.glob("*.eml")):
        made = message_from_bytes(path.read_bytes(), policy=policy.default)
        if isinstance(made, EmailMessage):
            yield made


def _text(mail: EmailMessage) -> str:
    return str(mail.get_content())
