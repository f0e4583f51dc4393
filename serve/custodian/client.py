"""The client's side of the custodian: blinds a batch, asks, checks, takes the blind off, keeps nothing.

The key is held by one custodian or, additively, by two. Public keys are pinned: they come from the
client's own settings and never from the custodian, which could otherwise show each carrier another.
Whatever is wrong is refused with a word; there is no other way to a token and no way back to raw text.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import httpx

from detector.errors import DetectorError
from detector.pseudonym import DOMAINS, TOKEN_BYTES
from serve.custodian import group, oprf, proofs
from serve.custodian.group import BadElement

BATCH = 1_024  # elements per question: about 60 ms of the custodian's time
SEPARATOR = b"simvigia/token/1"


class CustodianRefused(DetectorError):
    """No tokens could be had. `word` says why: `unreachable`, `bad_element`, `wrong_count`, `other_key`,
    or the custodian's own word."""

    def __init__(self, word: str) -> None:
        super().__init__(f"the custodian's answer cannot be used: {word}")
        self.word = word


class Half(Protocol):
    """Whoever holds the key, or one of its two halves."""

    def evaluations(self, key_id: str, asked: Sequence[bytes]) -> list[bytes]:
        """Each element times the key. Raises CustodianRefused."""
        ...

    def proof(self, key_id: str, asked: Sequence[bytes], answered: Sequence[bytes]) -> bytes:
        """That the answers were made with the key. Raises CustodianRefused."""
        ...


@dataclass(frozen=True)
class RemoteHalf:
    """A custodian over HTTP; `http` carries its address, TLS settings and the time it may take."""

    http: httpx.Client
    credential: str = field(repr=False)

    def evaluations(self, key_id: str, asked: Sequence[bytes]) -> list[bytes]:
        """Each element times the key. Raises CustodianRefused."""
        body = self._posted(f"/v1/keys/{key_id}/evaluations", b"".join(asked))
        try:
            return group.elements(body)
        except BadElement:
            raise CustodianRefused("bad_element") from None

    def proof(self, key_id: str, asked: Sequence[bytes], answered: Sequence[bytes]) -> bytes:
        """That the answers were made with the key. Raises CustodianRefused."""
        return self._posted(f"/v1/keys/{key_id}/proofs", b"".join([*asked, *answered]))

    def _posted(self, path: str, body: bytes) -> bytes:
        try:
            answer = self.http.post(
                path, content=body, headers={"authorization": f"Bearer {self.credential}"}
            )
        except httpx.HTTPError:
            raise CustodianRefused("unreachable") from None
        if answer.status_code != 200:
            raise CustodianRefused(_word(answer))
        return answer.content


def _word(answer: httpx.Response) -> str:
    """The custodian's own word, if it is one: what a stranger writes is not passed on."""
    try:
        word = str(answer.json()["error"])
    except (ValueError, KeyError, TypeError):
        return "no_custodian"
    return word if word.replace("_", "").isalpha() and len(word) <= 32 else "no_custodian"


@dataclass(frozen=True)
class CustodianTokens:
    """Tokens of values under one key of the custodian.

    `pins` holds, per half, the public key that everybody knows. The first batch is proved, and later
    ones with the chance `proved`; which, a custodian learns only once it has answered.
    """

    key_id: str
    halves: Sequence[Half]
    pins: Sequence[bytes]
    proved: float = 0.01
    _proved_once: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        sound = len(self.halves) == len(self.pins) in {1, 2}
        if not sound or not all(map(group.is_element, self.pins)):
            raise CustodianRefused("bad_pins")

    def tokens(self, values: Sequence[tuple[str, bytes]]) -> list[bytes]:
        """16 bytes for each (domain, value). Raises CustodianRefused."""
        out: list[bytes] = []
        for start in range(0, len(values), BATCH):
            out += self._batch([_input(*each) for each in values[start : start + BATCH]])
        return out

    def _batch(self, inputs: list[bytes]) -> list[bytes]:
        blinds = [group.random_scalar() for _ in inputs]
        asked = [oprf.blinded(i, b, oprf.VOPRF) for i, b in zip(inputs, blinds, strict=True)]
        answers = [half.evaluations(self.key_id, asked) for half in self.halves]
        if any(len(answer) != len(asked) for answer in answers):
            raise CustodianRefused("wrong_count")
        try:
            whole = [_sum(parts) for parts in zip(*answers, strict=True)]
            made = oprf.outputs(inputs, blinds, whole)
        except BadElement:
            raise CustodianRefused("bad_element") from None
        self._check(asked, answers)
        return [output[:TOKEN_BYTES] for output in made]

    def _check(self, asked: list[bytes], answers: list[list[bytes]]) -> None:
        if self._proved_once and secrets.randbelow(1_000_000) >= self.proved * 1_000_000:
            return
        for half, pin, answer in zip(self.halves, self.pins, answers, strict=True):
            if not proofs.holds(pin, asked, answer, half.proof(self.key_id, asked, answer)):
                raise CustodianRefused("other_key")
        self._proved_once.append(True)


def _sum(parts: tuple[bytes, ...]) -> bytes:
    return parts[0] if len(parts) == 1 else group.total(*parts)


def _input(domain: str, value: bytes) -> bytes:
    """A value in its domain: the same text as a device and as a contact are two inputs."""
    if domain not in _TAGS:
        raise CustodianRefused("unknown_domain")
    return _TAGS[domain] + value


_TAGS: Mapping[str, bytes] = {
    domain: oprf.framed(SEPARATOR) + oprf.framed(domain.encode()) for domain in DOMAINS
}
