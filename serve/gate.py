"""What every operation passes before its own code: token, scope, rate, media types, a strict body.

`Guarded` is the class of our routes. It reads the scope from the same `security` that the document
shows, so an operation cannot be documented with one scope and ask for another.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_type_hints

from fastapi import Request
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from serve import body, words
from serve.answers import Assessment, Desk
from serve.auth import Client, Verifier
from serve.errors import Fault
from serve.limits import Places, Rate
from serve.settings import Settings
from serve.telemetry import Telemetry, operation_of
from serve.witness import Witness

JSON = "application/json"
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


@dataclass(frozen=True, slots=True)
class Service:
    """What the operations of one application share; `app.state.service`."""

    desk: Desk
    settings: Settings
    verifier: Verifier
    rate: Rate
    imports: Places
    telemetry: Telemetry
    witness: Witness


class Asked(Request):
    """A request past the gate."""

    @cached_property
    def service(self) -> Service:
        """What the application works with."""
        found: Service = self.app.state.service
        return found

    @property
    def asker(self) -> Client:
        """Who asks."""
        found: Client = self.scope["state"]["asker"]
        return found

    @property
    def language(self) -> str:
        """The language to answer in."""
        return words.language(self.headers.get("accept-language", ""))

    def saw(self, found: Assessment) -> None:
        """The client is shown an assessment that was given before."""
        name = operation_of(self.scope)
        self.service.telemetry.alarmed(
            self.service.witness.shown(self.asker.client_id, found, name)
        )

    def asks(self, event: Mapping[str, object]) -> Mapping[str, object]:
        """The event, once the watch over askers has seen it. Raises Fault 429."""
        self.service.telemetry.alarmed(self.service.witness.asked(self.asker.client_id, event))
        return event

    def abandons(self, carrier: str, registration_id: str) -> None:
        """A registration of the client's was not finished."""
        self.service.telemetry.alarmed(self.service.witness.abandoned(carrier, registration_id))

    async def body(self) -> bytes:
        """The whole body, within the limit."""
        if not hasattr(self, "_body"):
            self._body = await body.raw(self, self.service.settings.body_limit)
        return self._body

    async def json(self) -> Any:
        """The body as strict JSON."""
        return body.document(await self.body())


class Guarded(APIRoute):
    """A route behind the gate. Its operation takes `asked: Asked` and, with a body, `body: AModel`."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        if model := self._model():
            self.app = self._straight(model)

    def get_route_handler(self) -> Handler:
        """The gate, then the operation as FastAPI asks it."""
        usual, scope = super().get_route_handler(), self._scope()
        reads_json = self.body_field is not None

        async def handle(request: Request) -> Response:
            asked = Asked(request.scope, request.receive)
            await _admit(asked, scope)
            if reads_json:
                check_media(asked, JSON)
            return await usual(asked)

        return handle

    def _straight(self, model: type[BaseModel]) -> ASGIApp:
        """The gate, then the operation itself, where the body is all that it reads: what FastAPI does
        between (dependencies, stacks of contexts) would cost as much as the rest of the request."""
        scope_wanted, validator = self._scope(), model.__pydantic_validator__

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            asked = Asked(scope, receive)
            await _admit(asked, scope_wanted)
            check_media(asked, JSON)
            given = validator.validate_python(await asked.json())
            response: Response = await self.endpoint(asked, given)
            await response(scope, receive, send)

        return answer

    def _scope(self) -> str:
        found: str = (self.openapi_extra or {})["security"][0]["openId"][0]
        return found

    def _model(self) -> type[BaseModel] | None:
        """The body's model, where the body is all that the operation reads."""
        needs = self.dependant
        if needs.path_params or needs.query_params or needs.header_params or not self.body_field:
            return None
        found = get_type_hints(self.endpoint).get("body")
        return found if isinstance(found, type) and issubclass(found, BaseModel) else None


async def _admit(asked: Asked, scope: str) -> None:
    """Raises Fault unless this client may ask this now and can read the answer."""
    service, header = asked.service, asked.headers.get("authorization", "")
    client = service.verifier.remembered(header) or await service.verifier.client(header)
    asked.scope["state"]["asker"] = client
    asked.scope["state"]["client"] = client.client_id
    client.require(scope)
    service.rate.take(client.client_id)
    accepted = asked.headers.get("accept", "*/*")
    if accepted != "*/*" and not _accepts(accepted):
        raise Fault(406)


def _accepts(accepted: str) -> bool:
    kinds = {part.partition(";")[0].strip().lower() for part in accepted.split(",")}
    return bool(kinds & {"*/*", "application/*", JSON, "application/x-ndjson"}) or not accepted


def check_media(asked: Asked, wanted: str) -> None:
    """Raises Fault 415 unless the body is said to be of the media type, in UTF-8, not compressed."""
    kind, _, parameters = asked.headers.get("content-type", "").partition(";")
    charset = parameters.lower().replace(" ", "").replace('"', "")
    if kind.strip().lower() != wanted or ("charset=" in charset and "charset=utf-8" not in charset):
        raise Fault(415, f"The body must be {wanted} in UTF-8")
    if asked.headers.get("content-encoding", "identity") != "identity":
        raise Fault(415, "The body must not be compressed")
