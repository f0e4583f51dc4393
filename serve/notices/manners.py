"""When to tell: not at night, not the fifteenth time today, not while an authority asked to wait."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from serve.answers import Refused
from serve.audit.ledger import note
from serve.deliveries.queue import micros, moment
from serve.store.database import Connection

LONGEST_HOLD = timedelta(days=90)
MEXICO = ZoneInfo("America/Mexico_City")


@dataclass(frozen=True, slots=True)
class Manners:
    """Quiet hours on the clock of `zone`; so many notices a day one by one, the rest together."""

    quiet_from: time = time(22)
    quiet_until: time = time(7)
    zone: ZoneInfo = MEXICO
    singly: int = 3
    together_after: timedelta = timedelta(hours=4)

    def awake(self, at: datetime) -> datetime:
        """The same moment, or the end of the quiet hours that it lies in."""
        local = at.astimezone(self.zone)
        now, start, end = local.time(), self.quiet_from, self.quiet_until
        night = start <= now or now < end if start > end else start <= now < end
        if not night:
            return at
        day = local.date() + timedelta(days=1 if now >= end else 0)
        return datetime.combine(day, end, self.zone).astimezone(at.tzinfo)


def hold(
    own: Connection,
    person: bytes,
    *,
    authority: str,
    reference: str,
    entered_by: str,
    until: datetime,
    at: datetime,
) -> str:
    """Note an authority's written request that notices to a person wait, inside `own.writing()`.

    `person` is the row's name. Notices are made all the same and told when it ends. Raises Refused.
    """
    if not at < until <= at + LONGEST_HOLD:
        raise Refused("until", f"must lie ahead, by at most {LONGEST_HOLD.days} days")
    if not (authority.strip() and reference.strip()):
        raise Refused("reference", "needs the authority and its written request")
    name = str(uuid.uuid4())
    own.run(
        "INSERT INTO notice_holds VALUES (?, ?, ?, ?, ?, ?, ?)",
        [name, person, authority, reference, entered_by, micros(at), micros(until)],
    )
    asked = {"authority": authority, "reference": reference, "entered_by": entered_by}
    note(own, "delay", at=at, facts={}, delay=name, until=micros(until), **asked)
    own.run(
        "UPDATE notices SET due_at = ? WHERE person = ? AND due_at < ?",
        [micros(until), person, micros(until)],
    )
    return name


def held_until(own: Connection, person: bytes, at: datetime) -> datetime | None:
    """Until when notices to this person wait; None where they do not."""
    sql = "SELECT MAX(until) FROM notice_holds WHERE person = ? AND until > ?"
    [(until,)] = own.rows(sql, [person, micros(at)])
    return moment(until) if until is not None else None
