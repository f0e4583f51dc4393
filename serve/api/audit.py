"""What outsiders need to hold the audit log to its word: the newest signed checkpoint, and the log's key."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import JSONResponse, PlainTextResponse, Response

from serve.audit.keeper import Keeper
from serve.errors import Fault
from serve.gate import Asked, Guarded
from serve.naming import API_BASE, READ, security


def audit_routers(keeper: Keeper) -> tuple[APIRouter, APIRouter]:
    """For clients: the checkpoint. Open to all: the key."""
    guarded = APIRouter(prefix=API_BASE, route_class=Guarded, include_in_schema=False)
    open_ = APIRouter(include_in_schema=False)

    @guarded.get("/audit/checkpoint", openapi_extra=security(READ))
    async def audit_checkpoint(asked: Asked) -> Response:
        """The newest checkpoint, a signed note to be kept."""
        if not keeper.latest:
            raise Fault(404, "Nothing was recorded yet")
        return PlainTextResponse(keeper.latest)

    @open_.get("/.well-known/audit-key")
    async def audit_key() -> JSONResponse:
        """The public key of checkpoints: Ed25519, 32 bytes in hexadecimal."""
        return JSONResponse({"algorithm": "ed25519", "key": keeper.public_key})

    return guarded, open_
