"""What is inside the boxes of a store: small rows as bytes."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from detector.registration import LABELS, WITHDRAWN

_EVENT = struct.Struct(">qqhqi")
_VERDICT = struct.Struct(">q?qBh?d")
_VERDICTS = (*LABELS, WITHDRAWN)  # its byte


@dataclass(frozen=True, slots=True)
class Seen:
    """A line event of the log; times are microseconds. `at` is from when on it was known here."""

    sequence: int
    at: int
    occurred_at: int
    kind: int
    handset: int
    place: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict of the log. `at` is from when on it was known here, `verdict_on` the carrier's date.

    `label` is one of LABELS, or WITHDRAWN: from then on nobody says anything.
    """

    sequence: int
    at: int
    verdict_on: int | None
    label: str
    source: int
    confidence: float | None

    @property
    def fraud(self) -> bool:
        """Whether it says that an identity was misused."""
        return self.label == LABELS[1]

    @property
    def withdrawn(self) -> bool:
        """Whether it takes back what was said."""
        return self.label == WITHDRAWN


def event(seen: Seen) -> bytes:
    """A line event; its registration is beside it."""
    return _EVENT.pack(seen.at, seen.occurred_at, seen.kind, seen.handset, seen.place)


def seen(sequence: int, text: bytes) -> Seen:
    """A line event again."""
    return Seen(sequence, *_EVENT.unpack(text))


def said(verdict: Verdict) -> bytes:
    """A verdict; its registration is beside it."""
    on, sure = verdict.verdict_on, verdict.confidence
    return _VERDICT.pack(
        verdict.at,
        on is not None,
        on or 0,
        _VERDICTS.index(verdict.label),
        verdict.source,
        sure is not None,
        sure or 0.0,
    )


def verdict(sequence: int, text: bytes) -> Verdict:
    """A verdict again."""
    at, dated, on, label, source, weighed, sure = _VERDICT.unpack(text)
    return Verdict(
        sequence, at, on if dated else None, _VERDICTS[label], source, sure if weighed else None
    )


def names(carrier: str, registration_id: str) -> bytes:
    """What a carrier calls a registration."""
    return f"{carrier}\0{registration_id}".encode()


def named(text: bytes) -> tuple[str, str]:
    """Carrier and registration id again."""
    carrier, registration_id = text.decode().split("\0")
    return carrier, registration_id
