"""Enrolment as institutions and carriers work with it: one connection, one at a time.

What comes in is raw and stays in memory: identities leave as tokens, contacts sealed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from detector.pseudonym import Pseudonymiser
from serve.answers import Refused
from serve.deliveries.queue import micros
from serve.notices.enrolment import Entry, Institution, Register
from serve.notices.lockbox import Lockbox
from serve.notices.notifier import Notifier
from serve.notices.tokens import marks, subject
from serve.store.database import Connection

VOUCH_LIFE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Proposed:
    """One person of a batch, as an institution writes it. Shows nothing of itself."""

    identity_type: str = field(repr=False)
    identity_value: str = field(repr=False)
    contact: str = field(repr=False)
    tier: str = "other"
    language: str = "es"
    delegate: str = field(default="", repr=False)
    vouched_by: str = ""
    every: bool = False


class Enrolments:
    """Takes batches, signatures and carriers' words. Every call may raise Unavailable and Refused."""

    def __init__(
        self,
        own: Connection,
        door: Pseudonymiser,
        *,
        box: Lockbox,
        register: Register,
        notifier: Notifier,
        institutions: Mapping[str, Institution],
        now: Callable[[], datetime],
    ) -> None:
        self._own, self._door, self._box = own, door, box
        self._register, self._notifier = register, notifier
        self._institutions, self._now = institutions, now
        self._one = threading.Lock()

    def propose(self, institution: str, people: Sequence[Proposed], *, signer: str) -> str:
        """The first signature; the batch's id."""
        at, house = self._now(), self._house(institution, signer)
        entries = [self._entry(one, i, at) for i, one in enumerate(people)]
        with self._one, self._own.writing():
            self._check_words(house, entries, at)
            return self._register.propose(self._own, house, entries, signer=signer, at=at)

    def countersign(
        self, institution: str, people: Sequence[Proposed], *, batch: str, signer: str
    ) -> None:
        """The second signature: codes go out to whoever is not enrolled. Raises Unknown."""
        at, house = self._now(), self._house(institution, signer)
        entries = [self._entry(one, i, at) for i, one in enumerate(people)]
        with self._one, self._own.writing():
            self._check_words(house, entries, at)
            invitations = self._register.countersign(
                self._own, house, entries, batch=batch, signer=signer, at=at
            )
            self._notifier.invite(self._own, invitations, at)

    def vouch(self, carrier: str, one: Proposed) -> None:
        """A carrier's word that a contact is a person's. The contact is not kept, only a hash of it all."""
        at = self._now()
        entry = self._entry(one, None, at)
        with self._one, self._own.writing():
            self._own.run("DELETE FROM enrolment_vouches WHERE until < ?", [micros(at)])
            self._own.run(
                "INSERT INTO enrolment_vouches (id, until) VALUES (?, ?) "
                "ON CONFLICT (id) DO UPDATE SET until = excluded.until",
                [self._word(carrier, entry), micros(at + VOUCH_LIFE)],
            )

    def _house(self, institution: str, signer: str) -> Institution:
        """An institution that is not there and one that the signer is not of are refused alike."""
        house = self._institutions.get(institution)
        if house is None or signer not in house.signers:
            raise Refused("institution", "not one that this client may sign for")
        return house

    def _entry(self, one: Proposed, number: int | None, at: datetime) -> Entry:
        place = "" if number is None else f"entries.{number}."
        person = subject(one.identity_type, one.identity_value, self._door, at=at)
        if person is None:
            raise Refused(f"{place}identityValue", "malformed")
        mark, arrived = marks(one.contact, self._door)
        if not any(arrived):
            raise Refused(f"{place}contact", "neither an e-mail address nor E.164")
        return Entry(
            person=person,
            contact=one.contact,
            mark=mark,
            tier=one.tier,
            language=one.language,
            delegate=one.delegate,
            vouched_by=one.vouched_by,
            every=one.every,
            arrived=arrived,
            delegate_mark=marks(one.delegate, self._door)[1] if one.delegate else b"",
        )

    def _check_words(self, house: Institution, entries: Sequence[Entry], at: datetime) -> None:
        """Raises Refused where a carrier is named that did not vouch."""
        sql = "SELECT 1 FROM enrolment_vouches WHERE id = ? AND until > ?"
        for number, entry in enumerate(entries):
            if not entry.vouched_by or entry.vouched_by == house.carrier:
                continue
            if not self._own.rows(sql, [self._word(entry.vouched_by, entry), micros(at)]):
                raise Refused(
                    f"entries.{number}.vouchedBy", "this carrier has not vouched for this contact"
                )

    def _word(self, carrier: str, entry: Entry) -> bytes:
        told = f"{carrier}/{entry.person.hex()}/{entry.arrived.hex()}"
        return self._box.mark("vouch", told)
