"""A small issuer of access tokens for development and the demo; production has an identity provider.

It knows the client credentials grant (RFC 6749, 4.4) and nothing else. Off unless the settings say so.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, unquote_plus

from fastapi import APIRouter, Request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from starlette.responses import JSONResponse

from detector.errors import BadInput
from serve import body
from serve.errors import Fault
from serve.limits import Rate

TOKEN_LIFE = 900  # seconds
TOKEN_PATH, KEYS_PATH = "/oauth2/token", "/oauth2/jwks"
WORK = {"n": 2**14, "r": 8, "p": 1}  # of scrypt
NO_STORE = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class DevClient:
    """A client of the built-in issuer. Its secret is known by hash only."""

    secret_hash: str
    carriers: tuple[str, ...]
    scopes: tuple[str, ...]


def secret_hash(secret: str, salt: bytes | None = None) -> str:
    """A salted scrypt hash, as the file of clients holds it."""
    grain = secrets.token_bytes(16) if salt is None else salt
    made = hashlib.scrypt(secret.encode(), salt=grain, **WORK)
    return f"scrypt:{grain.hex()}:{made.hex()}"


def clients(path: Path) -> dict[str, DevClient]:
    """The clients in a JSON file: by id, `secretHash`, `carriers` and `scopes`. Raises BadInput."""
    try:
        return {
            name: DevClient(held["secretHash"], tuple(held["carriers"]), tuple(held["scopes"]))
            for name, held in json.loads(path.read_text("utf-8")).items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise BadInput(f"{path.name} is no file of clients: see docs/carrier.md") from None


def signing_key(path: Path | None) -> ECKey:
    """The key in a file, made there if it is not; without a file a key that dies with the process."""
    if path is None:
        return ECKey.generate_key("P-256", auto_kid=True)
    if not path.exists():
        made = ECKey.generate_key("P-256", auto_kid=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(made.as_dict(private=True), file)
    try:
        return ECKey.import_key(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, JoseError):
        raise BadInput(f"{path.name} holds no signing key") from None


class Issuer:
    """Signs tokens for its clients."""

    def __init__(
        self,
        key: ECKey,
        known: Mapping[str, DevClient],
        *,
        name: str,
        audience: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._key, self._known, self._clock = key, known, clock
        self.name, self._audience = name, audience
        self._tries = Rate(5.0, 20)
        self._nobody = secret_hash(secrets.token_urlsafe())

    @classmethod
    def load(cls, *, name: str, audience: str, known: Path, key: Path | None) -> Self:
        """From files. Raises BadInput."""
        return cls(signing_key(key), clients(known), name=name, audience=audience)

    def keys(self) -> KeySet:
        """The public keys."""
        return KeySet.import_key_set(self.jwks())  # type: ignore[arg-type]

    def jwks(self) -> dict[str, Any]:
        """The public keys as a document."""
        return {"keys": [self._key.as_dict(private=False, use="sig", alg="ES256")]}

    def token(self, client_id: str, scopes: tuple[str, ...] = ()) -> str:
        """An access token with the scopes asked for, or with all that the client may have."""
        held, now = self._known[client_id], int(self._clock())
        claims = {
            "iss": self.name,
            "aud": self._audience,
            "sub": client_id,
            "client_id": client_id,
            "iat": now,
            "exp": now + TOKEN_LIFE,
            "jti": secrets.token_hex(16),
            "scope": " ".join(scopes or held.scopes),
            "carriers": list(held.carriers),
        }
        header = {"alg": "ES256", "kid": self._key.kid, "typ": "at+jwt"}
        return jwt.encode(header, claims, self._key)

    async def knows(self, client_id: str, secret: str) -> bool:
        """Whether this is the client's secret. An unknown client takes as long as a known one."""
        self._tries.take("everybody")
        held = self._known.get(client_id)
        told = held.secret_hash if held else self._nobody
        made = await asyncio.to_thread(secret_hash, secret, bytes.fromhex(told.split(":")[1]))
        return hmac.compare_digest(made, told) and held is not None

    def scopes(self, client_id: str, asked: str) -> tuple[str, ...] | None:
        """The scopes to give, or None where one is beyond the client."""
        wanted = tuple(asked.split())
        return wanted if set(wanted) <= set(self._known[client_id].scopes) else None


def router(issuer: Issuer) -> APIRouter:
    """The issuer's endpoints."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/.well-known/openid-configuration")
    async def configuration() -> JSONResponse:
        """Where everything is (OpenID Connect Discovery)."""
        base = issuer.name.rstrip("/")
        return JSONResponse(
            {
                "issuer": issuer.name,
                "token_endpoint": base + TOKEN_PATH,
                "jwks_uri": base + KEYS_PATH,
                "grant_types_supported": ["client_credentials"],
                "response_types_supported": [],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
                "token_endpoint_auth_methods_supported": [
                    "client_secret_basic",
                    "client_secret_post",
                ],
            }
        )

    @routes.get(KEYS_PATH)
    async def jwks() -> JSONResponse:
        """The public keys."""
        return JSONResponse(issuer.jwks())

    @routes.post(TOKEN_PATH)
    async def token(request: Request) -> JSONResponse:
        """A token for a client that shows its secret."""
        form = _form(await body.raw(request, 10_000))
        client_id, secret = _credentials(request, form)
        if form.get("grant_type") != "client_credentials":
            return _refusal(400, "unsupported_grant_type")
        if not await issuer.knows(client_id, secret):
            return _refusal(401, "invalid_client")
        scopes = issuer.scopes(client_id, form.get("scope", ""))
        if scopes is None:
            return _refusal(400, "invalid_scope")
        given = {"access_token": issuer.token(client_id, scopes), "token_type": "Bearer"}
        return JSONResponse(given | {"expires_in": TOKEN_LIFE}, headers=NO_STORE)

    return routes


def _form(content: bytes) -> dict[str, str]:
    try:
        pairs = parse_qs(content.decode("utf-8"), max_num_fields=20)
    except ValueError:
        raise Fault(400, "body: not a form") from None
    return {name: values[0] for name, values in pairs.items()}


def _credentials(request: Request, form: Mapping[str, str]) -> tuple[str, str]:
    kind, _, packed = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        name, _, secret = base64.b64decode(packed, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote_plus(name), unquote_plus(secret)


def _refusal(status: int, error: str) -> JSONResponse:
    headers = {"WWW-Authenticate": "Basic"} if status == 401 else {}
    return JSONResponse({"error": error}, status, headers=NO_STORE | headers)
