"""What the engine takes in at all: by whom tokens were made, and for how many carriers.

*Local*: the engine makes tokens with a key of its own, so whoever holds that key can try every identity. It is
for one carrier; more than one takes a setting of its own. *Custodian*: tokens only, and there is no way in
here to make one of a raw value, whatever fails elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from detector.errors import BadInput
from detector.intake.tokenised import KEY_COLUMNS
from detector.pseudonym import PREFIX, Key, Pseudonymiser
from detector.spans import Bytes, Spans
from serve.answers import LineEvent, Refused
from serve.engine import Question
from serve.naming import TOKEN_MODES

LOCAL, CUSTODIAN = TOKEN_MODES
PERSONAL = frozenset(KEY_COLUMNS)
WORDS = "must be a token: this service takes no raw value"
SEVERAL = (
    "tokens made here are for one carrier: use a custodian, or set SIMVIGIA_SEVERAL_CARRIERS=on"
)


class RawRefused(BadInput):
    """A raw value where only tokens are taken."""


class TokensOnly(Pseudonymiser):
    """A door that reads tokens and makes none of a person's values."""

    def __init__(self, key: Key, *, but: Iterable[str] = ()) -> None:
        super().__init__(key)
        self._closed = PERSONAL.difference(but)

    def tokens(self, domain: str, values: Spans) -> Bytes:
        """As ever for what is no person's. Raises RawRefused otherwise."""
        if domain in self._closed and bool(np.any(values.present)):
            raise RawRefused(
                f"a raw value ({domain}) came where only a custodian's tokens are taken"
            )
        return super().tokens(domain, values)


def raw_fields(event: Mapping[str, Any]) -> list[str]:
    """Columns of a registration that hold something other than a token.

    The handset model (`tac`) counts too: it is no secret, but few people may have it.
    """
    prefix = PREFIX.decode()
    return sorted(
        column
        for column in KEY_COLUMNS.values()
        if event.get(column) is not None and not str(event[column]).startswith(prefix)
    )


class Admission:
    """Looks at what comes before the engine does. `carriers` are those of the store."""

    def __init__(self, mode: str, *, several: bool, carriers: Callable[[], Sequence[str]]) -> None:
        self._mode, self._several, self._carriers = mode, several, carriers
        self._known: frozenset[str] = frozenset(carriers())
        if mode == LOCAL and len(self._known) > 1 and not several:
            raise BadInput(f"the store holds registrations of several carriers; {SEVERAL}")

    @property
    def state(self) -> str:
        """For readiness: who makes the tokens, and whether several carriers rely on one key here."""
        if self._mode == CUSTODIAN or not self._several:
            return self._mode
        return f"{self._mode}, several carriers"

    def check(self, asked: object) -> None:
        """Raises Refused for a raw value in custodian mode, and for a second carrier in local mode."""
        event = _values(asked)
        if self._mode == CUSTODIAN:
            for column in (*raw_fields(event), *_raw_before(event)):
                raise Refused(column, WORDS)
        elif not self._several and isinstance(asked, Question):
            self._one(str(event["carrier_id"]))

    def _one(self, carrier: str) -> None:
        if carrier not in self._known:
            self._known |= {*self._carriers(), carrier}
        if len(self._known) > 1:
            self._known -= {carrier}
            raise Refused("carrier_id", SEVERAL)


def _values(asked: object) -> Mapping[str, Any]:
    if isinstance(asked, Question):
        return asked.event
    return {"imei": asked.imei} if isinstance(asked, LineEvent) else {}


def _raw_before(event: Mapping[str, Any]) -> list[str]:
    """That tokens under the last key are tokens."""
    return [f"previous.{column}" for column in raw_fields(event.get("previous", {}))]
