"""From a registration to a notice: whether, to which contact, when, and in what words.

It works after the answer to the carrier and never changes it: membership is looked up for every
registration it is given, with the same work for everybody.
"""

from __future__ import annotations

import json
import secrets
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from serve.deliveries.queue import Draft, enqueue, micros, moment
from serve.deliveries.sealing import Vault
from serve.notices import texts
from serve.notices.enrolment import Invitation, Member, Register
from serve.notices.lockbox import Lockbox, Row
from serve.notices.mail import mail_draft
from serve.notices.manners import Manners, held_until
from serve.notices.sms import sms_draft
from serve.store.database import Connection

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no 0 O, 1 I L, U: read aloud without mistakes
FOLIO_LETTERS = 12  # 30^12, or 59 bits: with ten million open, a guess hits one in 5e10
TELLING = ("allow_notify", "step_up", "hold")
DAY = timedelta(days=1)
Unsettled = Callable[[Connection, bytes], bool]


@dataclass(frozen=True, slots=True)
class Case:
    """A registration as the notifier needs it. `person`, `line` and `contact` are the door's tokens.

    `contact` arrived with the registration; `ring` says which ring it belongs to, if any.
    """

    person: bytes
    assessment_id: UUID
    carrier: str
    on: date
    state: str
    last_two: int | None
    decision: str
    line: bytes
    contact: bytes | None = None
    ring: str | None = None


class Notifier:
    """Writes notices and the messages that tell of them. Every method is for inside `own.writing()`.

    `unsettled` says whether a line was ported, relinked or given a new SIM in the last 30 days.
    """

    def __init__(
        self,
        box: Lockbox,
        register: Register,
        *,
        letters: Vault,
        sender: str,
        unsettled: Unsettled,
        manners: Manners | None = None,
    ) -> None:
        self._box, self._register = box, register
        self._letters, self._sender = letters, sender
        self._unsettled, self._manners = unsettled, manners or Manners()

    def consider(self, own: Connection, cases: Sequence[Case], at: datetime) -> int:
        """Make the notices that these registrations call for; how many."""
        return sum(self._consider(own, case, at) for case in cases)

    def invite(self, own: Connection, invitations: Sequence[Invitation], at: datetime) -> None:
        """Send the codes of a batch that was signed twice."""
        drafts = [self._invitation(one, at) for one in invitations]
        enqueue(own, drafts, at=at, due=self._manners.awake(at))

    def tell_what_is_due(self, own: Connection, at: datetime) -> int:
        """Tell, together for each person, what had to wait; how many messages."""
        rows = own.rows(
            "SELECT id, person, envelope FROM notices WHERE due_at <= ? ORDER BY made_at, id",
            [micros(at)],
        )
        waiting: dict[bytes, list[tuple[str, dict[str, Any]]]] = {}
        for name, person, envelope in rows:
            opened = json.loads(self._letters.open(bytes(envelope), name))
            waiting.setdefault(bytes(person), []).append((name, opened))
        for notices in waiting.values():
            self._tell_together(own, notices, at)
        return len(waiting)

    def detail(self, own: Connection, person: bytes, folio: str) -> Mapping[str, Any] | None:
        """What a notice is about, for who proved to be the person; None for a folio that is not theirs."""
        row, mark = self._box.row(person), self._box.mark("folio", plain_folio(folio))
        found = own.rows(
            "SELECT detail FROM notices WHERE folio = ? AND person = ?", [mark, row.name]
        )
        return self._box.opened(row, bytes(found[0][0]) if found else None)

    def _consider(self, own: Connection, case: Case, at: datetime) -> bool:
        member = self._register.member(own, case.person)
        if member is None or not (case.decision in TELLING or member.every):
            return False
        row, name, folio = self._box.row(case.person), str(uuid.uuid4()), new_folio()
        due = self._due(own, member, row, case=case, at=at)
        own.run(
            "INSERT INTO notices (id, person, folio, detail, made_at) VALUES (?, ?, ?, ?, ?)",
            [name, row.name, self._box.mark("folio", folio), row.seal(_detail(case)), micros(at)],
        )
        if due is not None:
            self._post(own, member, name, folio=folio, ring=case.ring, due=due, at=at)
        return True

    def _due(
        self, own: Connection, member: Member, row: Row, *, case: Case, at: datetime
    ) -> datetime | None:
        """When to tell: `at` for now and by itself, later for together with others, None for never."""
        mark = bytes.fromhex(member.mark)
        if member.silent or mark in (case.line, case.contact) or self._unsettled(own, mark):
            return None
        held = held_until(own, row.name, at)
        if held is not None:
            return self._manners.awake(held)
        sql = "SELECT COUNT(*) FROM notices WHERE person = ? AND made_at > ?"
        [(today,)] = own.rows(sql, [row.name, micros(at - DAY)])
        if today < self._manners.singly:
            return self._manners.awake(at)
        sql = "SELECT MIN(due_at) FROM notices WHERE person = ? AND due_at > ?"
        [(gathering,)] = own.rows(sql, [row.name, micros(at)])
        later = self._manners.together_after
        return self._manners.awake(at + later) if gathering is None else moment(gathering)

    def _post(
        self,
        own: Connection,
        member: Member,
        name: str,
        *,
        folio: str,
        ring: str | None,
        due: datetime,
        at: datetime,
    ) -> None:
        envelope = {
            "contact": self._register.opened(member),
            "by_mail": member.by_mail,
            "language": member.language,
            "folio": folio,
            "ring": ring,
        }
        if due <= at:
            self._tell_together(own, [(name, envelope)], at)
            return
        sealed = self._letters.seal(json.dumps(envelope).encode(), name)
        sql = "UPDATE notices SET due_at = ?, envelope = ? WHERE id = ?"
        own.run(sql, [micros(due), sealed, name])

    def _tell_together(
        self, own: Connection, notices: Sequence[tuple[str, dict[str, Any]]], at: datetime
    ) -> None:
        """One message for all of them, under the first one's name and folio."""
        name, first = notices[0]
        rings = [envelope["ring"] for _, envelope in notices]
        draft = self._draft(name, first, count=len(notices), kind=kind_of_burst(rings), at=at)
        enqueue(own, [draft], at=at, due=at)
        own.run_many(
            "UPDATE notices SET due_at = NULL, envelope = NULL, told_in = ? WHERE id = ?",
            [(draft.message, each) for each, _ in notices],
        )

    def _draft(
        self, name: str, told: Mapping[str, Any], *, count: int, kind: str, at: datetime
    ) -> Draft:
        to, language, folio = told["contact"], told["language"], told["folio"]
        if not told["by_mail"]:
            text = texts.short_notice(folio, language=language, count=count)
            return sms_draft(name, to, text, language=language, vault=self._letters)
        letter = texts.notice(folio, language=language, count=count, kind=kind)
        return mail_draft(
            name, to, letter, sender=self._sender, language=language, at=at, vault=self._letters
        )

    def _invitation(self, one: Invitation, at: datetime) -> Draft:
        name, language = str(uuid.uuid4()), one.language
        if "@" not in one.contact:
            text = texts.short_invitation(one.code, language=language)
            return sms_draft(name, one.contact, text, language=language, vault=self._letters)
        letter = texts.invitation(one.code, institution=one.institution, language=language)
        return mail_draft(
            name,
            one.contact,
            letter,
            sender=self._sender,
            language=language,
            at=at,
            vault=self._letters,
        )


def kind_of_burst(rings: Sequence[str | None]) -> str:
    """One by one, a seller's batch (most of them in one ring), or strangers here and there."""
    if len(rings) == 1:
        return texts.SINGLE
    most = Counter(ring for ring in rings if ring).most_common(1)
    return texts.BATCH if most and most[0][1] * 2 > len(rings) else texts.SCATTERED


def new_folio() -> str:
    """What a person types in: three groups of four letters and digits."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(FOLIO_LETTERS))
    return "-".join(letters[i : i + 4] for i in range(0, FOLIO_LETTERS, 4))


def plain_folio(typed: str) -> str:
    """A folio as typed, in the one form it is known by."""
    letters = "".join(letter for letter in typed.upper() if letter.isalnum())
    return "-".join(letters[i : i + 4] for i in range(0, len(letters), 4))


def _detail(case: Case) -> dict[str, Any]:
    return {
        "assessment": str(case.assessment_id),
        "carrier": case.carrier,
        "on": case.on.isoformat(),
        "state": case.state,
        "last_two": case.last_two,
    }
