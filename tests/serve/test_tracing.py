"""Spans reach a collector that the operator names, and hold no identifier."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from threading import Thread
from typing import Any

import pytest

from detector.errors import BadInput
from serve import tracing
from serve.app import create_app
from tests.serve.counter import Caller, FakeDesk, issuer, question, settings

CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@contextmanager
def collecting() -> Iterator[tuple[str, list[tuple[str, dict[str, Any]]]]]:
    """A collector on this machine, and what came in: where and what."""
    got: list[tuple[str, dict[str, Any]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            got.append((f"{self.path} {self.headers['x-team']}", json.loads(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", got
        server.shutdown()


def spans(*asked: dict[str, Any], **headers: str) -> tuple[str, list[dict[str, Any]]]:
    """What a collector gets of some questions."""
    with collecting() as (url, got):
        told = {tracing.ENDPOINT: url, tracing.HEADERS: "x-team=risk%20desk"}
        made = tracing.provider(told)
        assert made is not None
        app = create_app(
            FakeDesk(),
            settings(),
            development=issuer(),
            log=StringIO(),
            tracer=made.get_tracer(tracing.OURS),
        )
        for one in asked:
            asyncio.run(Caller(app, **headers).post("/assessments", one))
        made.shutdown()
    [(where, document)] = got
    [resource] = document["resourceSpans"]
    assert resource["resource"]["attributes"][-1] == {
        "key": "service.name",
        "value": {"stringValue": "simvigia"},
    }
    return where, resource["scopeSpans"][0]["spans"]


def test_a_request_is_a_span_below_its_callers() -> None:
    parent = f"00-{CALLER[0]}-{CALLER[1]}-01"
    where, [span] = spans(question(), traceparent=parent, **{"x-correlator": "abc"})
    told = {one["key"]: next(iter(one["value"].values())) for one in span["attributes"]}

    assert where == "/v1/traces risk desk"
    assert (span["traceId"], span["parentSpanId"]) == CALLER
    assert (span["name"], span["kind"]) == ("assessRegistration", 2)
    assert told["http.response.status_code"] == "201"
    assert told["simvigia.correlator"] == "abc"
    assert int(span["endTimeUnixNano"]) > int(span["startTimeUnixNano"])


def test_a_span_holds_no_identifier() -> None:
    asked = [question(), question(plan="XEXX010101HNEXXXA4")]
    _, found = spans(*asked)

    assert len(found) == 2
    for one in asked:
        for name in ("identityValue", "phoneNumber", "registrationId"):
            assert one[name] not in json.dumps(found)


def test_without_a_collector_there_are_no_spans() -> None:
    assert tracing.provider({}) is None


def test_a_collector_that_is_no_url_is_refused_by_the_variables_name() -> None:
    with pytest.raises(BadInput, match=tracing.ENDPOINT):
        tracing.provider({tracing.ENDPOINT: "collector:4318"})


def test_a_collector_that_does_not_answer_holds_nobody_up() -> None:
    made = tracing.provider({tracing.ENDPOINT: "http://127.0.0.1:1"})
    assert made is not None
    app = create_app(
        FakeDesk(), settings(), development=issuer(), log=StringIO(), tracer=made.get_tracer("x")
    )

    assert asyncio.run(Caller(app).post("/assessments", question())).status_code == 201
    made.shutdown()
