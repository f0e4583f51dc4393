"""A rehearsal's officials: enrolled as an institution would, and what then lies in their mailbox."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from textwrap import TextWrapper

from detector.folder import columns, table_path
from detector.pseudonym import Key, Pseudonymiser
from serve.cli import HOUSE, HOUSE_DOMAIN, SIGNERS
from serve.notices.enrol import Desk
from serve.notices.enrolment import Register
from serve.notices.keys import NoticeKeys
from serve.notices.tokens import subject
from serve.parcels import Parcel
from serve.store.database import connect
from serve.streaming import Refusal

MOST = 20  # officials that are enrolled
PRINTED = TextWrapper(96, initial_indent="  ", subsequent_indent="  ")  # a letter on a terminal
PATIENCE = 15.0  # seconds for a letter
CODE = re.compile(r"^\d{8}\s*$", re.MULTILINE)
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
        codes = {
            str(mail["To"]): CODE.search(_text(mail)) for mail in self._arrived(len(entries), CODE)
        }
        self._accept({to: found[0].strip() for to, found in codes.items() if found})

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

    def _accept(self, codes: dict[str, str]) -> None:
        """What each of them would do in the portal."""
        keys = NoticeKeys.load(self.out / "notices.key")
        door, at = Pseudonymiser(Key.load(self.out / "simvigia.key")), datetime.now(UTC)
        register = Register(keys.box(), keys.contacts())
        own = connect(f"sqlite:///{self.out / 'simvigia.db'}")
        try:
            with own.writing():
                for contact, code in codes.items():
                    kind, value = self.people[contact]
                    who = subject(kind.lower(), value, door, at=at)
                    if who is None or not register.accept(own, who, code, at=at):
                        raise Refusal("a code that came by mail was not taken")
        finally:
            own.close()

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
