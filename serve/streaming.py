"""A client that asks as carriers do: many connections, each request at its moment, everything measured."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from detector.errors import DetectorError
from serve.issuer import TOKEN_PATH
from serve.naming import API_BASE
from serve.parcels import ASSESS, Parcel

CONNECTIONS = 16
SHOWN = 8  # flags kept for the view
WINDOW = 3.0  # seconds over which the rate is counted
NDJSON = {"Content-Type": "application/x-ndjson"}


class Refusal(DetectorError):
    """The service did not answer as it must."""


@dataclass(frozen=True, slots=True)
class Flag:
    """An answer that asks for something, as its carrier sees it; `at` is the country's time."""

    at: int
    carrier: str
    stage: str
    decision: str
    score: int
    reasons: tuple[str, ...]


@dataclass(slots=True)
class Tally:
    """What was seen so far. Durations are in seconds."""

    began: float = field(default_factory=time.perf_counter)
    asked: int = 0
    reported: int = 0
    behind: float = 0.0
    refused: Counter[str] = field(default_factory=Counter)
    decisions: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    finished: deque[float] = field(default_factory=lambda: deque(maxlen=10_000))
    flags: deque[Flag] = field(default_factory=lambda: deque(maxlen=SHOWN))
    flagged: dict[tuple[str, str], Parcel] = field(default_factory=dict)
    told: set[tuple[str, str, str]] = field(default_factory=set)

    @property
    def rate(self) -> float:
        """Requests answered a second, lately."""
        now = time.perf_counter()
        recent = sum(then > now - WINDOW for then in self.finished)
        return recent / max(min(WINDOW, now - self.began), 0.1)

    def latency(self, share: float) -> float:
        """The time within which a share of the assessments was answered, in milliseconds."""
        ordered = sorted(self.seconds)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1e3 if ordered else 0.0

    def take(self, parcel: Parcel, answer: httpx.Response, spent: float) -> None:
        """One answer."""
        self.finished.append(time.perf_counter())
        if answer.is_error:
            self.refused[str(answer.status_code)] += 1
            return
        said = answer.json()
        if parcel.path == ASSESS:
            self.asked += 1
            self.seconds.append(spent)
            self.decisions[said["decision"]] += 1
        else:
            self.reported += 1
        self._flag(parcel, said)

    def _flag(self, parcel: Parcel, said: dict[str, Any]) -> None:
        name = (*parcel.registration, said["stage"])
        if said["decision"] == "ALLOW" or name in self.told:
            return
        self.told.add(name)
        self.flagged[parcel.registration] = parcel
        reasons = tuple(f"{r['family']}: {r['message']}" for r in said["reasons"])
        score = said["riskScore"]
        self.flags.append(Flag(parcel.at, name[0], said["stage"], said["decision"], score, reasons))


class Client:
    """A carrier's client, with a token. `language` is what reasons are told in."""

    def __init__(self, base: str, credentials: Path, *, language: str) -> None:
        self._base = base
        self._credentials = credentials
        self._language = language

    async def __aenter__(self) -> Client:
        limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
        known = json.loads(self._credentials.read_text("utf-8"))
        self._http = httpx.AsyncClient(base_url=self._base, timeout=30, limits=limits)
        answer = await self._http.post(
            TOKEN_PATH,
            data={"grant_type": "client_credentials"},
            auth=(known["client_id"], known["client_secret"]),
        )
        if answer.is_error:
            raise Refusal(f"no token: the service answered {answer.status_code}")
        headers = {
            "Authorization": f"Bearer {answer.json()['access_token']}",
            "Content-Type": "application/json",
            "Accept-Language": self._language,
        }
        self._http.headers.update(headers)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def ask(self, parcel: Parcel, tally: Tally) -> None:
        """Send one parcel and note the answer."""
        began = time.perf_counter()
        try:
            answer = await self._http.post(parcel.path, content=parcel.content)
        except httpx.TransportError:
            tally.refused["no answer"] += 1
            return
        tally.take(parcel, answer, time.perf_counter() - began)

    async def ask_all(self, parcels: Sequence[Parcel], tally: Tally) -> None:
        """Send parcels as fast as they are answered."""
        waiting = iter(parcels)

        async def one_connection() -> None:
            for parcel in waiting:
                await self.ask(parcel, tally)

        await asyncio.gather(*(one_connection() for _ in range(CONNECTIONS)))

    async def import_all(
        self, parcels: Sequence[Parcel], progress: Callable[[float], None]
    ) -> dict[str, Any]:
        """Send registrations as one import; its last line. Raises Refusal."""

        async def lines() -> AsyncIterator[bytes]:
            for n, parcel in enumerate(parcels):
                if n % 100 == 0:
                    progress(n / len(parcels))
                yield parcel.content + b"\n"

        last: dict[str, Any] = {}
        url = f"{API_BASE}/imports"
        sent = self._http.stream("POST", url, content=lines(), headers=NDJSON, timeout=600)
        try:
            async with sent as answer:
                async for line in answer.aiter_lines():
                    last = json.loads(line)
        except httpx.TransportError:
            raise Refusal("the service went away during the import; its log says why") from None
        if last.get("type") != "END":
            raise Refusal("the import stopped before its end")
        progress(1.0)
        return last

    async def stream(
        self, parcels: Sequence[Parcel], tally: Tally, *, now: Callable[[], int], pace: float
    ) -> None:
        """Send each parcel when the country's clock reaches it, what concerns one line in its order."""
        places = asyncio.Semaphore(CONNECTIONS)
        last: dict[tuple[str, str], asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as group:
            for parcel in parcels:
                while (early := parcel.at - now()) > 0:
                    await asyncio.sleep(early / 1e6 / pace)
                before = last.get(parcel.registration)
                last[parcel.registration] = group.create_task(
                    self._in_turn(parcel, tally, before, places)
                )

    async def _in_turn(
        self,
        parcel: Parcel,
        tally: Tally,
        before: asyncio.Task[None] | None,
        places: asyncio.Semaphore,
    ) -> None:
        if before is not None:
            await asyncio.wait([before])
        async with places:
            await self.ask(parcel, tally)
