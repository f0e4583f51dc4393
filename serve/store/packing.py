"""What is inside the boxes of a store: small rows as bytes."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Protocol

from detector.registration import LABELS, WITHDRAWN

_EVENT = struct.Struct(">qqhqi")
_VERDICT = struct.Struct(">q?qBh?d")
_ANSWER = struct.Struct(">qq")
_VERDICTS = (*LABELS, WITHDRAWN)  # its byte
# What most answers say, so that deflate only keeps what differs. It grows at its beginning only: what was
# packed before counts from its end.
_USUAL = (
    b'"lacking":{"breaches":"stale","officials":"stale"},{"breaches":"none","officials":"none"}'
    b'"late":true,"imported":true,"first":"step_up","propensity":0.0,"reasons":["LINKED_RISK","RING"'
    b',"SIM_BATCH","PLACE_UNUSUAL","LINE_WITHOUT_HISTORY"],{"score":0.000'
    b',"decision":"hold","step_up","allow_notify","decision":"allow","reasons":[],"versions":["'
    b'"],"now":17,"code":"'
)


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


class Answered(Protocol):
    """What an answer's box holds."""

    @property
    def moment(self) -> int:
        """What was asked about."""
        ...

    @property
    def as_of(self) -> int:
        """The first sequence that was not seen."""
        ...

    @property
    def answer(self) -> bytes:
        """What was said."""
        ...


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


def answered(answer: Answered) -> bytes:
    """An answer with its moment and what it had seen."""
    packer = zlib.compressobj(9, wbits=-15, zdict=_USUAL)
    return (
        _ANSWER.pack(answer.moment, answer.as_of) + packer.compress(answer.answer) + packer.flush()
    )


def answer_in(text: bytes) -> tuple[int, int, bytes]:
    """Moment, first sequence that was not seen, and what was said."""
    moment, as_of = _ANSWER.unpack(text[: _ANSWER.size])
    return moment, as_of, zlib.decompressobj(-15, zdict=_USUAL).decompress(text[_ANSWER.size :])
