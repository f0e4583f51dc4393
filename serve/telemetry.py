"""What an operator sees: metrics, spans and access logs, none of which holds an identifier.

A log line names the operation, never the path, the query or a body. Spans are made where the operator
named a collector (`serve.tracing`), and nowhere else.
"""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import TextIO

import structlog
from opentelemetry import propagate, trace
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve.answers import Assessment
from serve.errors import Fault, response
from serve.oracle.rules import Alarm

UNMATCHED = "unmatched"
QUIET = ("live", "ready", "metrics")  # asked every few seconds by machines
SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Telemetry:
    """The instruments of one application."""

    def __init__(self, *, log: TextIO | None = None, tracer: trace.Tracer | None = None) -> None:
        self.registry = CollectorRegistry()
        here = self.registry
        self._requests = Counter(
            "simvigia_requests", "Requests answered", ["operation", "status"], registry=here
        )
        self._seconds = Histogram(
            "simvigia_request_seconds",
            "Time to answer",
            ["operation"],
            buckets=SECONDS,
            registry=here,
        )
        self._decisions = Counter(
            "simvigia_decisions", "Assessments given", ["decision"], registry=here
        )
        self._degraded = Counter(
            "simvigia_degraded", "Assessments given with a source down", registry=here
        )
        self._alarms = Counter(
            "simvigia_asker_alarms",
            "Askers who went over a rule, once a day each",
            ["rule", "role"],
            registry=here,
        )
        self.inside = Gauge("simvigia_requests_inside", "Requests in work", registry=here)
        self.imported = Counter(
            "simvigia_imported_lines",
            "Lines of imports by what became of them",
            ["outcome"],
            registry=here,
        )
        self._instruments = lru_cache(maxsize=512)(self._labelled)
        self.tracer = tracer
        self.log = _logger(log)

    def _labelled(self, operation: str, status: int) -> tuple[Counter, Histogram]:
        return self._requests.labels(operation, status), self._seconds.labels(operation)

    def assessed(self, assessment: Assessment) -> None:
        """Count an assessment that is about to be answered."""
        self._decisions.labels(assessment.decision).inc()
        if assessment.degraded:
            self._degraded.inc()

    def alarmed(self, alarms: Sequence[Alarm]) -> None:
        """Count and log askers who went over a rule; the handle is a keyed hash."""
        for alarm in alarms:
            self._alarms.labels(alarm.rule, alarm.role).inc()
            self.log.warning("asker", **asdict(alarm))

    def answered(self, scope: Scope, status: int, seconds: float) -> None:
        """Count and log an answer."""
        operation = operation_of(scope)
        counted, timed = self._instruments(operation, status)
        counted.inc()
        timed.observe(seconds)
        if operation in QUIET:
            return
        state = scope.get("state", {})
        self.log.info(
            "answered",
            operation=operation,
            status=status,
            ms=round(seconds * 1000, 2),
            correlator=state.get("correlator"),
            client=state.get("client"),
        )

    def failed(self, scope: Scope, error: BaseException) -> None:
        """Log what nobody expected: its type and where, not its message, which may quote a value."""
        frames = traceback.extract_tb(error.__traceback__)[-5:]
        self.log.error(
            "failed",
            operation=operation_of(scope),
            error=type(error).__name__,
            at=[f"{frame.name}:{frame.lineno}" for frame in frames],
            correlator=scope.get("state", {}).get("correlator"),
        )


def operation_of(scope: Scope) -> str:
    """The name of the operation that a request was routed to."""
    route = scope.get("route")
    return getattr(route, "operation_id", None) or getattr(route, "name", None) or UNMATCHED


_ENCODER = json.JSONEncoder(
    default=str, ensure_ascii=False
)  # made once: making one costs more than a line


def _json(_: object, __: str, event: structlog.typing.EventDict) -> str:
    return _ENCODER.encode(event)


def _logger(log: TextIO | None) -> structlog.typing.FilteringBoundLogger:
    made: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
        structlog.WriteLogger(log),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _json,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(20),
        cache_logger_on_first_use=True,
    )
    return made


class Watched:
    """ASGI middleware: counts, logs, spans, and turns what nobody expected into INTERNAL."""

    def __init__(self, app: ASGIApp, telemetry: Telemetry) -> None:
        self._app, self._telemetry = app, telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 0

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        telemetry = self._telemetry
        telemetry.inside.inc()
        span = _begun(telemetry.tracer, scope) if telemetry.tracer else None
        try:
            if span is None:
                await self._app(scope, receive, note)
            else:
                with trace.use_span(span, record_exception=False, set_status_on_exception=False):
                    await self._app(scope, receive, note)
        except Exception as error:  # noqa: BLE001 - the last place that can still answer
            telemetry.failed(scope, error)
            if not status:
                await response(Fault(500), scope["path"])(scope, receive, note)
        finally:
            telemetry.inside.dec()
            telemetry.answered(scope, status, time.perf_counter() - begun)
            if span is not None:
                _end(span, scope, status)


def _begun(tracer: trace.Tracer, scope: Scope) -> trace.Span:
    """The span of a request, below the caller's where it sent one."""
    carried = {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in scope["headers"]
        if name in (b"traceparent", b"tracestate")
    }
    context = propagate.extract(carried) if carried else None
    return tracer.start_span("request", context, trace.SpanKind.SERVER)


def _end(span: trace.Span, scope: Scope, status: int) -> None:
    """What a span says: the operation and how it ended; the path may hold a name."""
    if span.is_recording():
        span.update_name(operation_of(scope))
        span.set_attribute("http.request.method", scope["method"])
        span.set_attribute("http.response.status_code", status)
        span.set_attribute("simvigia.correlator", scope.get("state", {}).get("correlator", ""))
        if status >= 500:
            span.set_status(trace.StatusCode.ERROR)
    span.end()
