"""What an answer's box holds: its numbers as numbers, what it was made with by number, and the rest deflated.

An answer is recorded as text, and its text is what the audit log commits to, so it is the same again, byte
for byte. A text of another form is deflated as it stands, as all were before: such a box begins with a zero.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable
from typing import Protocol

from detector.decision import DECISIONS

_SAID = re.compile(
    rb'\{"score":([^,]+),"decision":"([a-z_]+)","reasons":(\[[^]]*\]),("versions":\[[^]]*\]),'
    rb'"now":(\d+),("code":"[^"]*")(.*)\}',
    re.DOTALL,
)
_WAY = 1  # the first byte
_MOMENT, _AS_OF = 7, 6  # bytes
_NUMBERS = struct.Struct(">HdBQ")  # wording, score, decision, now
_BEGINNING = 1 + _MOMENT + _AS_OF + _NUMBERS.size
_PLAIN = struct.Struct(">qq")
# What most answers say, so that deflate only keeps what differs. They grow at their beginning only: what was
# packed before counts from their end.
_USUAL = (
    b'"lacking":{"breaches":"stale","officials":"stale"},{"breaches":"none","officials":"none"}'
    b'"late":true,"imported":true,"first":"step_up","propensity":0.0,"reasons":["LINKED_RISK","RING"'
    b',"SIM_BATCH","PLACE_UNUSUAL","LINE_WITHOUT_HISTORY"],{"score":0.000'
    b',"decision":"hold","step_up","allow_notify","decision":"allow","reasons":[],"versions":["'
    b'"],"now":17,"code":"'
)
_REST = (
    b'"IDENTITY_MANY_LINES","IDENTITY_OVER_CAP","IDENTITY_VARIANTS","DEVICE_SHARED","HANDSET_SHARED",'
    b'"CONTACT_SHARED","ADDRESS_SHARED","LINE_CHANGED_HANDS","VALIDATION_WEAK","VALIDATION_DECEASED",'
    b'"BUSINESS_PATTERN","LINE_HANDED_OVER","LINE_DORMANT","LINE_REPORTED","HANDSET_CROWD","UNUSUAL",'
    b'"LINKED_DISOWNED","SELLER_PATTERN","LINKED_RISK","RING","SIM_BATCH","PLACE_UNUSUAL",'
    b'"LINE_WITHOUT_HISTORY"],"alone":true,"propensity":0.0,"first":"step_up",'
    b'"lacking":{"breaches":"stale","officials":"stale"},"late":true[],"imported":true'
    b'[],"lacking":{"breaches":"none","officials":"none"}'
)


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


def answered(answer: Answered, number: Callable[[bytes], int]) -> bytes:
    """An answer with its moment and what it had seen; `number` gives one to what it was made with."""
    found = _SAID.fullmatch(answer.answer)
    if found is None or not _fits(answer, found):
        packed = _PLAIN.pack(answer.moment, answer.as_of)
        return packed + _deflated(answer.answer, _USUAL)
    score, decision, reasons, versions, now, code, rest = found.groups()
    numbers = _NUMBERS.pack(
        number(versions + b"," + code), float(score), DECISIONS.index(decision.decode()), int(now)
    )
    return (
        bytes((_WAY,))
        + answer.moment.to_bytes(_MOMENT, "big")
        + answer.as_of.to_bytes(_AS_OF, "big")
        + numbers
        + _deflated(reasons + rest, _REST)
    )


def _fits(answer: Answered, found: re.Match[bytes]) -> bool:
    """Whether its numbers have room, and are written as they will be again."""
    score, decision, _, _, now, _, _ = found.groups()
    return (
        0 <= answer.moment < 1 << 8 * _MOMENT
        and 0 <= answer.as_of < 1 << 8 * _AS_OF
        and int(now) < 1 << 63
        and str(int(now)).encode() == now
        and _number_again(score)
        and decision.decode() in DECISIONS
    )


def _number_again(score: bytes) -> bool:
    try:
        return repr(float(score)).encode() == score
    except ValueError:
        return False


def answer_in(text: bytes, wording: Callable[[int], bytes]) -> tuple[int, int, bytes]:
    """Moment, first sequence that was not seen, and what was said; `wording` is what a number stands for."""
    if text[0] != _WAY:
        moment, as_of = _PLAIN.unpack_from(text)
        return moment, as_of, _inflated(text[_PLAIN.size :], _USUAL)
    seen = 1 + _MOMENT
    moment, as_of = (int.from_bytes(part, "big") for part in (text[1:seen], text[seen:][:_AS_OF]))
    number, score, decision, now = _NUMBERS.unpack_from(text, seen + _AS_OF)
    rest = _inflated(text[_BEGINNING:], _REST)
    end = rest.index(b"]") + 1
    versions, code = wording(number).rsplit(b',"code"', 1)
    said = b'{"score":%b,"decision":"%b","reasons":%b,%b,"now":%d,"code"%b%b}'
    return (
        moment,
        as_of,
        said
        % (
            repr(score).encode(),
            DECISIONS[decision].encode(),
            rest[:end],
            versions,
            now,
            code,
            rest[end:],
        ),
    )


def _deflated(text: bytes, usual: bytes) -> bytes:
    packer = zlib.compressobj(9, wbits=-15, zdict=usual)
    return packer.compress(text) + packer.flush()


def _inflated(text: bytes, usual: bytes) -> bytes:
    return zlib.decompressobj(-15, zdict=usual).decompress(text)
