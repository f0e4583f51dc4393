"""The application: what answers HTTP, wired from a desk and the settings."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from fastapi import APIRouter, FastAPI
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from opentelemetry import trace
from starlette.middleware import Middleware

from detector.errors import BadInput
from serve import errors, issuer
from serve.answers import Desk
from serve.api import assessments, events, health, imports, tmf696
from serve.auth import Keys, LocalKeys, RemoteKeys, Verifier
from serve.correlator import Correlated
from serve.gate import Service
from serve.issuer import Issuer
from serve.limits import Places, Rate, Shed
from serve.naming import API_TITLE, API_VERSION
from serve.openapi import document
from serve.sandbox import Closed, Sandbox
from serve.settings import Settings
from serve.telemetry import Telemetry, Watched
from serve.witness import Witness

ROUTERS = (assessments.router, imports.router, events.router, tmf696.router, health.router)


def create_app(
    desk: Desk,
    settings: Settings,
    *,
    routers: Sequence[APIRouter] = (),
    development: Issuer | None = None,
    keys: Keys | None = None,
    log: TextIO | None = None,
    witness: Witness | None = None,
    tracer: trace.Tracer | None = None,
) -> FastAPI:
    """The application.

    `routers` are further ones, of the class `serve.gate.Guarded` where they are for clients.
    `development` is the built-in issuer, loaded from the settings where they ask for one and it is not
    given; `keys` stand in for those that the settings name; `tracer` makes a span of each request.
    Raises BadInput where a file of the settings cannot be used.
    """
    development = development or built_in(settings)
    telemetry = Telemetry(log=log, tracer=tracer)
    app = FastAPI(
        title=API_TITLE,
        version=API_VERSION,
        openapi_url=None,
        redirect_slashes=False,
        middleware=[
            Middleware(Correlated),
            Middleware(Watched, telemetry=telemetry),
            Middleware(Shed, most=settings.in_flight),
        ],
    )
    app.state.service = Service(
        desk=Sandbox(desk) if settings.sandbox else Closed(desk),
        settings=settings,
        verifier=Verifier(
            keys or _keys(settings, development),
            issuer=settings.issuer,
            audience=settings.audience,
            grant_claim=settings.grant_claim,
        ),
        rate=Rate(settings.rate, settings.burst),
        imports=Places(settings.imports_at_once),
        telemetry=telemetry,
        witness=witness or Witness(),
    )
    errors.install(app)
    for router in (*ROUTERS, *routers, *([issuer.router(development)] if development else ())):
        app.router.routes.extend(router.routes)  # including it would match every request twice
    app.openapi = _documented(app)  # type: ignore[method-assign]
    return app


def built_in(settings: Settings) -> Issuer | None:
    """The built-in issuer, where the settings ask for one. Raises BadInput."""
    if not settings.dev_issuer or settings.dev_clients is None:
        return None
    return Issuer.load(
        name=settings.issuer,
        audience=settings.audience,
        known=settings.dev_clients,
        key=settings.dev_key_file,
    )


def _documented(app: FastAPI) -> Callable[[], dict[str, object]]:
    raw = app.openapi
    return lambda: document(raw())


def _keys(settings: Settings, development: Issuer | None) -> Keys:
    if development:
        return LocalKeys(development.keys())
    if settings.jwks_file:
        return LocalKeys(_key_file(settings.jwks_file))
    return RemoteKeys(settings.jwks_url)


def _key_file(path: Path) -> KeySet:
    try:
        return KeySet.import_key_set(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, KeyError, TypeError, JoseError):
        raise BadInput(f"{path.name} is no set of keys (JWKS)") from None
