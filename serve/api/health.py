"""Whether the process lives, whether it can answer, and its metrics."""

from __future__ import annotations

from ipaddress import ip_address

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import JSONResponse, Response

from serve.errors import Fault
from serve.gate import Service
from serve.naming import TOKEN_MODES

router = APIRouter(include_in_schema=False)
WORKING = ("ok", "degraded", *TOKEN_MODES)
FORWARDED = ("forwarded", "x-forwarded-for")


@router.get("/health/live")
async def live() -> JSONResponse:
    """The process answers."""
    return JSONResponse({"status": "ok"})


@router.get("/health/ready")
async def ready(request: Request) -> JSONResponse:
    """Each part by name, and 503 unless all can do their work. What is wrong is for the log.

    A part that is `degraded` does its work with what it had, so traffic may stay. `tokens` says who makes
    them: `custodian`, `local`, or `local, several carriers`.
    """
    service: Service = request.app.state.service
    parts = dict(service.desk.ready())
    wrong = {name: state for name, state in parts.items() if not state.startswith(WORKING)}
    if wrong:
        service.telemetry.log.warning("not ready", parts=wrong)
    shown = {name: "unavailable" if name in wrong else state for name, state in parts.items()}
    return JSONResponse(shown, 503 if wrong else 200)


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Prometheus metrics, for the networks of the settings only: they count all carriers together."""
    for_operators(request)
    service: Service = request.app.state.service
    return Response(generate_latest(service.telemetry.registry), media_type=CONTENT_TYPE_LATEST)


def for_operators(request: Request) -> None:
    """Raises Fault 404 unless the request comes, not forwarded, from a network of the settings."""
    service: Service = request.app.state.service
    address = request.client.host if request.client else ""
    forwarded = any(name in request.headers for name in FORWARDED)
    if forwarded or not _within(address, service):
        raise Fault(404)


def _within(address: str, service: Service) -> bool:
    try:
        asking = ip_address(address)
    except ValueError:
        return False
    return any(asking in network for network in service.settings.metrics_from)
