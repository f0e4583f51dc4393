"""Who is asking, and for which carriers: OAuth 2 access tokens (JWT) checked against an issuer's keys.

A client acts for the carriers named in its grant, a claim of the token. What belongs to another carrier
does not exist for it.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from serve.answers import Unavailable
from serve.errors import Fault

ALGORITHMS = ["ES256", "RS256", "PS256", "EdDSA", "Ed25519"]
LEEWAY = 30  # seconds between the issuer's clock and ours
REMEMBERED = 300  # seconds for which a verified token is believed without asking its key again
MOST_TOKENS = 4_096
LONGEST_TOKEN = 8_192
RELOAD, REFRESH = 3_600, 30  # seconds: keys are fetched anew; after an unknown key, not sooner than


@dataclass(frozen=True, slots=True)
class Client:
    """Whoever holds a token, until it expires (seconds since 1970)."""

    client_id: str
    carriers: frozenset[str]
    scopes: frozenset[str]
    until: float
    subject: str = ""

    @property
    def person(self) -> str:
        """Who it is where people act: the token's subject, else the client itself."""
        return self.subject or self.client_id

    def require(self, scope: str) -> None:
        """Raises Fault 403 unless the token was given for this."""
        if scope not in self.scopes:
            raise Fault(403, f"The token lacks the scope {scope}")

    def act_for(self, carrier: str) -> None:
        """Raises Fault 403 unless the client may register for this carrier."""
        if carrier not in self.carriers:
            raise Fault(403, "carrierId: not among the carriers that this client acts for")

    def own(self, carrier: str) -> None:
        """Raises Fault 404 unless the carrier is one of the client's: others' objects do not exist."""
        if carrier not in self.carriers:
            raise Fault(404)


class Keys(Protocol):
    """The public keys of an issuer."""

    async def current(self) -> KeySet:
        """The keys as last known. Raises Unavailable where none could be had yet."""
        ...

    async def newer(self) -> KeySet | None:
        """The keys fetched anew because one was not found; None where that is too soon or pointless."""
        ...


class LocalKeys:
    """Keys that do not change while the process lives."""

    def __init__(self, keys: KeySet) -> None:
        self._keys = keys

    async def current(self) -> KeySet:
        """The keys."""
        return self._keys

    async def newer(self) -> KeySet | None:
        """There are none."""
        return None


class RemoteKeys:
    """Keys at a JWKS URL, fetched when first needed, hourly, and when a token names an unknown one."""

    def __init__(
        self,
        url: str,
        *,
        http: Callable[[], httpx.AsyncClient] = httpx.AsyncClient,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url, self._http, self._clock = url, http, clock
        self._keys: KeySet | None = None
        self._fetched = self._tried = -float(RELOAD)
        self._one = asyncio.Lock()

    async def current(self) -> KeySet:
        """The keys; old ones serve on while the issuer does not answer."""
        if self._keys is None or self._clock() - self._fetched > RELOAD:
            await self._fetch()
        if self._keys is None:
            raise Unavailable(retry_after=REFRESH)
        return self._keys

    async def newer(self) -> KeySet | None:
        """The keys fetched anew, at most every half minute."""
        return self._keys if await self._fetch() else None

    async def _fetch(self) -> bool:
        async with self._one:
            if self._clock() - self._tried < REFRESH:
                return False
            self._tried = self._clock()
            try:
                async with self._http() as http:
                    answer = await http.get(self._url, timeout=5.0, follow_redirects=False)
                self._keys = KeySet.import_key_set(answer.raise_for_status().json())
            except (httpx.HTTPError, JoseError, ValueError, KeyError, TypeError):
                return False
            self._fetched = self._clock()
            return True


class Verifier:
    """From an Authorization header to a client. Verified tokens are remembered by hash."""

    def __init__(
        self,
        keys: Keys,
        *,
        issuer: str,
        audience: str,
        grant_claim: str = "carriers",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keys, self._clock, self._grant = keys, clock, grant_claim
        self._rules = jwt.JWTClaimsRegistry(
            now=lambda: int(clock()),
            leeway=LEEWAY,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
        )
        self._known: OrderedDict[bytes, tuple[Client, float]] = OrderedDict()

    def remembered(self, header: str) -> Client | None:
        """The client of a header seen before, if it still holds."""
        digest = hashlib.sha256(header.encode("latin-1")).digest()
        client, until = self._known.get(digest, (None, 0.0))
        return client if until > self._clock() else None

    async def client(self, header: str) -> Client:
        """The client. Raises Fault 401, and Unavailable where the issuer's keys cannot be had."""
        kind, _, token = header.partition(" ")
        if kind.lower() != "bearer" or not 0 < len(token) <= LONGEST_TOKEN:
            raise Fault(401)
        try:
            claims = await self._claims(token)
            self._rules.validate(claims)
            client = self._client(claims)
        except (JoseError, ValueError, KeyError, TypeError):
            raise Fault(401) from None
        self._remember(header, client)
        return client

    async def _claims(self, token: str) -> dict[str, Any]:
        keys = await self._keys.current()
        try:
            return jwt.decode(token, keys, ALGORITHMS).claims
        except (JoseError, ValueError):
            newer = await self._keys.newer()
            if newer is None:
                raise
            return jwt.decode(token, newer, ALGORITHMS).claims

    def _client(self, claims: dict[str, Any]) -> Client:
        held = claims.get("scope", claims.get("scp", ""))
        carriers = claims.get(self._grant, [])
        name = claims.get("client_id") or claims.get("azp") or claims["sub"]
        if not isinstance(carriers, list) or not all(isinstance(c, str) for c in carriers):
            raise ValueError("the grant is not a list of carriers")
        scopes = held.split() if isinstance(held, str) else held
        return Client(
            str(name)[:128],
            frozenset(carriers),
            frozenset(scopes),
            float(claims["exp"]),
            str(claims.get("sub", ""))[:128],
        )

    def _remember(self, header: str, client: Client) -> None:
        until = min(client.until + LEEWAY, self._clock() + REMEMBERED)
        digest = hashlib.sha256(header.encode("latin-1")).digest()
        self._known[digest] = client, until
        if len(self._known) > MOST_TOKENS:
            self._known.popitem(last=False)
