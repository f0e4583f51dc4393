"""The real service: a generated client calls it, and generated requests find no undocumented answer."""

import importlib
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

import hypothesis
import pytest
import schemathesis
import uvicorn
from fastapi import FastAPI
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from serve.api import subscriptions
from serve.app import create_app
from serve.deliveries.addresses import Reach
from serve.deliveries.book import Book
from serve.documents import DOCUMENTS
from serve.issuer import DevClient, Issuer
from serve.naming import API_BASE
from serve.openapi import text
from serve.store.database import connect
from tests.serve import counter
from tests.serve.deliveries.post import VAULT, now
from tests.serve.engine.serving import Server

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
LOOSE = ("assessInBulk", "importRegistrations")  # a bad item is its own outcome, the answer is 200


@schemathesis.serializer("application/x-ndjson")
def lines(_: Any, value: Any) -> bytes:
    """Whatever was generated, as the body of an import."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@contextmanager
def running(app: FastAPI) -> Iterator[str]:
    """The application behind a real server, until the block ends."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`simvigia serve` over a store of its own."""
    made = Server(tmp_path_factory.mktemp("service"))
    yield made
    made.kill()


@pytest.fixture(scope="module")
def token(server: Server) -> str:
    """What the service's own issuer gives the rehearsal's client."""
    with server.client() as known:
        return str(known.headers["authorization"]).removeprefix("Bearer ")


def operations(document: dict[str, Any], url: str) -> list[Any]:
    """What schemathesis reads from the document, to be asked at a server."""
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=url)
    return [found.ok() for found in schema.get_all_operations()]


def test_generated_requests_find_no_failure_and_no_undocumented_answer(
    server: Server, token: str, examples: int, figure: Any
) -> None:
    asked = ask_all(DOCUMENTS["registration-risk"](), server.url + API_BASE, token)

    figure(f"{len(asked):,} generated requests: {dict(Counter(asked))}")
    assert len(asked) >= examples
    assert 400 in asked
    assert {200, 201} & set(asked)


def test_generated_subscriptions_find_no_failure_and_no_undocumented_answer(
    tmp_path: Path, examples: int
) -> None:
    """Without a dispatcher: sinks are generated too, and nobody out there is to be called."""
    known = {"ana": DevClient(counter.HASH, ("alfa",), tuple(subscriptions.SCOPES))}
    issuer = Issuer(counter.KEY, known, name=counter.ISSUER, audience=counter.AUDIENCE)
    book = Book(
        connect(f"sqlite:///{tmp_path / 'store.db'}"),
        vault=VAULT,
        view=subscriptions.view,
        now=now,
    )
    app = create_app(
        counter.FakeDesk(),
        counter.settings(rate=1e5, burst=100_000),
        routers=(subscriptions.subscriptions_router(book, reach=Reach()),),
        development=issuer,
        log=StringIO(),
    )
    with running(app) as url:
        document = DOCUMENTS[subscriptions.NAME]()
        asked = ask_all(document, url + subscriptions.BASE, issuer.token("ana"))

    assert len(asked) >= examples


def ask_all(document: dict[str, Any], url: str, token: str) -> list[int]:
    """Ask what fits the document, and what does not; the statuses."""
    headers, asked = {"authorization": f"Bearer {token}"}, list[int]()
    for operation in operations(document, url):
        checks = [*CHECKS] + (
            [] if operation.definition.raw["operationId"] in LOOSE else [negative_data_rejection]
        )
        for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):
            ask(operation.as_strategy(generation_mode=mode), checks, headers, asked)
    return asked


def ask(cases: Any, checks: list[Any], headers: dict[str, str], asked: list[int]) -> None:
    @hypothesis.given(case=cases)
    @hypothesis.settings(suppress_health_check=list(hypothesis.HealthCheck))
    def one(case: Any) -> None:
        answer = case.call(headers=headers)
        asked.append(answer.status_code)
        case.validate_response(answer, checks=checks)

    one()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The package that openapi-python-client makes from the document."""
    folder = tmp_path_factory.mktemp("client")
    document = folder / "registration-risk.yaml"
    document.write_text(text(DOCUMENTS["registration-risk"]()), "utf-8")
    command = [Path(sys.executable).with_name("openapi-python-client"), "generate"]
    options = ["--path", document, "--output-path", folder / "made", "--meta", "none"]
    made = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    (folder / "made").rename(folder / "registration_risk_client")
    sys.path.insert(0, str(folder))
    yield importlib.import_module("registration_risk_client")
    sys.path.remove(str(folder))


def test_a_generated_client_assesses_a_registration(
    client: ModuleType, server: Server, token: str
) -> None:
    part = importlib.import_module
    name = client.__name__
    models = part(f"{name}.models")
    assess = part(f"{name}.api.assessments.assess_registration")
    caller = client.AuthenticatedClient(base_url=server.url + API_BASE, token=token)
    body = models.RegistrationQuestion.from_dict(
        {
            "registrationId": "generated-1",
            "carrierId": "alfa",
            "registeredAt": datetime(2026, 3, 1, tzinfo=UTC).isoformat(),
            "operation": "NEW_LINE",
            "channel": "APP",
            "plan": "PREPAID",
            "identityType": "PASSPORT",
            "identityValue": "ZZZ:TESTHOLD",
            "phoneNumber": "+525500000001",
        }
    )
    found = assess.sync(client=caller, body=body)

    assert found.decision == "HOLD"
    assert found.folio.startswith("TEST-")
