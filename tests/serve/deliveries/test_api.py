import asyncio
import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from serve.api.subscriptions import BASE, SCOPES, keys_router, subscriptions_router, view
from serve.app import create_app
from serve.deliveries import cloudevents
from serve.deliveries.addresses import Reach
from serve.deliveries.book import Book
from serve.issuer import DevClient, Issuer
from serve.store.database import Connection
from tests.serve import counter
from tests.serve.deliveries.post import KEYRING, VAULT, bodies, now

PATH = f"{BASE}/subscriptions"
SINK = "https://sink.example.org/risk"
CLIENTS = {
    "ana": DevClient(counter.HASH, ("alfa", "beta"), tuple(SCOPES)),
    "beto": DevClient(counter.HASH, ("gama",), tuple(SCOPES)),
    "reader": DevClient(counter.HASH, ("alfa",), ("registration-risk:assessments:read",)),
}


class Caller:
    """One application; calls it as one client or another."""

    def __init__(self, own: Connection) -> None:
        self.issuer = Issuer(counter.KEY, CLIENTS, name=counter.ISSUER, audience=counter.AUDIENCE)
        self.desk = counter.FakeDesk()
        book = Book(own, vault=VAULT, view=view, now=now)
        routers = [subscriptions_router(book, reach=Reach()), keys_router(KEYRING)]
        settings = counter.settings()
        self.app = create_app(self.desk, settings, routers=routers, development=self.issuer)

    def __call__(
        self, method: str, path: str, *, client: str = "ana", **more: Any
    ) -> httpx.Response:
        return asyncio.run(self._call(method, path, client, more))

    async def _call(
        self, method: str, path: str, client: str, more: dict[str, Any]
    ) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.issuer.token(client)}"} if client else {}
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as http:
            return await http.request(method, path, headers=headers, **more)

    def make(self, client: str = "ana", **changes: Any) -> httpx.Response:
        return self("POST", PATH, client=client, json=wish(**changes))


def wish(**changes: Any) -> dict[str, Any]:
    plain = {
        "protocol": "HTTP",
        "sink": SINK,
        "types": [cloudevents.ASSESSMENT_CHANGED],
        "config": {"subscriptionDetail": {}},
    }
    return {name: value for name, value in (plain | changes).items() if value is not None}


@pytest.fixture
def call(own: Connection) -> Caller:
    return Caller(own)


def code(answer: httpx.Response) -> tuple[int, str]:
    return counter.code(answer)


def test_a_subscription_is_made_and_can_be_read(call: Caller) -> None:
    made = call.make()
    read = call("GET", made.headers["location"])

    assert (made.status_code, read.status_code) == (201, 200)
    assert made.json() == read.json()
    assert made.json()["status"] == "ACTIVE"
    assert made.json()["config"]["subscriptionDetail"] == {"carrierIds": ["alfa", "beta"]}


def test_a_credential_is_never_shown(call: Caller) -> None:
    credential = {"credentialType": "ACCESSTOKEN", "accessToken": "very-secret"}
    made = call.make(sinkCredential=credential)

    assert made.status_code == 201
    assert "very-secret" not in made.text + call("GET", PATH).text


def test_a_deleted_subscription_is_gone(call: Caller) -> None:
    place = call.make().headers["location"]

    assert call("DELETE", place).status_code == 204
    assert code(call("GET", place)) == (404, "NOT_FOUND")
    assert code(call("DELETE", place)) == (404, "NOT_FOUND")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_another_clients_subscription_does_not_exist(call: Caller, method: str) -> None:
    place = call.make().headers["location"]
    theirs, nobodys = call(method, place, client="beto"), call(method, f"{PATH}/{uuid4()}")

    assert theirs.status_code == 404
    assert theirs.content == nobodys.content
    assert call("GET", PATH, client="beto").json()["subscriptions"] == []


def test_lists_come_in_pages(call: Caller) -> None:
    for number in range(5):
        call.make(sink=f"{SINK}/{number}")
    page = call("GET", PATH, params={"page": 2, "perPage": 2}).json()
    beyond = call("GET", PATH, params={"page": 9, "perPage": 2})

    assert [one["sink"][-1] for one in page["subscriptions"]] == ["2", "3"]
    assert page["pagination"] == {"page": 2, "perPage": 2, "totalCount": 5, "totalPages": 3}
    assert (beyond.status_code, beyond.json()["subscriptions"]) == (200, [])


def test_the_same_subscription_twice_is_a_conflict(call: Caller) -> None:
    call.make()

    assert code(call.make()) == (409, "ALREADY_EXISTS")


def test_a_client_has_so_many_subscriptions_and_no_more(
    call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serve.deliveries.subscriptions.MOST_PER_CLIENT", 1)
    call.make()

    assert code(call.make(sink=SINK + "/2")) == (429, "QUOTA_EXCEEDED")


EARLY = "2001-01-01T00:00:00Z"
BAD = [
    ({"protocol": "KAFKA"}, "INVALID_PROTOCOL"),
    ({"sink": "http://sink.example.org/"}, "INVALID_SINK"),
    ({"sink": "https://127.0.0.1/"}, "INVALID_SINK"),
    ({"sink": "https://169.254.169.254/latest"}, "INVALID_SINK"),
    ({"sink": None}, "INVALID_ARGUMENT"),
    ({"types": ["org.camaraproject.other.v0.thing"]}, "INVALID_ARGUMENT"),
    ({"types": []}, "INVALID_ARGUMENT"),
    ({"surplus": 1}, "INVALID_ARGUMENT"),
    ({"sinkCredential": {"credentialType": "PLAIN"}}, "INVALID_CREDENTIAL"),
    ({"sinkCredential": {"credentialType": "ACCESSTOKEN"}}, "INVALID_CREDENTIAL"),
    (
        {
            "sinkCredential": {
                "credentialType": "ACCESSTOKEN",
                "accessToken": "t",
                "accessTokenExpiresUtc": EARLY,
            }
        },
        "INVALID_TOKEN",
    ),
    (
        {"sinkCredential": {"credentialType": "ACCESSTOKEN", "accessToken": "a\r\nb: c"}},
        "INVALID_ARGUMENT",
    ),
    (
        {"config": {"subscriptionDetail": {}, "subscriptionExpireTime": EARLY}},
        "OUT_OF_RANGE",
    ),
    (
        {"config": {"subscriptionDetail": {}, "subscriptionExpireTime": "2026-13-01T00:00:00Z"}},
        "INVALID_ARGUMENT",
    ),
    ({"config": {"subscriptionDetail": {}, "initialEvent": True}}, "INVALID_ARGUMENT"),
    ({"config": {"subscriptionDetail": {"assessmentId": str(uuid4())}}}, "INVALID_ARGUMENT"),
    ({"config": {"subscriptionDetail": {}, "subscriptionMaxEvents": 0}}, "INVALID_ARGUMENT"),
]


@pytest.mark.parametrize(("change", "expected"), BAD)
def test_a_bad_wish_gets_camaras_code(call: Caller, change: dict[str, Any], expected: str) -> None:
    assert code(call.make(**change)) == (400, expected)


def test_a_carrier_outside_the_grant_is_refused(call: Caller) -> None:
    answer = call.make(config={"subscriptionDetail": {"carrierIds": ["gama"]}})

    assert code(answer) == (403, "PERMISSION_DENIED")


def test_who_has_no_token_or_another_scope_is_sent_away(call: Caller) -> None:
    assert code(call.make(client="")) == (401, "UNAUTHENTICATED")
    assert code(call.make(client="reader")) == (403, "PERMISSION_DENIED")


def test_an_initial_event_tells_the_present_assessment(call: Caller, own: Connection) -> None:
    held = counter.assessment("alfa", "F-1", reasons=())
    call.desk.held["alfa", "F-1"] = {}, held
    detail = {"assessmentId": str(held.assessment_id)}
    made = call.make(config={"subscriptionDetail": detail, "initialEvent": True})

    assert made.status_code == 201
    [told] = [json.loads(body)["data"] for body in bodies(own)]
    assert (told["assessmentId"], told["riskScore"]) == (str(held.assessment_id), 0)


def test_an_event_tells_no_exact_score_and_no_codes() -> None:
    told = view(counter.assessment("alfa", "F-1", score=0.123456789))

    assert "0.12" not in json.dumps(told)
    assert "score" not in told


def test_the_public_keys_are_there_for_everybody(call: Caller) -> None:
    answer = call("GET", "/.well-known/webhook-keys", client="")

    assert answer.json() == {"keys": KEYRING.published()}
