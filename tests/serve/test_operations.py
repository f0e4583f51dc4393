"""Bulk, imports, later events, the TM Forum facade and the sandbox, as a carrier's client sees them."""

import asyncio
import json
from typing import Any, get_args
from uuid import uuid4

import httpx
import pytest

from detector import registration as contract
from detector.decision import DECISIONS
from detector.lifecycle import STAGES
from detector.signals import REASONS
from detector.signals.reasons import FAMILIES
from serve import fields, words
from serve.answers import Unavailable
from serve.api import imports
from serve.ladder import LADDER, risk_band, risk_score
from serve.naming import TMF_BASE
from serve.schemas import RegistrationQuestion
from tests.serve.counter import Caller, FakeDesk, application, code, question

NDJSON = {"content-type": "application/x-ndjson"}
TASK = f"{TMF_BASE}/partyRoleProductOfferingRiskAssessment"


def bulk(items: list[Any], desk: FakeDesk | None = None) -> httpx.Response:
    caller = Caller(application(desk))
    return asyncio.run(caller.post("/assessments/bulk", {"registrations": items}))


def imported(lines: list[Any], desk: FakeDesk, **params: Any) -> list[dict[str, Any]]:
    content = b"\n".join(x if isinstance(x, bytes) else json.dumps(x).encode() for x in lines)
    caller = Caller(application(desk))
    answer = asyncio.run(caller.post("/imports", content=content, headers=NDJSON, params=params))
    assert answer.status_code == 200
    return [json.loads(line) for line in answer.text.splitlines()]


def test_one_bad_item_does_not_fail_the_rest() -> None:
    items = [question(), question(plan="x"), 7, question(carrierId="beta"), question()]
    outcomes = bulk(items).json()["items"]

    assert [one["status"] for one in outcomes] == [201, 400, 400, 403, 201]
    assert [one["index"] for one in outcomes] == [0, 1, 2, 3, 4]
    assert outcomes[1]["error"]["message"].startswith("plan: ")
    assert outcomes[4]["assessment"]["registrationId"] == items[4]["registrationId"]


def test_a_failure_inside_the_engine_is_one_items_own() -> None:
    desk = FakeDesk()
    desk.failing = [RuntimeError("secret")]
    answer = bulk([question(), question()], desk)

    assert [one["status"] for one in answer.json()["items"]] == [500, 201]
    assert "secret" not in answer.text


@pytest.mark.parametrize("count", [0, 1001])
def test_a_bulk_question_holds_one_to_a_thousand(count: int) -> None:
    assert code(bulk([{}] * count)) == (400, "INVALID_ARGUMENT")


def test_an_import_takes_good_lines_and_names_bad_ones() -> None:
    told = imported([question(), b"{", question(plan=3), b"", question()], FakeDesk())

    assert [(one["type"], one["line"]) for one in told] == [
        ("REJECTED", 2),
        ("REJECTED", 3),
        ("END", 5),
    ]
    assert told[1]["field"] == "plan"
    assert (told[2]["created"], told[2]["rejected"]) == (2, 2)


def test_an_import_sent_again_counts_nothing_twice() -> None:
    desk, lines = FakeDesk(), [question() for _ in range(5)]
    imported(lines, desk)

    assert imported(lines, desk)[-1]["repeated"] == 5


def test_an_import_can_go_on_from_a_line() -> None:
    told = imported([question() for _ in range(5)], FakeDesk(), fromLine=4)

    assert told[-1]["created"] == 2


def test_an_import_goes_in_batches_marked_as_imported_and_notifies_nobody() -> None:
    desk = FakeDesk()
    imported([question() for _ in range(501)], desk)

    assert desk.imports == [(500, True, False), (1, True, False)]


def test_an_import_notifies_where_asked_to() -> None:
    desk = FakeDesk()
    imported([question()], desk, notify=True)

    assert desk.imports == [(1, True, True)]


def test_an_import_waits_for_a_store_that_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "PATIENCE", (0.0, 0.0))
    desk = FakeDesk()
    desk.failing = [Unavailable()]

    end = imported([question(), question()], desk)[-1]

    assert end["type"] == "END"
    assert end["created"] + end["repeated"] == 2


def test_an_import_stops_where_it_has_to_and_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(imports, "PATIENCE", (0.0,))
    desk = FakeDesk()
    desk.failing = [Unavailable(), Unavailable()]
    told = imported([question(), question()], desk)

    assert told[-1]["type"] == "STOPPED"
    assert told[-1]["resumeFrom"] == 1


def test_a_line_without_end_stops_an_import() -> None:
    assert imported([b"x" * 70_000], FakeDesk())[-1]["type"] == "STOPPED"


def test_more_imports_than_fit_are_sent_away() -> None:
    app = application(imports_at_once=1)
    with app.state.service.imports:
        answer = asyncio.run(Caller(app).post("/imports", content=b"", headers=NDJSON))

    assert code(answer) == (429, "TOO_MANY_REQUESTS")


def test_reports_reach_the_desk_in_the_contracts_words() -> None:
    desk, asked = FakeDesk(), question()
    caller = Caller(application(desk))
    name = {field: asked[field] for field in ("carrierId", "registrationId")}
    asyncio.run(caller.post("/assessments", asked))
    seen = name | {"occurredAt": "2026-03-02T00:00:00Z", "kind": "FIRST_ATTACH", "place": "09015"}
    verdict = name | {"label": "FRAUD", "source": "HOLDER", "confidence": 0.9}

    assert asyncio.run(caller.post("/line-events", seen)).status_code == 200
    assert asyncio.run(caller.post("/outcomes", verdict)).status_code == 200
    assert [getattr(one, "kind", getattr(one, "label", "")) for one in desk.told] == [
        "first_attach",
        "fraud",
    ]


def test_no_moment_is_refused() -> None:
    body = {"carrierId": "alfa", "registrationId": "r", "kind": "ATTACH"}
    answer = asyncio.run(
        Caller(application()).post("/line-events", body | {"occurredAt": "2026-02-31T00:00:00Z"})
    )

    assert answer.json()["message"] == "occurredAt: no such moment"


def test_the_desk_gets_the_columns_of_the_contract() -> None:
    desk = FakeDesk()
    asyncio.run(Caller(application(desk)).post("/assessments", question(registrationId="r1")))
    event, _ = desk.held["alfa", "r1"]

    assert event["operation"] == "new_line"
    assert str(event["msisdn"]).startswith("+52")
    assert "phone_number" not in event
    assert "iccid" not in event


def test_enumerations_are_those_of_the_contract() -> None:
    pairs = {
        fields.Operation: contract.OPERATIONS,
        fields.Channel: contract.CHANNELS,
        fields.Plan: contract.PLANS,
        fields.IdentityType: contract.IDENTITY_TYPES,
        fields.DocumentType: contract.DOCUMENT_TYPES,
        fields.ValidationResult: contract.VALIDATION_RESULTS,
        fields.EventKind: contract.EVENT_KINDS,
        fields.Label: contract.LABELS,
        fields.LabelSource: contract.LABEL_SOURCES,
        fields.Stage: STAGES,
        fields.Decision: DECISIONS,
        fields.Family: FAMILIES,
    }

    assert [get_args(held) for held in pairs] == [
        tuple(word.upper() for word in own) for own in pairs.values()
    ]


def test_every_column_of_a_registration_can_be_sent() -> None:
    beside = {"phone_number", "previous"}  # under another name; and what rotates a custodian's key
    held = set(RegistrationQuestion.model_fields) - beside | {"msisdn", "sequence"}

    assert held == set(contract_columns())


def contract_columns() -> tuple[str, ...]:
    from detector.intake.schema import REGISTRATIONS

    return REGISTRATIONS.names


@pytest.mark.parametrize("language", [words.SPANISH, words.ENGLISH])
def test_every_family_has_words(language: str) -> None:
    assert set(words.FAMILIES) == set(FAMILIES)
    assert all(texts[language] for texts in words.FAMILIES.values())
    assert {reason.family for reason in REASONS.values()} <= set(words.FAMILIES)


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("", "es-MX"),
        ("en", "en"),
        ("de, en;q=0.5, es;q=0.4", "en"),
        ("es-MX,es;q=0.9,en;q=0.8", "es-MX"),
        ("en;q=nonsense", "es-MX"),
        ("*", "es-MX"),
    ],
)
def test_the_language_is_the_one_liked_best(accepted: str, expected: str) -> None:
    assert words.language(accepted) == expected


def test_families_come_once_and_codes_never() -> None:
    codes = tuple(REASONS)[:3]
    desk = FakeDesk()
    desk.answering = {"decision": "hold", "score": 0.8, "reasons": codes, "folio": "AB-1"}
    caller = Caller(application(desk))
    answer = asyncio.run(caller.post("/assessments", question(), headers={"accept-language": "en"}))
    families = [one["family"] for one in answer.json()["reasons"]]

    assert len(families) == len(set(families))
    assert not any(name in answer.text.replace("UNUSUAL", "") for name in codes)
    assert "AB-1" in answer.json()["clerkText"]


@pytest.mark.parametrize("decision", DECISIONS)
def test_every_score_has_a_rung_that_rises_with_it(decision: str) -> None:
    rungs = [risk_score(score / 100, decision) for score in range(101)]

    assert set(rungs) <= set(LADDER)
    assert rungs == sorted(rungs)
    assert risk_band(decision) in get_args(fields.Band)


@pytest.mark.parametrize(
    ("name", "decision"),
    [
        ("ALLOW", "ALLOW"),
        ("ALLOWNOTIFY", "ALLOW_NOTIFY"),
        ("STEPUP", "STEP_UP"),
        ("HOLD", "HOLD"),
        ("SLOW", "ALLOW"),
        ("DEGRADED", "ALLOW"),
    ],
)
def test_a_test_identity_causes_the_answer_in_its_name(
    name: str, decision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = asyncio.run(answered(name, sandbox=True))

    assert answer.json()["decision"] == decision
    assert ("folio" in answer.json()) == (decision in ("STEP_UP", "HOLD"))
    assert ("noticeText" in answer.json()) == (decision == "ALLOW_NOTIFY")
    assert answer.json()["degraded"] == (name == "DEGRADED")


def test_a_test_identity_makes_the_service_unavailable() -> None:
    assert code(asyncio.run(answered("UNAVAILABLE", sandbox=True))) == (503, "UNAVAILABLE")


def test_a_line_that_exists_is_not_held_in_the_sandbox_either() -> None:
    answer = asyncio.run(answered("HOLD", sandbox=True, operation="LINK_EXISTING"))

    assert answer.json()["decision"] == "STEP_UP"


def test_outside_the_sandbox_test_identities_are_refused_and_reach_nobody() -> None:
    desk = FakeDesk()
    answer = asyncio.run(answered("ALLOW", desk=desk))

    assert code(answer) == (400, "INVALID_ARGUMENT")
    assert desk.held == {}


def test_the_sandbox_keeps_the_rules_of_repeating_and_ownership() -> None:
    app, asked = application(sandbox=True), scripted("ALLOW")
    first = asyncio.run(Caller(app).post("/assessments", asked))
    again = asyncio.run(Caller(app).post("/assessments", asked))
    other = asyncio.run(Caller(app).post("/assessments", asked | {"plan": "POSTPAID"}))
    path = f"/assessments/{first.json()['assessmentId']}"

    assert (first.status_code, again.status_code) == (201, 200)
    assert code(other) == (409, "ALREADY_EXISTS")
    assert code(asyncio.run(Caller(app, "beta-client").get(path))) == (404, "NOT_FOUND")


def test_real_and_test_identities_mix_in_bulk() -> None:
    app = application(sandbox=True)
    items = [scripted("HOLD"), question(), scripted("UNAVAILABLE")]
    answer = asyncio.run(Caller(app).post("/assessments/bulk", {"registrations": items}))

    assert [one["status"] for one in answer.json()["items"]] == [201, 201, 503]


def test_a_tmf_task_is_assessed_and_read_again() -> None:
    app = application()
    made = asyncio.run(Caller(app).http.post(TASK, json=task()))
    read = asyncio.run(Caller(app).http.get(made.json()["href"]))

    assert made.status_code == 201
    assert read.json() == made.json()
    assert made.json()["riskAssessmentResult"]["score"] == [{"riskName": "FraudRisk", "score": 0}]
    assert "XEXX010101HNEXXXA4" not in made.text


def test_a_broken_tmf_task_is_named_and_another_carriers_is_not_found() -> None:
    app = application()
    broken = asyncio.run(Caller(app).http.post(TASK, json=task() | {"characteristic": []}))
    other = asyncio.run(Caller(app, "beta-client").http.get(f"{TASK}/{uuid4()}"))

    assert broken.status_code == 400
    assert broken.json()["reason"]
    assert other.status_code == 404


def task() -> dict[str, Any]:
    asked = question()
    apart = ("identityType", "identityValue", "plan")
    return {
        "@type": "PartyRoleProductOfferingRiskAssessment",
        "partyRole": {"id": asked["identityValue"], "@referredType": "CURP", "href": "x"},
        "productOffering": {"id": asked["plan"]},
        "place": {"id": "pos-1"},
        "characteristic": [
            {"name": name, "value": value} for name, value in asked.items() if name not in apart
        ],
    }


def scripted(name: str, **changes: Any) -> dict[str, Any]:
    return question(identityType="PASSPORT", identityValue=f"ZZZ:TEST{name}", **changes)


async def answered(
    name: str, *, desk: FakeDesk | None = None, sandbox: bool = False, **changes: Any
) -> httpx.Response:
    app = application(desk, sandbox=sandbox)
    if sandbox:
        app.state.service.desk._sleep = quickly
    return await Caller(app).post("/assessments", scripted(name, **changes))


async def quickly(_: float) -> None:
    return None
