"""The register of who wants to be told. Enrolment is a power to watch somebody, so nobody has it alone.

Two people of an institution sign a batch, each bringing it whole: nothing of it is kept in between. The
contact lies on the institution's domain or a carrier vouches for it. The person accepts with a code sent
there; full detail begins seven days later. Whoever is enrolled can contest and withdraw at any time.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from detector.errors import BadInput
from serve.answers import Refused, Unknown
from serve.audit.ledger import note
from serve.deliveries.queue import micros, moment
from serve.notices.lockbox import Lockbox, Row, Seals
from serve.store.database import Connection

TIERS = ("federal", "state", "municipal", "security", "other")
LANGUAGES = ("es", "en")
CODE_DIGITS, CODE_LIFE, MOST_TRIES = 8, timedelta(days=14), 10
PATIENCE = timedelta(days=7)  # from acceptance to full detail
BATCH_LIFE = timedelta(days=7)  # from the first signature to the second
MOST_ENTRIES = 1_000
INVITED, ACCEPTED, CONTESTED, WITHDRAWN = "invited", "accepted", "contested", "withdrawn"


@dataclass(frozen=True, slots=True)
class Institution:
    """Who may enrol its people. `signers` are the people who may sign, by the name of their token.

    Where it is a carrier itself, it may vouch for contacts in the batches that its people sign. `portal`
    is what its people are told the portal is called: words, never a link.
    """

    name: str
    domains: frozenset[str]
    signers: frozenset[str]
    carrier: str = ""
    portal: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One person of a batch.

    `person` and `mark` are tokens of identity and contact, made by the engine's door; a number's mark is
    its line's. `arrived` and `delegate_mark` are contact and delegate as a registration would bring them.
    `contact` is an e-mail address or E.164 number; `vouched_by` is the carrier that checked it, if any.
    """

    person: bytes
    contact: str
    mark: bytes
    tier: str = "other"
    language: str = "es"
    delegate: str = ""
    vouched_by: str = ""
    every: bool = False
    arrived: bytes = b""
    delegate_mark: bytes = b""

    @property
    def by_mail(self) -> bool:
        """Whether the contact is an e-mail address."""
        return "@" in self.contact


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody enrolled. `contact` is sealed; times are microseconds since 1970 UTC, 0 for not yet."""

    contact: str
    mark: str
    by_mail: bool
    institution: str
    tier: str
    language: str
    every: bool
    state: str = INVITED
    silent: bool = False
    code: str = ""
    code_until: int = 0
    tries: int = 0
    accepted_at: int = 0
    delegate: str = ""
    arrived: str = ""
    delegate_mark: str = ""
    portal: str = ""

    def full_detail(self, at: datetime) -> bool:
        """Whether everything may be shown to this person by now."""
        return self.state == ACCEPTED and at >= moment(self.accepted_at) + PATIENCE


@dataclass(frozen=True, slots=True)
class Invitation:
    """A code to be sent to a contact, and to nobody else."""

    contact: str
    language: str
    institution: str
    code: str = field(repr=False)
    portal: str = ""


class Register:
    """Enrols, accepts, contests, withdraws, and answers for one token at a time. It cannot list.

    Whatever writes is to be called inside `own.writing()`. `contacts` closes contacts, and opens them
    for the notifier.
    """

    def __init__(self, box: Lockbox, contacts: Seals) -> None:
        self._box, self._contacts = box, contacts

    def propose(
        self,
        own: Connection,
        institution: Institution,
        entries: Sequence[Entry],
        *,
        signer: str,
        at: datetime,
    ) -> str:
        """The first signature under a batch; the batch's id. Raises Refused, naming entry and field."""
        _check_signer(institution, signer)
        _check_entries(institution, entries)
        batch, digest = str(uuid.uuid4()), self._digest(institution, entries)
        own.run(
            "INSERT INTO enrolment_batches (id, institution, digest, proposed_by, proposed_at) "
            "VALUES (?, ?, ?, ?, ?)",
            [batch, institution.name, digest, signer, micros(at)],
        )
        _say(own, batch, digest, "first", signer=signer, at=at)
        return batch

    def countersign(
        self,
        own: Connection,
        institution: Institution,
        entries: Sequence[Entry],
        *,
        batch: str,
        signer: str,
        at: datetime,
    ) -> list[Invitation]:
        """The second signature, by another person, under the same content; whom to send codes.

        Raises Unknown and Refused. Who is enrolled already, or has contested, is left as is.
        """
        _check_signer(institution, signer)
        _check_entries(institution, entries)
        _sign(own, batch, self._digest(institution, entries), signer=signer, at=at)
        made = [self._invited(own, institution, entry, at) for entry in entries]
        return [invitation for invitation in made if invitation is not None]

    def accept(self, own: Connection, person: bytes, code: str, *, at: datetime) -> bool:
        """The person's yes. False for a wrong, late or used code, and after ten wrong ones for every code."""
        row, member = self._found(own, person)
        told = base64.b64encode(self._box.mark("code", row.name.hex() + code)).decode()
        held = member or _NOBODY
        right = hmac.compare_digest(told, held.code or "x" * len(told))
        in_time = micros(at) < held.code_until and held.tries < MOST_TRIES
        if member is None or member.state != INVITED:
            return False
        if right and in_time:
            now = micros(at)
            self._put(own, row, replace(member, state=ACCEPTED, accepted_at=now, code=""))
            return True
        self._put(own, row, replace(member, tries=member.tries + 1))
        return False

    def withdraw(self, own: Connection, person: bytes) -> None:
        """The person wants no more of it: contact and choices are forgotten. Raises Unknown."""
        self._end(own, person, WITHDRAWN)

    def contest(self, own: Connection, person: bytes) -> None:
        """The person never wanted this: ended, and no institution can enrol it again. Raises Unknown."""
        self._end(own, person, CONTESTED)

    def silence(self, own: Connection, person: bytes) -> None:
        """No more notices; lines and disputes stay open to the person. Raises Unknown."""
        self._change(own, person, silent=True)

    def speak(self, own: Connection, person: bytes) -> None:
        """Notices again. Raises Unknown."""
        self._change(own, person, silent=False)

    def member(self, own: Connection, person: bytes) -> Member | None:
        """Whoever has this token and accepted; the same work whether or not there is somebody."""
        _, found = self._found(own, person)
        return found if found is not None and found.state == ACCEPTED else None

    def contact(self, own: Connection, person: bytes) -> str | None:
        """Where a member is told, opened. For the notifier only."""
        found = self.member(own, person)
        return self.opened(found) if found else None

    def opened(self, member: Member) -> str:
        """A member's contact in the clear. For the notifier only."""
        return self._contacts.open(base64.b64decode(member.contact), "contact").decode()

    def _invited(
        self, own: Connection, institution: Institution, entry: Entry, at: datetime
    ) -> Invitation | None:
        row, known = self._found(own, entry.person)
        if known is not None and known.state in (ACCEPTED, CONTESTED):
            return None
        code = str(secrets.randbelow(10**CODE_DIGITS)).zfill(CODE_DIGITS)
        hidden = base64.b64encode(self._box.mark("code", row.name.hex() + code)).decode()
        made = Member(
            contact=self._sealed(entry.contact),
            mark=entry.mark.hex(),
            by_mail=entry.by_mail,
            institution=institution.name,
            tier=entry.tier,
            language=entry.language,
            every=entry.every,
            code=hidden,
            code_until=micros(at + CODE_LIFE),
            delegate=self._sealed(entry.delegate) if entry.delegate else "",
            arrived=entry.arrived.hex(),
            delegate_mark=entry.delegate_mark.hex(),
            portal=institution.portal,
        )
        self._put(own, row, made)
        return Invitation(entry.contact, entry.language, institution.name, code, institution.portal)

    def _sealed(self, contact: str) -> str:
        return base64.b64encode(self._contacts.seal(contact.encode(), "contact")).decode()

    def _end(self, own: Connection, person: bytes, state: str) -> None:
        row, member = self._found(own, person)
        if member is None:
            raise Unknown
        forgotten = replace(_NOBODY, institution=member.institution, state=state)
        self._put(own, row, forgotten)
        _hush(own, row)

    def _change(self, own: Connection, person: bytes, *, silent: bool) -> None:
        row, member = self._found(own, person)
        if member is None or member.state != ACCEPTED:
            raise Unknown
        self._put(own, row, replace(member, silent=silent))
        if silent:
            _hush(own, row)

    def _found(self, own: Connection, person: bytes) -> tuple[Row, Member | None]:
        row = self._box.row(person)
        held = own.rows("SELECT content FROM enrolments WHERE id = ?", [row.name])
        content = self._box.opened(row, bytes(held[0][0]) if held else None)
        return row, None if content is None else Member(**content)

    def _put(self, own: Connection, row: Row, member: Member) -> None:
        own.run(
            "INSERT INTO enrolments (id, content) VALUES (?, ?) "
            "ON CONFLICT (id) DO UPDATE SET content = excluded.content",
            [row.name, row.seal(asdict(member))],
        )

    def _digest(self, institution: Institution, entries: Sequence[Entry]) -> bytes:
        told = [[e.person.hex(), e.mark.hex(), *_plain(e)] for e in entries]
        return self._box.mark("batch", json.dumps([institution.name, sorted(told)]))


def _hush(own: Connection, row: Row) -> None:
    """What still waits to be told is not; the notices stay for who asks with their folio."""
    sql = (
        "UPDATE notices SET due_at = NULL, envelope = NULL WHERE person = ? AND due_at IS NOT NULL"
    )
    own.run(sql, [row.name])


def _sign(own: Connection, batch: str, digest: bytes, *, signer: str, at: datetime) -> None:
    """The second signature. Raises Unknown and Refused; the digest names the institution too."""
    sql = "SELECT digest, proposed_by, proposed_at, signed_at FROM enrolment_batches WHERE id = ?"
    held = own.rows(sql, [batch])
    if not held:
        raise Unknown
    signed_first, first, proposed_at, signed_at = held[0]
    if signed_at is not None or at > moment(proposed_at) + BATCH_LIFE:
        raise Refused("batch", "signed already, or too old to be signed")
    if first == signer:
        raise Refused("signer", "the second signature must be another person's")
    if not hmac.compare_digest(bytes(signed_first), digest):
        raise Refused("batch", "not what was signed first")
    sql = "UPDATE enrolment_batches SET signed_by = ?, signed_at = ? WHERE id = ?"
    own.run(sql, [signer, micros(at), batch])
    _say(own, batch, digest, "second", signer=signer, at=at)


def _say(
    own: Connection, batch: str, digest: bytes, signature: str, *, signer: str, at: datetime
) -> None:
    """To the audit log: who signed what, which was never kept."""
    facts = {"signature": signature}
    note(own, "enrolment", at=at, facts=facts, batch=batch, digest=digest.hex(), signer=signer)


_NOBODY = Member("", "", True, "", "other", "es", False)


def _plain(e: Entry) -> list[Any]:
    return [e.contact, e.tier, e.language, e.delegate, e.vouched_by, e.every]


def _check_signer(institution: Institution, signer: str) -> None:
    if len(institution.signers) < 2:
        raise BadInput("an institution needs two people who sign")
    if signer not in institution.signers:
        raise Refused("signer", "may not sign for this institution")


def _check_entries(institution: Institution, entries: Sequence[Entry]) -> None:
    """Raises Refused, naming the entry by its position."""
    if not 0 < len(entries) <= MOST_ENTRIES:
        raise Refused("entries", f"must be 1 to {MOST_ENTRIES}")
    if len({entry.person for entry in entries}) < len(entries):
        raise Refused("entries", "a person is in it twice")
    for number, entry in enumerate(entries):
        _check(institution, entry, f"entries.{number}")


def _check(institution: Institution, entry: Entry, place: str) -> None:
    if entry.tier not in TIERS or entry.language not in LANGUAGES:
        raise Refused(f"{place}.tier", "tier or language is not one of the documented")
    for name, contact in (("contact", entry.contact), ("delegate", entry.delegate)):
        if contact and not _is_plain(contact):
            raise Refused(f"{place}.{name}", "neither an e-mail address nor E.164")
    if not (entry.vouched_by or _on_domain(institution, entry.contact)):
        raise Refused(f"{place}.contact", "not on the institution's domain, and no carrier vouches")
    if entry.delegate and not _on_domain(institution, entry.delegate):
        raise Refused(f"{place}.delegate", "not on the institution's domain")
    number = entry.contact.removeprefix("+")
    if not entry.by_mail and not (number.isdecimal() and 5 <= len(number) <= 15):
        raise Refused(f"{place}.contact", "neither an e-mail address nor E.164")


def _is_plain(contact: str) -> bool:
    plain = contact.isascii() and contact.isprintable() and len(contact) <= 254
    return plain and not set(contact) & set(' ,;:<>()[]\\"')


def _on_domain(institution: Institution, contact: str) -> bool:
    name, at, domain = contact.lower().rpartition("@")
    inside = any(domain == own or domain.endswith("." + own) for own in institution.domains)
    return bool(name and at) and inside
