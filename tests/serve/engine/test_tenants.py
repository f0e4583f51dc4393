"""Another carrier's objects are never reached, whatever is tried, on the real engine."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import httpx

from serve.desk import QueueDesk
from serve.naming import API_BASE, TMF_BASE
from serve.reading import Reader
from serve.store.books import Books
from serve.store.database import connect
from tests.builders import pseudonymiser
from tests.serve import counter
from tests.serve.engine.standing import START, Standing

TRIES = 500  # of each twenty examples; SIMVIGIA_EXAMPLES=400 makes ten thousand
SECRET_WORDS = ("alfa", "riskScore", "decision", "modelVersion")


def body(number: int, **changes: Any) -> dict[str, Any]:
    return counter.question(
        registrationId=f"alfa-{number}", registeredAt=START.isoformat(), **changes
    )


async def a_try(caller: counter.Caller, chance: random.Random, ids: list[str]) -> httpx.Response:
    """One way to reach for what belongs to alfa."""
    number = chance.randrange(len(ids))
    named = {"carrierId": chance.choice(["alfa", "beta"]), "registrationId": f"alfa-{number}"}
    event = named | {"occurredAt": START.isoformat(), "kind": "UNLINKED"}
    outcome = named | {"label": "FRAUD", "source": "HOLDER"}
    ways = [
        lambda: caller.get(f"/assessments/{ids[number]}"),
        lambda: caller.get(f"/assessments/{ids[number].upper()}"),
        lambda: caller.post("/assessments/retrieve", named),
        lambda: caller.post("/line-events", event),
        lambda: caller.post("/outcomes", outcome),
        lambda: caller.post("/assessments", body(number, carrierId="alfa")),
        lambda: caller.http.get(f"{TMF_BASE}/partyRoleProductOfferingRiskAssessment/{ids[number]}"),
    ]
    return await chance.choice(ways)()


def test_no_try_reaches_another_carriers_assessment(
    tmp_path: Path, examples: int, figure: Any
) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    engine = Standing(url).engine
    desk = QueueDesk(engine, Reader(Books(connect(url)), pseudonymiser()), health=dict)
    desk.start()
    app = counter.create_app(
        desk, counter.settings(rate=1e5, burst=10**6), development=counter.issuer()
    )
    tries = TRIES * max(examples // 20, 1)

    async def run() -> list[httpx.Response]:
        own, stranger = counter.Caller(app, "alfa-client"), counter.Caller(app, "beta-client")
        made = [await own.post("/assessments", body(n)) for n in range(20)]
        ids = [answer.json()["assessmentId"] for answer in made]
        chance = random.Random(1)
        return [await a_try(stranger, chance, ids) for _ in range(tries)]

    try:
        answers = asyncio.run(run())
    finally:
        desk.stop()

    figure(f"{len(answers):,} tries at another carrier's objects, none reached one")
    for answer in answers:
        assert answer.status_code in {403, 404}, answer.request.url.path
        assert not any(word in answer.text for word in SECRET_WORDS)
    assert API_BASE in str({answer.request.url.path for answer in answers})
