"""Spans sent to a collector, where the operator names one in OpenTelemetry's own variables.

OTLP over HTTP in its JSON form, which every collector takes. The SDK does the rest: sampling, batches, and
a thread of its own that drops spans rather than hold anything up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import unquote

import httpx
from opentelemetry import trace
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from detector.errors import BadInput

ENDPOINT, TRACES_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
HEADERS, NAME = "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_SERVICE_NAME"
PATIENCE = 10.0  # seconds for a collector to answer
OURS = "simvigia.serve"
Json = dict[str, object]


def provider(environment: Mapping[str, str]) -> TracerProvider | None:
    """What makes spans and sends them; None where no collector is named. Raises BadInput."""
    url = endpoint(environment)
    if not url:
        return None
    named = Resource.create({SERVICE_NAME: environment.get(NAME) or "simvigia"})
    made = TracerProvider(resource=named)
    made.add_span_processor(BatchSpanProcessor(Collector(url, _headers(environment))))
    return made


def endpoint(environment: Mapping[str, str]) -> str:
    """Where spans go; empty where nowhere. Raises BadInput."""
    base = environment.get(ENDPOINT, "").rstrip("/")
    url = environment.get(TRACES_ENDPOINT, "") or (f"{base}/v1/traces" if base else "")
    if url and not url.startswith(("http://", "https://")):
        raise BadInput(f"{ENDPOINT} must begin with http:// or https://")
    return url


class Collector(SpanExporter):
    """Posts spans to a collector."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._url = url
        self._http = httpx.Client(headers=dict(headers), timeout=PATIENCE)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """One batch; what cannot be sent is dropped."""
        try:
            answer = self._http.post(self._url, json=document(spans))
        except httpx.HTTPError:
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS if answer.is_success else SpanExportResult.FAILURE

    def shutdown(self) -> None:
        """No more will be sent."""
        self._http.close()


def document(spans: Sequence[ReadableSpan]) -> Json:
    """Spans of one process as OTLP's ExportTraceServiceRequest."""
    resource = spans[0].resource.attributes if spans else {}
    held = {"scope": {"name": OURS}, "spans": [_span(one) for one in spans]}
    return {"resourceSpans": [{"resource": {"attributes": _pairs(resource)}, "scopeSpans": [held]}]}


def _span(one: ReadableSpan) -> Json:
    context = one.get_span_context()
    assert context is not None
    told: Json = {
        "traceId": trace.format_trace_id(context.trace_id),
        "spanId": trace.format_span_id(context.span_id),
        "name": one.name,
        "kind": one.kind.value + 1,  # OTLP counts from unspecified
        "startTimeUnixNano": str(one.start_time),
        "endTimeUnixNano": str(one.end_time),
        "attributes": _pairs(one.attributes or {}),
        "status": {"code": one.status.status_code.value},
    }
    return told | ({"parentSpanId": trace.format_span_id(one.parent.span_id)} if one.parent else {})


def _pairs(attributes: Mapping[str, object]) -> list[Json]:
    return [{"key": name, "value": _value(value)} for name, value in attributes.items()]


def _value(value: object) -> Json:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    return {"doubleValue": value} if isinstance(value, float) else {"stringValue": str(value)}


def _headers(environment: Mapping[str, str]) -> dict[str, str]:
    """`name=value` pairs joined by commas, values percent-encoded."""
    pairs = (
        pair.partition("=") for pair in environment.get(HEADERS, "").split(",") if pair.strip()
    )
    return {name.strip(): unquote(value.strip()) for name, _, value in pairs}
