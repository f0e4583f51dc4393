"""Through the door: an enrolled identity and its contacts as tokens that registrations can be met with."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from detector import spans
from detector.identity import line
from detector.intake import identity
from detector.pseudonym import Pseudonymiser
from detector.registration import IDENTITY_TYPES
from serve.deliveries.queue import EPOCH
from serve.notices.cases import person


def subject(kind: str, value: str, door: Pseudonymiser, *, at: datetime) -> bytes | None:
    """The token of an identity, or None where it is malformed."""
    if kind not in IDENTITY_TYPES:
        return None
    found = identity(kind, value, door, day=(at - EPOCH).days)
    return person(found) if found else None


def marks(contact: str, door: Pseudonymiser) -> tuple[bytes, bytes]:
    """What a contact is known by, and what it would be if it came with a registration.

    A number is known as the line that it is; an address as the contact that it is. Both are zero bytes
    where it is neither.
    """
    written = spans.from_arrow(pa.array([contact.encode()], pa.binary()))
    arrived = int(door.ids("contact", line.contacts(written))[0])
    number = int(door.ids("line", line.lines(written).line)[0])
    return person(number or arrived), person(arrived)
