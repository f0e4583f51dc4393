"""Who is at the page, and that a form was ours: a short session cookie or a gateway's token, and CSRF marks.

The session cookie holds an access token of the issuer; it is checked like any other and ends with it. A
form carries a mark made from a second cookie that other sites cannot read, so nobody can have one sent.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from starlette.requests import Request
from starlette.responses import Response

from serve.auth import Client, Verifier
from serve.errors import Fault
from serve.issuer import TOKEN_LIFE, Issuer

SESSION, NONCE, FIELD = "review_session", "review_form", "form"
PATH = "/review"
OURS = {"same-origin", "none"}  # Sec-Fetch-Site of what did not come from another site


class Sessions:
    """Checks sessions and forms. `issuer` signs people in where this process is one itself, else nobody."""

    def __init__(self, key: bytes, *, issuer: Issuer | None, secure: bool) -> None:
        self._key, self.issuer, self._secure = key, issuer, secure

    async def visitor(self, request: Request, verifier: Verifier) -> Client:
        """Who asks. Raises Fault 401."""
        given = request.headers.get("authorization", "")
        header = given or f"Bearer {request.cookies.get(SESSION, '')}"
        return verifier.remembered(header) or await verifier.client(header)

    async def sign_in(self, name: str, secret: str) -> str | None:
        """A session for whoever knows the secret."""
        if self.issuer is None or not await self.issuer.knows(name, secret):
            return None
        return self.issuer.token(name)

    def begin(self, answer: Response, token: str) -> None:
        """Hand a session out."""
        self._cookie(answer, SESSION, token)

    def end(self, answer: Response) -> None:
        """Take it back."""
        answer.delete_cookie(SESSION, path=PATH)

    def nonce(self, request: Request) -> str:
        """The form cookie's value, a fresh one where there is none."""
        return request.cookies.get(NONCE) or secrets.token_urlsafe(24)

    def remember(self, answer: Response, nonce: str) -> None:
        """Hand the form cookie out."""
        self._cookie(answer, NONCE, nonce)

    def mark(self, nonce: str, person: str) -> str:
        """What a form of this person carries."""
        text = f"{nonce}\x1f{person}".encode()
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()

    def check(self, request: Request, given: str, person: str) -> None:
        """Raises Fault 403 unless the form is one of ours."""
        nonce = request.cookies.get(NONCE, "")
        site = request.headers.get("sec-fetch-site", "none")
        fine = hmac.compare_digest(given.encode(), self.mark(nonce, person).encode())
        if not nonce or not fine or site not in OURS:
            raise Fault(403)

    def _cookie(self, answer: Response, name: str, value: str) -> None:
        answer.set_cookie(
            name,
            value,
            max_age=TOKEN_LIFE,
            path=PATH,
            secure=self._secure,
            httponly=True,
            samesite="strict",
        )
