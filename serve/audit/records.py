"""What stands in the audit log: what kind of thing happened on which day, and a commitment to the rest.

Nothing of a person is in a record. The details stay where they are kept anyway, beside the salt; who
has both can show what was committed to, and once the salt is deleted the record says nothing more,
while the chain stays whole. Days, not seconds: a second would join the log to a carrier's own books.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from detector.errors import BadInput

KINDS = (
    "decision", "look_up", "label", "promotion", "key", "erasure", "budget", "export",
    "portal", "enrolment", "delay", "tables",
)  # fmt: skip
SALT_BYTES = 16  # nobody guesses one
_OLDER_SALT_BYTES = 32
LONGEST = 4_096  # bytes of a record


class AuditBroken(BadInput):
    """The log is not what it was. The message names the place."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. `facts` are for everybody: versions, key ids, counts; nothing of a person."""

    kind: str
    day: date
    commitment: bytes
    facts: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise BadInput(f"an audit entry is one of {', '.join(KINDS)}")
        if len(self.commitment) != hashlib.sha256().digest_size:
            raise BadInput("an audit entry's commitment is 32 bytes")

    def packed(self) -> bytes:
        """Its bytes, the same for the same entry. Raises BadInput where they are too many."""
        text = {"kind": self.kind, "day": self.day.isoformat(), "commitment": self.commitment.hex()}
        packed = _canonical(text | {"facts": dict(self.facts)})
        if len(packed) > LONGEST:
            raise BadInput("an audit entry's facts are too long")
        return packed

    @classmethod
    def unpacked(cls, packed: bytes) -> Entry:
        """The entry in its bytes. Raises AuditBroken."""
        try:
            text = json.loads(packed)
            day, commitment = date.fromisoformat(text["day"]), bytes.fromhex(text["commitment"])
            return cls(text["kind"], day, commitment, text["facts"])
        except (ValueError, KeyError, TypeError, BadInput):
            raise AuditBroken("a record holds no audit entry") from None


def commitment(details: Mapping[str, object], salt: bytes) -> bytes:
    """What commits to the details without telling them; `salt` is 16 random bytes, one per record.

    It is 32 of records made before the shorter ones. Raises BadInput for any other length.
    """
    if len(salt) not in {SALT_BYTES, _OLDER_SALT_BYTES}:
        raise BadInput("a commitment's salt is 16 random bytes, or 32 of before")
    return hmac.digest(salt, _canonical(details), "sha256")


def opens(committed: bytes, details: Mapping[str, object], salt: bytes) -> bool:
    """Whether these are the details that were committed to."""
    return hmac.compare_digest(committed, commitment(details, salt))


def _canonical(content: Mapping[str, object]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
