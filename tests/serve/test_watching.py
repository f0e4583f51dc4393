"""The correlator, limits, shedding, health, metrics and logs."""

import asyncio
import json
from collections.abc import Awaitable
from io import StringIO
from typing import Any

import httpx
import pytest

from serve.answers import Assessment
from serve.errors import Fault
from serve.limits import Rate
from serve.naming import API_BASE
from tests.serve.counter import Caller, FakeDesk, application, code, question

SENSITIVE = "XEXX010101HNEXXXA4"


def posted(headers: dict[str, str]) -> httpx.Response:
    return asyncio.run(Caller(application()).post("/assessments", question(), headers=headers))


def test_a_correlator_is_echoed() -> None:
    assert posted({"x-correlator": "a-B_1:;./<>{}"}).headers["x-correlator"] == "a-B_1:;./<>{}"


@pytest.mark.parametrize("given", ["with space", "\x7f", "x" * 257, "a,b"])
def test_a_bad_correlator_is_refused_and_not_echoed(given: str) -> None:
    answer = posted({"x-correlator": given})

    assert code(answer) == (400, "INVALID_ARGUMENT")
    assert answer.headers["x-correlator"] != given


def test_a_correlator_is_made_where_there_is_none() -> None:
    first, second = posted({}), posted({"x-correlator": ""})

    assert len(first.headers["x-correlator"]) == 36
    assert first.headers["x-correlator"] != second.headers["x-correlator"]


def test_a_client_that_asks_too_fast_is_told_when_to_come_back() -> None:
    app = application(rate=1.0, burst=1000)
    caller = Caller(app)
    items = {"registrations": [{}] * 999}
    asyncio.run(caller.post("/assessments/bulk", items))
    asyncio.run(caller.post("/assessments", question()))
    refused = asyncio.run(caller.post("/assessments/bulk", items))
    other = asyncio.run(Caller(app, "beta-client").post("/assessments", question(carrierId="beta")))

    assert code(refused) == (429, "TOO_MANY_REQUESTS")
    assert int(refused.headers["retry-after"]) > 0
    assert other.status_code == 201


def test_what_is_not_used_is_saved_up_to_the_burst() -> None:
    now = [0.0]
    rate = Rate(10.0, 20, clock=lambda: now[0])
    rate.take("a", 20)
    with pytest.raises(Fault):
        rate.take("a")
    now[0] += 60
    rate.take("a", 20)
    with pytest.raises(Fault):
        rate.take("a")


class SlowDesk(FakeDesk):
    async def assess(self, *given: Any, **more: Any) -> Assessment:
        await asyncio.sleep(0.1)
        return await super().assess(*given, **more)


def test_more_than_can_be_looked_at_is_sent_away_at_once() -> None:
    caller = Caller(application(SlowDesk(), in_flight=3))
    answers = together([caller.post("/assessments", question()) for _ in range(10)])
    shed = [answer for answer in answers if answer.status_code == 503]

    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [503] * 7
    assert all(answer.headers["retry-after"] == "1" for answer in shed)
    assert asyncio.run(caller.post("/assessments", question())).status_code == 201


def test_health_is_told_without_a_token_and_without_reasons() -> None:
    desk = FakeDesk()
    http = Caller(application(desk), client="").http

    assert asyncio.run(http.get("/health/live")).status_code == 200
    assert asyncio.run(http.get("/health/ready")).status_code == 200
    desk.parts = {"store": "password of db1 refused", "model": "ok"}
    answer = asyncio.run(http.get("/health/ready"))
    assert answer.status_code == 503
    assert answer.json() == {"store": "unavailable", "model": "ok"}


def test_metrics_count_by_operation() -> None:
    app = application()
    asyncio.run(Caller(app).post("/assessments", question()))
    text = asyncio.run(Caller(app, client="").http.get("/metrics")).text

    assert 'simvigia_requests_total{operation="assessRegistration",status="201"} 1.0' in text
    assert 'simvigia_decisions_total{decision="allow"} 1.0' in text


def test_metrics_are_not_for_those_who_come_through_a_proxy() -> None:
    http = Caller(application(), client="", **{"x-forwarded-for": "127.0.0.1"}).http

    assert asyncio.run(http.get("/metrics")).status_code == 404


def test_no_identifier_reaches_a_log_line_or_a_metric() -> None:
    log, desk = StringIO(), FakeDesk()
    desk.failing = [ValueError(SENSITIVE)]
    caller = Caller(application(desk, log=log))
    asked = question(identityValue=SENSITIVE)
    for body in (asked, asked, asked | {"plan": SENSITIVE}, asked | {SENSITIVE: SENSITIVE}):
        asyncio.run(caller.post("/assessments", body, params={"q": SENSITIVE}))
    asyncio.run(caller.get(f"/assessments/{SENSITIVE}"))
    asyncio.run(caller.get(f"/{SENSITIVE}"))
    metrics = asyncio.run(caller.http.get("/metrics")).text

    for secret in (SENSITIVE, asked["phoneNumber"], asked["registrationId"], asked["imei"]):
        assert secret not in log.getvalue() + metrics


def test_a_log_line_is_json_and_holds_what_ties_it_to_a_request() -> None:
    log = StringIO()
    caller = Caller(application(log=log), **{"x-correlator": "abc"})
    asyncio.run(caller.post("/assessments", question()))
    line = json.loads(log.getvalue())

    assert (line["operation"], line["status"]) == ("assessRegistration", 201)
    assert (line["correlator"], line["client"]) == ("abc", "alfa-client")
    assert API_BASE not in log.getvalue()


def together(asked: list[Awaitable[httpx.Response]]) -> list[httpx.Response]:
    async def all_of_them() -> list[httpx.Response]:
        return list(await asyncio.gather(*asked))

    return asyncio.run(all_of_them())
