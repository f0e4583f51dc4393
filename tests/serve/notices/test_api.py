"""Enrolment over HTTP: two signatures, contacts that somebody stands for, and answers that tell nothing."""

from __future__ import annotations

import pytest

from serve.store.database import Connection
from tests.builders import curp_of
from tests.serve import counter
from tests.serve.notices.enrolling import ENTRY, Enrolling
from tests.serve.notices.living import DANI, KEYS, NOON, subject, waiting

NUMBER = "+525512345678"


@pytest.fixture
def call(own: Connection) -> Enrolling:
    return Enrolling(own)


def test_a_batch_signed_by_two_becomes_a_code_and_the_code_a_member(call: Enrolling) -> None:
    proposed = call.propose()
    assert (proposed.status_code, proposed.json()["signatures"]) == (201, 1)
    assert waiting(call.own, KEYS) == []

    code = call.enrolled()
    with call.own.writing():
        assert call.register.accept(call.own, subject(), code, at=NOON)
    assert call.register.contact(call.own, subject()) == "dani@congreso.example"


@pytest.mark.parametrize(
    ("client", "status"), [("ana", 400), ("mallory", 400), ("carla", 400), ("beto", 201)]
)
def test_the_second_signature_is_another_persons_of_the_same_institution(
    call: Enrolling, client: str, status: int
) -> None:
    batch = call.propose().json()["batchId"]

    assert call.sign(batch, client=client).status_code == status


def test_an_institution_of_others_and_one_that_is_not_there_look_alike(call: Enrolling) -> None:
    theirs = call.propose(client="mallory")
    nobodys = call.propose(client="mallory", house="nowhere")

    assert counter.code(theirs) == (400, "INVALID_ARGUMENT")
    assert theirs.content == nobodys.content


def test_who_is_enrolled_who_refused_and_who_is_new_get_the_same_answer(call: Enrolling) -> None:
    code = call.enrolled()
    with call.own.writing():
        call.register.accept(call.own, subject(), code, at=NOON)
        call.register.contest(call.own, subject())
    answers = []
    for value in (DANI, curp_of(801)):
        batch = call.propose(identityValue=value).json()["batchId"]
        signed = call.sign(batch, identityValue=value)
        answers.append((signed.status_code, sorted(signed.json()), signed.json()["signatures"]))

    assert answers[0] == answers[1] == (201, ["batchId", "signatures"], 2)


def test_a_number_needs_a_carriers_word_for_this_person(call: Enrolling) -> None:
    asked = {"contact": NUMBER, "vouchedBy": "alfa"}
    assert "vouched" in call.propose(**asked).json()["message"]

    word = {"carrierId": "alfa", "identityType": "CURP", "contact": NUMBER}
    other = call("/vouches", word | {"identityValue": curp_of(802)}, client="carla")
    assert (other.status_code, call.propose(**asked).status_code) == (204, 400)

    call("/vouches", word | {"identityValue": DANI}, client="carla")
    batch = call.propose(**asked).json()["batchId"]
    assert call.sign(batch, **asked).status_code == 201


def test_a_carrier_vouches_for_itself_only(call: Enrolling) -> None:
    word = ENTRY | {"carrierId": "beta"}

    assert call("/vouches", word, client="carla").status_code == 403
    assert call("/vouches", word | {"carrierId": "alfa"}, client="ana").status_code == 403


def test_a_carrier_enrols_its_customers_at_contacts_that_it_checked(call: Enrolling) -> None:
    of = {"house": "Alfa", "contact": NUMBER, "vouchedBy": "alfa"}
    batch = call.propose(client="carla", **of).json()["batchId"]

    assert call.sign(batch, client="carlos", **of).status_code == 201
    assert '"to": "+525512345678"' in waiting(call.own, KEYS)[-1]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("identityValue", "AAAA000000AAAAAA00"),
        ("contact", "dani@elsewhere.example"),
        ("contact", "5512345678901234567890"),
        ("delegate", "office@elsewhere.example"),
    ],
)
def test_what_is_refused_is_named_by_entry_and_field_and_not_quoted(
    call: Enrolling, field: str, value: str
) -> None:
    answer = call.propose(**{field: value})

    assert answer.status_code == 400
    assert answer.json()["message"].startswith(f"entries.0.{field}: ")
    assert value not in answer.text


def test_a_batch_is_kept_as_a_digest_only(call: Enrolling) -> None:
    call.propose()
    rows = call.own.rows("SELECT * FROM enrolment_batches")
    held = b"".join(v if isinstance(v, bytes) else str(v).encode() for v in rows[0])

    assert b"dani" not in held
    assert DANI.encode() not in held
    assert subject() not in held


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("place", ["/batches", "/signatures", "/vouches"])
def test_nothing_can_be_listed_or_asked_about(call: Enrolling, method: str, place: str) -> None:
    assert call(place, None, method=method).status_code == 405
