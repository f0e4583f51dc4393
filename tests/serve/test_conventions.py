"""CAMARA's conventions: every error has its form, and no value that was sent comes back."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from serve.answers import Overloaded, Unavailable
from serve.errors import CODES
from tests.serve.counter import Caller, FakeDesk, application, code, question

JSON = {"content-type": "application/json"}
SECRET_CURP = "BADD110313HCMLNS09"


def posted(body: Any = None, desk: FakeDesk | None = None, **more: Any) -> httpx.Response:
    return asyncio.run(Caller(application(desk)).post("/assessments", body, **more))


def sent(content: bytes, **headers: str) -> httpx.Response:
    return asyncio.run(
        Caller(application()).post("/assessments", content=content, headers=JSON | headers)
    )


def test_a_new_assessment_is_created_and_says_where_it_is() -> None:
    answer = posted(question())

    assert answer.status_code == 201
    assert answer.headers["location"].endswith(answer.json()["assessmentId"])


def test_an_unknown_property_is_refused_by_name() -> None:
    answer = posted(question(shoeSize=43))

    assert code(answer) == (400, "INVALID_ARGUMENT")
    assert answer.json()["message"] == "shoeSize: not a property of this body"


def test_an_unknown_property_whose_name_is_a_value_is_not_named() -> None:
    answer = posted(question() | {SECRET_CURP: 1})

    assert code(answer) == (400, "INVALID_ARGUMENT")
    assert SECRET_CURP not in answer.text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("plan", "prepaid"),
        ("phoneNumber", "5512345678"),
        ("validationAttempts", "1"),
        ("validationAttempts", True),
        ("livenessScore", 1.5),
        ("registeredAt", "2026-03-01T12:00:00"),
        ("registeredAt", "2026-02-30T12:00:00Z"),
        ("identityValue", ["x"]),
        ("place", 9015),
        ("agentId", "\x00"),
        ("deviceId", "\ud800"),
        ("contact", "x" * 300),
    ],
)
def test_a_wrong_value_is_refused_by_field_and_not_echoed(field: str, value: Any) -> None:
    answer = sent(json.dumps(question() | {field: value}).encode())

    assert code(answer) == (400, "INVALID_ARGUMENT")
    assert answer.json()["message"].startswith(f"{field}: ")
    assert str(value) not in answer.json()["message"].split(": ", 1)[1]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"plan": "PREPAID", "plan": "POSTPAID"}',
        b'{"livenessScore": NaN}',
        b'{"livenessScore": -Infinity}',
        b'{"livenessScore": 1e999}',
        b"[" * 100_000,
        b"\xef\xbb\xbf{}",
        b'{"validationAttempts": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_no_strict_json_is_refused(content: bytes) -> None:
    assert code(sent(content)) == (400, "INVALID_ARGUMENT")


def test_a_body_of_ten_megabytes_is_too_large() -> None:
    assert code(sent(b"x" * 10_000_000)) == (413, "REGISTRATION_RISK.BODY_TOO_LARGE")


def test_a_body_that_hides_its_length_is_measured() -> None:
    async def pieces() -> Any:
        for _ in range(100):
            yield b" " * 100_000

    answer = posted(content=pieces(), headers=JSON)

    assert code(answer) == (413, "REGISTRATION_RISK.BODY_TOO_LARGE")


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": "application/json; charset=latin-1"},
        {"content-type": "application/json", "content-encoding": "gzip"},
    ],
)
def test_another_media_type_is_unsupported(headers: dict[str, str]) -> None:
    answer = posted(content=json.dumps(question()), headers=headers)

    assert code(answer) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_an_answer_nobody_can_read_is_not_acceptable() -> None:
    assert code(posted(question(), headers={"accept": "text/html"})) == (406, "NOT_ACCEPTABLE")


def test_an_unknown_path_and_another_method_have_the_form_too() -> None:
    caller = Caller(application())

    assert code(asyncio.run(caller.get("/nothing"))) == (404, "NOT_FOUND")
    assert code(asyncio.run(caller.get("/assessments"))) == (405, "METHOD_NOT_ALLOWED")


def test_an_id_that_is_none_is_refused_by_name() -> None:
    answer = asyncio.run(Caller(application()).get(f"/assessments/{SECRET_CURP}"))

    assert code(answer) == (400, "INVALID_ARGUMENT")
    assert SECRET_CURP not in answer.text


def test_the_same_question_again_gets_the_first_answer_with_200() -> None:
    desk, asked = FakeDesk(), question()
    first, again = posted(asked, desk), posted(asked, desk)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()


def test_another_body_under_the_same_name_is_contradicted() -> None:
    desk, asked = FakeDesk(), question()
    posted(asked, desk)

    assert code(posted(asked | {"plan": "POSTPAID"}, desk)) == (409, "ALREADY_EXISTS")


@pytest.mark.parametrize("error", [Unavailable(7), Overloaded(7)])
def test_a_store_that_is_down_says_when_to_come_back(error: Exception) -> None:
    desk = FakeDesk()
    desk.failing = [error]
    answer = posted(question(), desk)

    assert code(answer) == (503, "UNAVAILABLE")
    assert answer.headers["retry-after"] == "7"


def test_what_nobody_expected_is_internal_and_tells_nothing() -> None:
    desk = FakeDesk()
    desk.failing = [RuntimeError(f"broke on {SECRET_CURP}")]
    answer = posted(question(), desk)

    assert code(answer) == (500, "INTERNAL")
    assert answer.json()["message"] == CODES[500][1]
    assert "x-correlator" in answer.headers


def test_what_is_missing_is_left_out_of_the_answer_and_the_exact_score_stays_inside() -> None:
    body = posted(question()).json()

    assert "folio" not in body
    assert "score" not in body
    assert None not in body.values()


def test_a_degraded_answer_says_so() -> None:
    desk = FakeDesk()
    desk.answering = {"degraded": True, "sources": {"model": "unavailable"}}
    body = posted(question(), desk).json()

    assert body["contextCode"] == "REGISTRATION_RISK.DEGRADED"
    assert body["sources"] == [{"name": "MODEL", "status": "UNAVAILABLE"}]
