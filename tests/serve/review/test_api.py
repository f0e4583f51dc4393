"""Reviewing over HTTP: scopes, tenancy, what may be seen, and a verdict that ends as a label."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from serve.answers import Assessment
from serve.replay import exported
from serve.review.api import BASE
from tests.builders import curp_of
from tests.serve.counter import code
from tests.serve.review.bench import Bench
from tests.serve.review.desk import Person, application, body


@pytest.fixture
def flagged(tmp_path: Path) -> Iterator[tuple[Bench, FastAPI, Assessment]]:
    bench = Bench(f"sqlite:///{tmp_path / 'store.db'}")
    told = bench.over_the_cap()
    with application(bench) as app:
        yield bench, app, told
    bench.close()


Flagged = tuple[Bench, FastAPI, Assessment]


def test_a_case_goes_from_the_queue_to_a_label(flagged: Flagged) -> None:
    bench, app, told = flagged
    ana, case = Person(app, "ana"), f"{BASE}/cases/{told.assessment_id}"

    (line,) = body(ana.get(f"{BASE}/cases"))["items"]
    assert (line["caseId"], line["decision"]) == (str(told.assessment_id), "STEP_UP")
    assert ana.ask("POST", f"{case}/claim").status_code == 200
    assert ana.ask("POST", f"{case}/notes", json={"text": "Es una familia."}).status_code == 200
    ended = ana.ask("POST", f"{case}/verdict", json={"label": "LEGITIMATE"})
    assert (ended.status_code, body(ended)["ended"]) == (200, "LEGITIMATE")

    labels = exported(bench.standing.books).labels
    assert (labels.fraud.tolist(), labels.source.tolist()) == ([False], [4])
    allow = {"kind": "PERSON", "days": 30, "why": "familia"}
    assert ana.ask("POST", f"{case}/allow-notes", json=allow).status_code == 201
    (note,) = body(ana.get(f"{BASE}/allow-notes"))["items"]
    assert ana.ask("POST", f"{BASE}/allow-notes/{note['noteId']}/withdraw").status_code == 204
    assert body(ana.get(f"{BASE}/summary"))["overturned"] == 1


def test_the_carrier_reads_what_stands_now(flagged: Flagged) -> None:
    _bench, app, told = flagged
    ana, carrier = Person(app, "ana"), Person(app, "carrier")
    case = f"{BASE}/cases/{told.assessment_id}"
    ana.ask("POST", f"{case}/claim")
    ana.ask("POST", f"{case}/verdict", json={"label": "LEGITIMATE"})

    answer = body(carrier.get(f"/registration-risk/vwip/assessments/{told.assessment_id}"))

    assert (answer["decision"], answer["reasons"], "folio" in answer) == ("ALLOW", [], False)
    assert "ana" not in str(answer)


@pytest.mark.parametrize("who", ["carrier", "stranger", "reader"])
def test_who_may_not_does_not(flagged: Flagged, who: str) -> None:
    _, app, told = flagged
    person, case = Person(app, who), f"{BASE}/cases/{told.assessment_id}"

    answers = {
        "queue": person.get(f"{BASE}/cases"),
        "case": person.get(case),
        "claim": person.ask("POST", f"{case}/claim"),
        "verdict": person.ask("POST", f"{case}/verdict", json={"label": "FRAUD"}),
    }

    expected = {
        "carrier": {"queue": 403, "case": 403, "claim": 403, "verdict": 403},
        "stranger": {"queue": 200, "case": 404, "claim": 404, "verdict": 404},
        "reader": {"queue": 200, "case": 200, "claim": 403, "verdict": 403},
    }
    assert {name: one.status_code for name, one in answers.items()} == expected[who]
    if who == "stranger":
        assert body(answers["queue"])["totalCount"] == 0


def test_somebody_elses_case_is_a_conflict(flagged: Flagged) -> None:
    _, app, told = flagged
    case = f"{BASE}/cases/{told.assessment_id}"
    Person(app, "ana").ask("POST", f"{case}/claim")

    assert code(Person(app, "beto").ask("POST", f"{case}/claim")) == (409, "CONFLICT")


def test_a_note_with_somebodys_number_is_refused_without_repeating_it(flagged: Flagged) -> None:
    _, app, told = flagged
    answer = Person(app, "ana").ask(
        "POST", f"{BASE}/cases/{told.assessment_id}/notes", json={"text": "llamar al 5512345678"}
    )

    assert code(answer) == (400, "INVALID_ARGUMENT")
    assert "5512345678" not in answer.text


def test_no_answer_holds_an_identifier_or_a_token(flagged: Flagged) -> None:
    bench, app, told = flagged
    text = Person(app, "ana").get(f"{BASE}/cases/{told.assessment_id}").text
    own = exported(bench.standing.books).registrations

    assert curp_of(31) not in text
    for column in (own.identity, own.line, own.device, own.contact):
        assert str(int(column[-1])) not in text
    assert "tier" not in text
