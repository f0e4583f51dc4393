"""Backfills: registrations of the past as NDJSON, streamed in; progress and rejected lines, streamed out.

Reading never waits for the client to read: what is to be told is kept, and how much that can be is
bounded. A client that sends everything before it reads anything therefore never deadlocks.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import ValidationError
from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from serve import body
from serve.answers import Assessment, Unavailable
from serve.documented import responses
from serve.errors import Fault, fault
from serve.gate import Asked, Guarded, check_media
from serve.naming import API_BASE, IMPORT, security
from serve.schemas import ImportLine, RegistrationQuestion

NDJSON = "application/x-ndjson"
BATCH = 500
LONGEST_LINE = 65_536  # bytes
TOLD_EVERY = 10_000  # lines between two lines of progress
MOST_TOLD = 1_000  # rejected lines told one by one; more are only counted
PATIENCE = (0.2, 0.5, 1.0, 2.0, 5.0)  # seconds waited for a store that does not answer
REQUEST = {
    "requestBody": {
        "description": "One registration per line, as `assessRegistration` takes it",
        "required": True,
        "content": {
            NDJSON: {
                "schema": {
                    "type": "string",
                    "description": "Lines of JSON",
                    "pattern": r"^[\s\S]*$",
                    "maxLength": 2**40,
                }
            }
        },
    }
}

router = APIRouter(prefix=API_BASE, route_class=Guarded, tags=["Imports"])


@router.post(
    "/imports",
    operation_id="importRegistrations",
    summary="Import registrations of the past",
    status_code=200,
    response_class=StreamingResponse,
    response_description="Progress, one JSON document per line",
    responses=responses(400, 415) | {200: {"model": ImportLine, "content": {NDJSON: {}}}},
    openapi_extra=security(IMPORT) | REQUEST,
)
async def import_registrations(
    asked: Asked,
    from_line: Annotated[
        int,
        Query(
            alias="fromLine",
            ge=1,
            le=2**31 - 1,
            description="The first line to take; those before it are read and left out",
            json_schema_extra={"format": "int32"},
        ),
    ] = 1,
    notify: Annotated[bool, Query(description="Whether anybody may be notified")] = False,
) -> Response:
    """Takes registrations of any age, in their order, however many. Nobody is notified unless asked for.

    A line that was imported before counts as repeated, so an import that broke off may be sent again from
    its beginning, or from `resumeFrom` with `fromLine`.
    """
    check_media(asked, NDJSON)
    asked.service.imports.check()
    return Telling(_told(Run(asked, from_line, notify)), media_type=NDJSON)


class Telling(StreamingResponse):
    """An answer that leaves the request to its reader: Starlette's listens for the client's going, and
    would swallow pieces of a body that is still arriving.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send while there is something to tell."""
        await self.stream_response(send)


async def _told(run: Run) -> AsyncIterator[bytes]:
    """The lines of the answer while the import goes on."""
    with run.asked.service.imports:
        work = asyncio.create_task(run.take_all())
        try:
            while (line := await run.telling.get()) is not None:
                yield line.model_dump_json(by_alias=True, exclude_none=True).encode() + b"\n"
        finally:
            work.cancel()


@dataclass(slots=True)
class Run:
    """One import: where it stands, and what is still to be told (None at the end)."""

    asked: Asked
    from_line: int
    notify: bool
    telling: asyncio.Queue[ImportLine | None] = field(default_factory=asyncio.Queue)
    line: int = 0
    done: int = 0
    created: int = 0
    repeated: int = 0
    rejected: int = 0

    async def take_all(self) -> None:
        """Read to the end, or to where it has to stop; the last line says which."""
        self.done = self.from_line - 1
        try:
            async for batch in self._batches():
                await self._take(batch)
            self._tell("END")
        except (Unavailable, Fault, ClientDisconnect) as stop:
            self._stop(stop)
        except Exception as error:  # noqa: BLE001 - the status is sent already; the last line is the answer
            self.asked.service.telemetry.failed(self.asked.scope, error)
            self._stop(error)
        self.telling.put_nowait(None)

    async def _batches(self) -> AsyncIterator[list[tuple[int, dict[str, Any]]]]:
        batch: list[tuple[int, dict[str, Any]]] = []
        async for content in _lines(self.asked):
            self.line += 1
            if self.line < self.from_line or not content.strip():
                continue
            event = self._read(content)
            if event is not None:
                batch.append((self.line, event))
            if len(batch) == BATCH:
                yield batch
                batch = []
            if self.line % TOLD_EVERY == 0:
                self._tell("PROGRESS")
        if batch:
            yield batch

    def _read(self, content: bytes) -> dict[str, Any] | None:
        try:
            question = RegistrationQuestion.model_validate(body.document(content))
            self.asked.asker.act_for(question.carrier_id)
        except (ValidationError, Fault) as refusal:
            self._reject(self.line, refusal)
            return None
        return question.event()

    async def _take(self, batch: list[tuple[int, dict[str, Any]]]) -> None:
        """Assess a batch; a store that does not answer gets another chance, as repeating is harmless."""
        outcomes = await self._outcomes([event for _, event in batch])
        for (line, _), outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Exception):
                self._reject(line, outcome)
            else:
                self.repeated += outcome.repeated
                self.created += not outcome.repeated
        counted = self.asked.service.telemetry.imported
        counted.labels("taken").inc(sum(not isinstance(o, Exception) for o in outcomes))
        self.done = batch[-1][0]

    async def _outcomes(self, events: list[dict[str, Any]]) -> list[Assessment | Exception]:
        desk = self.asked.service.desk
        for wait in PATIENCE:
            try:
                found = await desk.assess_all(events, imported=True, notify=self.notify)
            except Unavailable:
                found = []
            if found and not any(isinstance(one, Unavailable) for one in found):
                return found
            await asyncio.sleep(wait)
        raise Unavailable

    def _reject(self, line: int, refusal: Exception) -> None:
        self.rejected += 1
        self.asked.service.telemetry.imported.labels("rejected").inc()
        if self.rejected <= MOST_TOLD:
            where, _, why = fault(refusal).message.partition(": ")
            told = ImportLine(type="REJECTED", line=line, field=where, reason=why or where)
            self.telling.put_nowait(told)

    def _stop(self, error: Exception) -> None:
        self._tell("STOPPED", reason=fault(error).message, resume_from=self.done + 1)

    def _tell(self, kind: str, **more: Any) -> None:
        counts = {"created": self.created, "repeated": self.repeated, "rejected": self.rejected}
        said = {"type": kind, "line": self.line} | counts | more
        self.telling.put_nowait(ImportLine.model_validate(said))


async def _lines(asked: Asked) -> AsyncIterator[bytes]:
    """The body's lines as they arrive."""
    rest = b""
    async for chunk in asked.stream():
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line
        if len(rest) > LONGEST_LINE:
            raise Fault(413, "A line is too long")
    if rest:
        yield rest
