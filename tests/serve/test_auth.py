"""Who may ask: tokens of the right issuer, audience, time and scope; other carriers' objects do not exist."""

import asyncio
import json
import time
from base64 import b64encode
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey

from detector.errors import BadInput
from serve.auth import LocalKeys, RemoteKeys, Verifier
from serve.errors import Fault
from serve.issuer import clients, secret_hash, signing_key
from serve.naming import ASSESS, READ
from tests.serve.counter import (
    AUDIENCE,
    ISSUER,
    KEY,
    SECRET,
    Caller,
    FakeDesk,
    application,
    code,
    issuer,
    question,
    settings,
)


def token(key: Any = KEY, algorithm: str = "ES256", **changes: Any) -> str:
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "somebody",
        "exp": int(time.time()) + 600,
        "scope": ASSESS,
        "carriers": ["alfa"],
    } | changes
    held = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": algorithm, "kid": KEY.kid}, held, key, algorithms=[algorithm])


def asked_with(authorization: str | None, **changes: Any) -> httpx.Response:
    caller = Caller(application(), client="")
    headers = {} if authorization is None else {"authorization": authorization}
    return asyncio.run(caller.post("/assessments", question(**changes), headers=headers))


def test_a_good_token_is_let_in() -> None:
    assert asked_with(f"Bearer {token()}").status_code == 201


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc", "Bearer a.b.c"])
def test_without_a_token_nobody_is_let_in(header: str | None) -> None:
    answer = asked_with(header)

    assert code(answer) == (401, "UNAUTHENTICATED")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"exp": "soon"},
        {"aud": "another-api"},
        {"iss": "http://elsewhere.test"},
        {"nbf": int(time.time()) + 3600},
        {"carriers": "alfa"},
        {"carriers": [1]},
        {"sub": None},
        {"scope": 7},
    ],
)
def test_a_token_with_wrong_claims_is_refused(changes: dict[str, Any]) -> None:
    assert code(asked_with(f"Bearer {token(**changes)}")) == (401, "UNAUTHENTICATED")


def test_a_token_of_another_key_is_refused() -> None:
    forged = token(ECKey.generate_key("P-256"))

    assert code(asked_with(f"Bearer {forged}")) == (401, "UNAUTHENTICATED")


def test_a_token_signed_with_a_shared_secret_is_refused() -> None:
    public = json.dumps(issuer().jwks()).encode()
    forged = token(OctKey.import_key(public), "HS256")

    assert code(asked_with(f"Bearer {forged}")) == (401, "UNAUTHENTICATED")


def test_a_token_without_the_scope_is_denied() -> None:
    assert code(asked_with(f"Bearer {token(scope=READ)}")) == (403, "PERMISSION_DENIED")


def test_nobody_registers_for_a_carrier_outside_the_grant() -> None:
    assert code(asked_with(f"Bearer {token()}", carrierId="beta")) == (403, "PERMISSION_DENIED")


def test_who_may_not_ask_learns_nothing_about_the_body() -> None:
    answer = asyncio.run(Caller(application(), client="").post("/assessments", content=b"{"))

    assert code(answer) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize("path", ["/assessments/retrieve", "/line-events", "/outcomes"])
def test_another_carriers_registration_does_not_exist(path: str) -> None:
    desk, asked = FakeDesk(), question()
    more: dict[str, Any] = {
        "/line-events": {"occurredAt": asked["registeredAt"], "kind": "ATTACH"},
        "/outcomes": {"label": "FRAUD", "source": "CARRIER"},
    }.get(path, {})
    body = {name: asked[name] for name in ("carrierId", "registrationId")} | more
    app = application(desk)
    asyncio.run(Caller(app).post("/assessments", asked))

    own = asyncio.run(Caller(app).post(path, body))
    other = asyncio.run(Caller(app, "beta-client").post(path, body))

    assert own.status_code == 200
    assert code(other) == (404, "NOT_FOUND")


def test_another_carriers_assessment_does_not_exist() -> None:
    app = application()
    made = asyncio.run(Caller(app).post("/assessments", question())).json()
    path = f"/assessments/{made['assessmentId']}"

    assert asyncio.run(Caller(app).get(path)).json() == made
    assert code(asyncio.run(Caller(app, "beta-client").get(path))) == (404, "NOT_FOUND")


def test_a_remembered_token_is_forgotten_when_it_expires() -> None:
    now = [time.time()]
    verifier = Verifier(
        LocalKeys(issuer().keys()), issuer=ISSUER, audience=AUDIENCE, clock=lambda: now[0]
    )
    header = f"Bearer {token(exp=int(now[0]) + 60)}"
    client = asyncio.run(verifier.client(header))

    assert verifier.remembered(header) == client
    now[0] += 3600
    assert verifier.remembered(header) is None
    with pytest.raises(Fault):
        asyncio.run(verifier.client(header))


def test_keys_are_fetched_anew_when_the_issuer_changes_them() -> None:
    published: list[Any] = [{"keys": [ECKey.generate_key("P-256", auto_kid=True).as_dict()]}]
    verifier, clock = remote(published)
    with pytest.raises(Fault):
        asyncio.run(verifier.client(f"Bearer {token()}"))
    published[0] = issuer().jwks()
    clock[0] += 31

    assert asyncio.run(verifier.client(f"Bearer {token()}")).client_id == "somebody"


def test_broken_tokens_do_not_make_us_ask_the_issuer_more_than_twice_a_minute() -> None:
    calls: list[int] = []
    verifier, _ = remote([issuer().jwks()], calls)
    for _ in range(20):
        with pytest.raises(Fault):
            asyncio.run(verifier.client("Bearer a.b.c"))

    assert len(calls) == 1


def test_an_issuer_that_does_not_answer_makes_us_unavailable() -> None:
    caller_app = application()
    caller_app.state.service.verifier._keys = remote([None])[0]._keys
    answer = asyncio.run(Caller(caller_app).post("/assessments", question()))

    assert code(answer) == (503, "UNAVAILABLE")
    assert "retry-after" in answer.headers


def test_the_issuer_gives_a_token_for_the_right_secret() -> None:
    answer = asyncio.run(token_request("alfa-client", SECRET, scope=READ))
    claims = jwt.decode(
        answer.json()["access_token"], KeySet.import_key_set(issuer().jwks())
    ).claims

    assert claims["scope"] == READ
    assert claims["carriers"] == ["alfa"]
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("name", "secret", "more", "error"),
    [
        ("alfa-client", "wrong", {}, "invalid_client"),
        ("nobody", SECRET, {}, "invalid_client"),
        ("reader", SECRET, {"scope": ASSESS}, "invalid_scope"),
        ("reader", SECRET, {"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_the_issuer_refuses(name: str, secret: str, more: dict[str, str], error: str) -> None:
    assert asyncio.run(token_request(name, secret, **more)).json() == {"error": error}


def test_the_issuer_says_where_everything_is() -> None:
    http = Caller(application(), client="").http
    found = asyncio.run(http.get("/.well-known/openid-configuration")).json()

    assert found["jwks_uri"] == f"{ISSUER}/oauth2/jwks"
    assert asyncio.run(http.get("/oauth2/jwks")).json() == issuer().jwks()
    assert "d" not in issuer().jwks()["keys"][0]


def test_clients_are_read_from_a_file_and_a_broken_one_is_named(tmp_path: Any) -> None:
    path = tmp_path / "clients.json"
    held = {"secretHash": secret_hash("x"), "carriers": ["alfa"], "scopes": [READ]}
    path.write_text(json.dumps({"me": held}))

    assert clients(path)["me"].carriers == ("alfa",)
    path.write_text("[]")
    with pytest.raises(BadInput, match=r"clients\.json"):
        clients(path)


def test_a_signing_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Any) -> None:
    path = tmp_path / "issuer.key"

    assert signing_key(path).kid == signing_key(path).kid
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": ""},
        {"jwks_url": ""},
        {"jwks_url": "http://issuer.test/keys"},
        {"dev_issuer": True},
        {"jwks_url": "", "dev_issuer": True},
        {"burst": 10},
    ],
)
def test_settings_that_leave_the_door_open_or_shut_for_all_are_refused(
    changes: dict[str, Any],
) -> None:
    with pytest.raises(BadInput, match="SIMVIGIA_"):
        settings(**changes)


async def token_request(name: str, secret: str, **more: str) -> httpx.Response:
    packed = b64encode(f"{name}:{secret}".encode()).decode()
    form = {"grant_type": "client_credentials"} | more
    http = Caller(application(), client="").http
    return await http.post("/oauth2/token", data=form, headers={"authorization": f"Basic {packed}"})


def remote(published: list[Any], calls: list[int] | None = None) -> tuple[Verifier, list[float]]:
    clock = [0.0]

    def answer(_: httpx.Request) -> httpx.Response:
        if calls is not None:
            calls.append(1)
        return httpx.Response(200, json=published[0]) if published[0] else httpx.Response(500)

    keys = RemoteKeys(
        "https://issuer.test/jwks",
        http=lambda: httpx.AsyncClient(transport=httpx.MockTransport(answer)),
        clock=lambda: clock[0],
    )
    return Verifier(keys, issuer=ISSUER, audience=AUDIENCE), clock
