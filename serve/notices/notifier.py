"""From a registration to a notice: whether, to which contact, when, and in what words.

It works after the answer to the carrier and never changes it: membership is looked up for every
registration it is given, with the same work for everybody.
"""

from __future__ import annotations

import json
import secrets
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from serve.deliveries.queue import Draft, enqueue, micros, moment
from serve.deliveries.sealing import Vault
from serve.notices import texts
from serve.notices.answered import TELLING
from serve.notices.enrolment import Invitation, Member, Register
from serve.notices.lockbox import Lockbox, Row
from serve.notices.mail import mail_draft
from serve.notices.manners import Manners, held_until
from serve.notices.sms import sms_draft
from serve.store.database import Connection

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no 0 O, 1 I L, U: read aloud without mistakes
FOLIO_LETTERS = 12  # 30^12, or 59 bits: with ten million open, a guess hits one in 5e10
DAY = timedelta(days=1)
Unsettled = Callable[[Connection, bytes], bool]


@dataclass(frozen=True, slots=True)
class Case:
    """A registration as the notifier needs it. `person`, `line` and `contact` are the door's tokens.

    `contact` arrived with the registration; `alike` is what a batch made by one hand would share.
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
    alike: frozenset[str] = frozenset()


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

    def due(self, own: Connection, at: datetime) -> bool:
        """Whether something that had to wait is due."""
        return bool(own.rows("SELECT 1 FROM notices WHERE due_at <= ? LIMIT 1", [micros(at)]))

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
        member = self._called_for(own, case)
        if member is None:
            return False
        row, name, folio = self._box.row(case.person), str(uuid.uuid4()), new_folio()
        about = self._box.mark("about", f"{row.name.hex()}/{case.assessment_id}")
        if own.rows("SELECT 1 FROM notices WHERE about = ?", [about]):
            return False
        to = self._contacts(own, member, case)
        due = self._due(own, row, at) if to else None
        mark, detail = self._box.mark("folio", folio), row.seal(_detail(case))
        own.run(
            "INSERT INTO notices (id, person, folio, detail, made_at, about) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            [name, row.name, mark, detail, micros(at), about],
        )
        if due is not None:
            told = {"to": to, "language": member.language, "folio": folio}
            self._post(own, name, told | {"alike": sorted(case.alike)}, due=due, at=at)
        return True

    def _called_for(self, own: Connection, case: Case) -> Member | None:
        """Whoever is to be told of this registration: one look, whoever it is about."""
        member = self._register.member(own, case.person)
        wanted = member is not None and (case.decision in TELLING or member.every)
        return member if wanted else None

    def _contacts(self, own: Connection, member: Member, case: Case) -> list[str]:
        """Where to tell: neither the new line, nor what came with it, nor a number that moved lately."""
        if member.silent:
            return []
        mark = bytes.fromhex(member.mark)
        came = {case.line, case.contact}
        moved = mark in came or bytes.fromhex(member.arrived) in came or self._unsettled(own, mark)
        found = [] if moved else [self._register.opened(member)]
        if member.delegate and bytes.fromhex(member.delegate_mark) not in came:
            found.append(self._register.opened(replace(member, contact=member.delegate)))
        return found

    def _due(self, own: Connection, row: Row, at: datetime) -> datetime:
        """When to tell: `at` for now and by itself, later for together with others."""
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
        self, own: Connection, name: str, envelope: dict[str, Any], *, due: datetime, at: datetime
    ) -> None:
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
        kind = kind_of_burst([envelope["alike"] for _, envelope in notices])
        drafts = [
            self._draft(_copy(name, i), to, first, count=len(notices), kind=kind, at=at)
            for i, to in enumerate(first["to"])
        ]
        enqueue(own, drafts, at=at, due=at)
        own.run_many(
            "UPDATE notices SET due_at = NULL, envelope = NULL, told_in = ? WHERE id = ?",
            [(name, each) for each, _ in notices],
        )

    def _draft(
        self, name: str, to: str, told: Mapping[str, Any], *, count: int, kind: str, at: datetime
    ) -> Draft:
        language, folio = told["language"], told["folio"]
        if "@" not in to:
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


def kind_of_burst(alike: Sequence[Collection[str]]) -> str:
    """One by one, a seller's batch (most of them share something), or strangers here and there."""
    if len(alike) == 1:
        return texts.SINGLE
    most = Counter(key for each in alike for key in set(each)).most_common(1)
    return texts.BATCH if most and most[0][1] * 2 > len(alike) else texts.SCATTERED


def _copy(name: str, number: int) -> str:
    """The name of a notice's message to its first contact, and to each further one."""
    return name if not number else str(uuid.uuid5(uuid.UUID(name), str(number)))


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
