"""The operator's view of who asks too much: for the networks that may read the metrics, no client."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from serve.api.health import for_operators
from serve.oracle.watch import Watch


def oracle_router(watch: Watch) -> APIRouter:
    """One page of JSON."""
    router = APIRouter(include_in_schema=False)

    @router.get("/operator/askers")
    async def askers(request: Request) -> JSONResponse:
        """Who went over a rule today. Names are keyed hashes: `simvigia asker` compares one."""
        for_operators(request)
        return JSONResponse({"alarms": [asdict(alarm) for alarm in watch.alarms()]})

    return router
