"""Identities for a carrier's testers, named by the answer they cause. Nothing of them reaches the engine.

    identityType PASSPORT, identityValue ZZZ:TESTALLOW, ZZZ:TESTALLOWNOTIFY, ZZZ:TESTSTEPUP, ZZZ:TESTHOLD,
    ZZZ:TESTSLOW (allowed after two seconds), ZZZ:TESTDEGRADED (allowed by rules, without the model),
    ZZZ:TESTUNAVAILABLE (503)

`ZZZ` is a country that ISO 3166 leaves to its users. Where the sandbox is off these are refused.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from serve.answers import (
    SOURCES,
    Assessment,
    Contradicted,
    Desk,
    LineEvent,
    Outcome,
    Refused,
    Unavailable,
    Unknown,
)

PREFIX = "ZZZ:TEST"
SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:simvigia:sandbox")
REMEMBERED = 10_000
SLOW = 2.0  # seconds


@dataclass(frozen=True, slots=True)
class Script:
    """The answer that a test identity causes."""

    decision: str = "allow"
    score: float = 0.001
    reasons: tuple[str, ...] = ()
    wait: float = 0.0
    degraded: bool = False
    unavailable: bool = False


SCRIPTS = {
    "ALLOW": Script(),
    "ALLOWNOTIFY": Script("allow_notify", 0.05, ("UNUSUAL",)),
    "STEPUP": Script("step_up", 0.3, ("UNUSUAL",)),
    "HOLD": Script("hold", 0.9, ("UNUSUAL",)),
    "SLOW": Script(wait=SLOW),
    "DEGRADED": Script(degraded=True),
    "UNAVAILABLE": Script(unavailable=True),
}


def is_test(event: Mapping[str, object]) -> bool:
    """Whether the identity is one of ours."""
    return str(event["identity_value"]).startswith(PREFIX)


def _script(event: Mapping[str, object]) -> Script:
    found = SCRIPTS.get(str(event["identity_value"]).removeprefix(PREFIX))
    if found is None or event["identity_type"] != "passport":
        raise Refused("identityValue", "no such test identity")
    held = found.decision == "hold" and event["operation"] == "link_existing"
    return SCRIPTS["STEPUP"] if held else found  # as in earnest: a line that exists is never held


class Closed:
    """A desk that refuses test identities, so that no test becomes part of a country's history."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.retrieve, self.find, self.ready = desk.retrieve, desk.find, desk.ready
        self.report_event, self.report_outcome = desk.report_event, desk.report_outcome

    async def assess(
        self, event: Mapping[str, object], *, imported: bool = False, notify: bool = True
    ) -> Assessment:
        """As the desk does."""
        if is_test(event):
            raise Refused("identityValue", "a test identity, and this is no sandbox")
        return await self._desk.assess(event, imported=imported, notify=notify)

    async def assess_all(
        self, events: Sequence[Mapping[str, object]], *, imported: bool = False, notify: bool = True
    ) -> list[Assessment | Exception]:
        """As the desk does."""
        return await _apart(self, self._desk, events, imported=imported, notify=notify)


class Sandbox:
    """A desk that answers test identities itself and gives everything else to the desk behind it."""

    def __init__(
        self,
        desk: Desk,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._desk, self._clock, self._sleep = desk, clock, sleep
        self._given: OrderedDict[UUID, tuple[Mapping[str, object], Assessment]] = OrderedDict()
        self.ready = desk.ready

    async def assess(
        self, event: Mapping[str, object], *, imported: bool = False, notify: bool = True
    ) -> Assessment:
        """The scripted answer of a test identity."""
        if not is_test(event):
            return await self._desk.assess(event, imported=imported, notify=notify)
        script, name = _script(event), _name(event["carrier_id"], event["registration_id"])
        if script.unavailable:
            raise Unavailable(retry_after=1)
        if name in self._given:
            return self._again(name, event)
        await self._sleep(script.wait)
        made = _answer(script, name, event, at=self._clock())
        self._given[name] = dict(event), made
        if len(self._given) > REMEMBERED:
            self._given.popitem(last=False)
        return made

    def _again(self, name: UUID, event: Mapping[str, object]) -> Assessment:
        asked, given = self._given[name]
        if dict(event) != asked:
            raise Contradicted
        return replace(given, repeated=True)

    async def assess_all(
        self, events: Sequence[Mapping[str, object]], *, imported: bool = False, notify: bool = True
    ) -> list[Assessment | Exception]:
        """Each as `assess` does."""
        return await _apart(self, self._desk, events, imported=imported, notify=notify)

    async def retrieve(self, assessment_id: UUID, carriers: frozenset[str]) -> Assessment:
        """What was given, to its own carrier."""
        if assessment_id not in self._given:
            return await self._desk.retrieve(assessment_id, carriers)
        given = self._given[assessment_id][1]
        if given.carrier_id not in carriers:
            raise Unknown
        return given

    async def find(self, carrier_id: str, registration_id: str) -> Assessment:
        """What was given."""
        known = self._given.get(_name(carrier_id, registration_id))
        return known[1] if known else await self._desk.find(carrier_id, registration_id)

    async def report_event(self, event: LineEvent) -> Assessment:
        """A test line stays as it is."""
        known = self._given.get(_name(event.carrier_id, event.registration_id))
        return known[1] if known else await self._desk.report_event(event)

    async def report_outcome(self, outcome: Outcome) -> Assessment:
        """A test line stays as it is."""
        known = self._given.get(_name(outcome.carrier_id, outcome.registration_id))
        return known[1] if known else await self._desk.report_outcome(outcome)


async def _apart(
    own: Sandbox | Closed,
    desk: Desk,
    events: Sequence[Mapping[str, object]],
    *,
    imported: bool,
    notify: bool,
) -> list[Assessment | Exception]:
    """Test identities one by one, all else to the desk together; outcomes in the order of the events."""
    real = [event for event in events if not is_test(event)]
    found = iter(await desk.assess_all(real, imported=imported, notify=notify) if real else [])
    outcomes: list[Assessment | Exception] = []
    for event in events:
        if not is_test(event):
            outcomes.append(next(found))
            continue
        try:
            outcomes.append(await own.assess(event, imported=imported, notify=notify))
        except (Refused, Contradicted, Unavailable) as refusal:
            outcomes.append(refusal)
    return outcomes


def _name(carrier_id: object, registration_id: object) -> UUID:
    return uuid.uuid5(SPACE, f"{carrier_id}/{registration_id}")


def _answer(script: Script, name: UUID, event: Mapping[str, object], *, at: datetime) -> Assessment:
    asks = script.decision in ("step_up", "hold")
    return Assessment(
        assessment_id=name,
        carrier_id=str(event["carrier_id"]),
        registration_id=str(event["registration_id"]),
        stage="activation",
        assessed_at=at,
        score=script.score,
        decision=script.decision,
        reasons=script.reasons,
        folio=f"TEST-{name.hex[:8].upper()}" if asks else None,
        model_version="sandbox",
        policy_version="sandbox",
        feature_version="sandbox",
        sources=dict.fromkeys(SOURCES, "ok")
        | ({"model": "unavailable"} if script.degraded else {}),
        degraded=script.degraded,
    )
