"""What the custodian answers, and what it refuses with which word."""

import asyncio

import httpx
import pytest

from serve.custodian import group, oprf, proofs
from serve.custodian.app import Custodian
from tests.serve.custodian.halves import CREDENTIAL, KEY, Clock, Wire, application

ASKED = [oprf.blinded(bytes([i]), group.random_scalar(), 1) for i in range(3)]
BODY = b"".join(ASKED)
EVALUATIONS, PROOFS = "/v1/keys/2026q4/evaluations", "/v1/keys/2026q4/proofs"
WORDS = {"authorization": f"Bearer {CREDENTIAL}"}


def client(**options: object) -> httpx.Client:
    wire = Wire(application(**options))  # type: ignore[arg-type]
    return httpx.Client(transport=wire, base_url="http://custodian")


def test_every_element_is_multiplied_by_the_key() -> None:
    answer = client().post(EVALUATIONS, content=BODY, headers=WORDS)

    assert group.elements(answer.content) == [oprf.evaluated(KEY.secret, e) for e in ASKED]
    assert answer.headers["cache-control"] == "no-store"


def test_a_proof_is_given_for_what_was_answered() -> None:
    answered = client().post(EVALUATIONS, content=BODY, headers=WORDS).content

    proof = client().post(PROOFS, content=BODY + answered, headers=WORDS).content

    assert proofs.holds(KEY.public, ASKED, group.elements(answered), proof)


def test_nothing_else_is_proved() -> None:
    answer = client().post(PROOFS, content=BODY + BODY, headers=WORDS)

    assert (answer.status_code, answer.json()) == (400, {"error": "bad_element"})


@pytest.mark.parametrize(
    ("path", "body", "status", "word"),
    [
        (EVALUATIONS, bytes(32), 400, "bad_element"),
        (EVALUATIONS, BODY + b"\xff" * 32, 400, "bad_element"),
        (EVALUATIONS, BODY[:-1], 400, "wrong_length"),
        (EVALUATIONS, b"", 400, "wrong_length"),
        (PROOFS, ASKED[0], 400, "wrong_length"),
        (EVALUATIONS, bytes(32 * 4_097), 413, "too_large"),
        ("/v1/keys/2025q4/evaluations", BODY, 404, "unknown_key"),
        ("/v1/keys/2026q4/secrets", BODY, 404, "unknown_path"),
    ],
    ids=range(8),
)
def test_a_bad_question_is_refused_with_a_word(
    path: str, body: bytes, status: int, word: str
) -> None:
    answer = client().post(path, content=body, headers=WORDS)

    assert (answer.status_code, answer.json()) == (status, {"error": word})


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}, {"authorization": "x"}])
def test_a_stranger_is_refused_before_the_body_is_read(headers: dict[str, str]) -> None:
    answer = client().post(EVALUATIONS, content=b"\xff" * 32, headers=headers)

    assert (answer.status_code, answer.json()) == (401, {"error": "unknown_client"})


def test_a_client_that_asks_too_much_is_told_when_to_come_again() -> None:
    clock = Clock()
    http = client(burst=4, clock=clock)

    statuses = [http.post(EVALUATIONS, content=BODY, headers=WORDS) for _ in range(2)]

    assert [s.status_code for s in statuses] == [200, 429]
    assert statuses[1].headers["retry-after"] == "1"
    clock.now = 1.0
    assert http.post(EVALUATIONS, content=BODY, headers=WORDS).status_code == 200


def test_a_batch_that_could_never_be_allowed_is_refused_for_good() -> None:
    answer = client(burst=2).post(EVALUATIONS, content=BODY, headers=WORDS)

    assert (answer.status_code, answer.json()) == (413, {"error": "too_large"})


def test_public_keys_are_for_everybody_and_secrets_for_nobody() -> None:
    answer = client().get("/v1/keys")

    assert answer.json() == {"keys": [{"id": "2026q4", "public": KEY.public.hex()}]}
    assert KEY.secret.hex() not in answer.text


def test_a_custodian_with_its_hands_full_says_so() -> None:
    app = application()
    app = Custodian(app.ring, app.budgets, waiting=1)

    async def asked() -> list[int]:
        wire = httpx.ASGITransport(app)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=wire, base_url="http://custodian") as http:
            questions = [http.post(EVALUATIONS, content=BODY, headers=WORDS) for _ in range(4)]
            return [answer.status_code for answer in await asyncio.gather(*questions)]

    assert sorted(asyncio.run(asked())) == [200, 200, 503, 503]
