"""Proof of who somebody is: a code to the contact they enrolled, with the same work for everybody.

Whoever asks gets a challenge, a sealed letter and the same page. For somebody who is not enrolled the
code is one that nobody knows and the letter goes to a route that does not exist.
"""

from __future__ import annotations

import base64
import hmac
import secrets
import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from serve.deliveries.queue import Draft, enqueue, micros
from serve.deliveries.sealing import Vault
from serve.notices import texts
from serve.notices.enrolment import Member, Register
from serve.notices.lockbox import Lockbox, Seals
from serve.notices.notifier import Notifier, Unsettled
from serve.notices.pen import Pen
from serve.store.coarse import minute
from serve.store.database import Connection

CODE_DIGITS, CODE_LIFE, MOST_TRIES = 8, timedelta(minutes=15), 10
AGAIN = timedelta(seconds=30)  # within it the same visit may bring its code twice: a double click
MOST_CODES, DAY = (
    10,
    timedelta(days=1),
)  # codes a day for one person, with and without a folio apart
NOBODY = "nobody"  # a route that is never opened
DECOY = "nobody@portal.invalid"
RIGHT, WRONG, OVER, LOCKED = "right", "wrong", "over", "locked"


def person(subject: int) -> bytes:
    """An identity's token as the register of enrolments is asked with it."""
    return subject.to_bytes(8, "little", signed=True)


@dataclass(frozen=True, slots=True)
class Claim:
    """Who somebody says to be. `once` names this asking: asked twice, it is one code."""

    subject: int
    by: str
    folio: str
    once: str


class Prover:
    """Sends codes and compares them. Whatever writes is called inside `own.writing()`.

    `unsettled` says whether a number was ported, relinked or given a new SIM in the last 30 days: whoever
    has it now may not be who enrolled it, and gets no code.
    """

    def __init__(
        self,
        box: Lockbox,
        register: Register,
        notifier: Notifier,
        *,
        contacts: Seals,
        letters: Vault,
        sender: str,
        unsettled: Unsettled,
    ) -> None:
        self._box, self._register, self._notifier = box, register, notifier
        self._pen, self._unsettled = Pen(letters, sender), unsettled
        sealed = base64.b64encode(contacts.seal(DECOY.encode(), "contact")).decode()
        self._decoy = Member(sealed, "00" * 16, True, "", "other", "es", False, delegate=sealed)

    def begin(self, own: Connection, claim: Claim, *, at: datetime) -> str:
        """Send a code where there is somebody to send it to; the challenge's id either way."""
        who = person(claim.subject)
        member = self._register.member(own, who)
        named = self._notifier.detail(own, who, claim.folio) is not None
        bucket = self._box.mark("portal", f"{claim.subject}/{claim.by}/{named}")
        name = str(uuid.UUID(bytes=self._box.mark("once", f"{claim.once}/{who.hex()}")[:16]))
        sql = "SELECT COUNT(*) FROM portal_challenges WHERE bucket = ? AND made_at > ? AND id <> ?"
        [(made,)] = own.rows(sql, [bucket, micros(at - DAY), name])
        moved = self._unsettled(own, bytes.fromhex((member or self._decoy).mark))
        fine = _may_be_told(member, claim.by) and made < MOST_CODES
        told = member if fine and (claim.by == "delegate" or not moved) else None
        drawn, unknown = self._code(name), secrets.token_hex(CODE_DIGITS // 2)
        code = drawn if told else unknown
        own.run(
            "INSERT INTO portal_challenges (id, bucket, code, made_at, until, tries) "
            "VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT (id) DO NOTHING",
            [name, bucket, self._hidden(name, code), micros(at), micros(at + CODE_LIFE)],
        )
        draft = self._draft(name, told or self._decoy, claim.by, code=code, at=at)
        enqueue(own, [draft if told else replace(draft, route=NOBODY)], at=at, due=at)
        return name

    def check(self, own: Connection, challenge: str, code: str, *, at: datetime) -> str:
        """RIGHT for the right code, once; the visit that brought it may do so again within seconds.
        Otherwise WRONG, OVER (too late, or used), or LOCKED after ten."""
        sql = "SELECT code, until, tries, used_at FROM portal_challenges WHERE id = ?"
        found = own.rows(sql, [challenge])
        if not found:
            return OVER
        held, until, tries, used_at = found[0]
        right = hmac.compare_digest(bytes(held), self._hidden(challenge, code))
        if tries >= MOST_TRIES:
            return LOCKED
        if micros(at) >= until or (used_at is not None and not (right and _is_again(used_at, at))):
            return OVER
        changed = "used_at = ?" if right else "tries = tries + ?"
        value = micros(at) if right else 1
        own.run(f"UPDATE portal_challenges SET {changed} WHERE id = ?", [value, challenge])  # noqa: S608
        if right:
            return RIGHT
        return LOCKED if tries + 1 >= MOST_TRIES else WRONG

    def accept(self, own: Connection, who: bytes, code: str, *, no: bool, at: datetime) -> bool:
        """Yes, or no, to an enrolment with its code. The same again within a day is the same answer."""
        told = self._box.mark("enrolment", f"{who.hex()}/{code}/{no}")
        name = str(uuid.UUID(bytes=told[:16]))
        known = own.rows("SELECT 1 FROM portal_challenges WHERE id = ?", [name])
        if not self._register.accept(own, who, code, at=at):
            return bool(known)
        if no:
            self._register.contest(own, who)
        own.run(
            "INSERT INTO portal_challenges (id, bucket, code, made_at, until, tries, used_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            [name, told, told, micros(at), micros(at), MOST_TRIES, micros(at)],
        )
        return True

    def _code(self, name: str) -> str:
        drawn = int.from_bytes(self._box.mark("portal code", name)[:16], "big")
        return str(drawn % 10**CODE_DIGITS).zfill(CODE_DIGITS)

    def _hidden(self, name: str, code: str) -> bytes:
        return self._box.mark("portal check", f"{name}/{code}")

    def _draft(self, name: str, to: Member, by: str, *, code: str, at: datetime) -> Draft:
        contact = self._register.opened(
            replace(to, contact=to.delegate) if by == "delegate" else to
        )
        words = texts.entry(code, language=to.language)
        return self._pen.draft(name, contact, words, language=to.language, at=at)


def _is_again(used_at: int, at: datetime) -> bool:
    return micros(at - AGAIN) < used_at


def _may_be_told(member: Member | None, by: str) -> bool:
    return member is not None and (by != "delegate" or bool(member.delegate))


def forget(own: Connection, at: datetime) -> None:
    """What is over: challenges, and the letters to nobody. A chore of the dispatcher."""
    own.run("DELETE FROM portal_challenges WHERE until < ?", [micros(at - DAY)])
    own.run(
        "DELETE FROM outbox WHERE route = ? AND created_at < ?",
        [NOBODY, minute(micros(at - CODE_LIFE))],
    )
