"""Marked people go through a whole service; then every byte it left is searched for them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import httpx
from pydantic.alias_generators import to_camel

from detector.intake.schema import REGISTRATIONS
from detector.intake.source import in_folder
from detector.pseudonym import Key
from detector.spans import Spans
from serve import assembly, wiring
from serve.api.audit import audit_routers
from serve.api.oracle import oracle_router
from serve.app import create_app
from serve.drills.people import Event, registration
from serve.drills.planted import plant
from serve.drills.real import postgres, training
from serve.drills.search import ENCODINGS, Hit, hits
from serve.issuer import DevClient, Issuer, secret_hash, signing_key
from serve.naming import API_BASE, SCOPES, TMF_BASE
from serve.oracle.rules import Alarm
from serve.schemas import CODED
from serve.settings import Settings
from serve.store.keys import ENGINE_FILE, ENGINE_NAME, WORKER_FILE, WORKER_NAME, StoreKeys
from serve.witness import Witness

NAME, AUDIENCE = "http://issuer.drill", "registration-risk"
LEARNED_FROM, SHORTEST = (
    5,
    8,
)  # people of the country trained on; characters of a value that is somebody's
MARKED = ("identity_value", "msisdn", "iccid", "imei", "device_id", "ip", "contact", "agent_id")


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found where nothing may be, and which planted leaks were missed."""

    people: int
    trained: int
    answers: Counter[int]
    files: int
    bytes: int
    found: tuple[Hit, ...]
    planted: int
    missed: tuple[str, ...]

    @property
    def faults(self) -> tuple[str, ...]:
        """Which limits do not hold."""
        held = {"no value anywhere": not self.found, "every planted leak found": not self.missed}
        return tuple(name for name, holds in held.items() if not holds)

    def __str__(self) -> str:
        lines = [
            f"{self.people} marked people over SQLite and over PostgreSQL, {self.answers.total()} answers; "
            f"{self.trained} of a country that a model was trained on",
            f"{self.files} files of {self.bytes:,} bytes searched in {len(ENCODINGS)} encodings",
            f"values found: {len(self.found)}",
            *(f"  {hit.value} in {hit.file}, {hit.encoding}" for hit in self.found[:20]),
            f"planted leaks found: {self.planted - len(self.missed)} of {self.planted}",
            *(f"  missed: {name}" for name in self.missed),
        ]
        return "\n".join(lines)


class Talkative(Witness):
    """A service weakened on purpose: it prints what it is asked."""

    def asked(self, client: str, event: Mapping[str, object]) -> Sequence[Alarm]:
        """Print it, as code that somebody is debugging does."""
        click.echo(dict(event))
        return super().asked(client, event)


def drill(folder: Path, model: Path, *, people: int, now: datetime) -> Findings:
    """Serve marked people from an empty folder and train on others, and search what is left of all."""
    service, planted = folder / "service", folder / "planted"
    marked = _marked(people, now)
    answers = _served(folder, model, marked, now=now, witness=Witness)
    training(folder / "country", service / "training")
    values = _values(marked) | _learned_from(folder / "country")
    files = [path for path in service.rglob("*") if path.is_file()]
    one = str(marked[0]["identity_value"])
    names = plant(planted, one)
    seen = {hit.file for hit in hits(planted, {"planted": one})}
    return Findings(
        people,
        LEARNED_FROM,
        answers,
        len(files),
        sum(path.stat().st_size for path in files),
        tuple(hits(service, values)),
        len(names),
        tuple(name for name in names if name not in seen),
    )


def weakened(folder: Path, model: Path, *, people: int, now: datetime) -> list[Hit]:
    """What is found of marked people whom a service that prints its questions has served."""
    marked = _marked(people, now)
    _served(folder, model, marked, now=now, witness=Talkative)
    return hits(folder / "service", _values(marked))


def _marked(people: int, now: datetime) -> list[Event]:
    return [registration(9_000_000 + i, now, agent_id=f"clerk-{i:07d}") for i in range(people)]


def _values(marked: Sequence[Event]) -> dict[str, str]:
    return {f"{name} of {i}": str(event[name]) for i, event in enumerate(marked) for name in MARKED}


def _served(
    folder: Path, model: Path, marked: Sequence[Event], *, now: datetime, witness: type[Witness]
) -> Counter[int]:
    """Serve them over both stores; how many answers by status."""
    service, answers = folder / "service", Counter[int]()
    service.mkdir(parents=True)
    with (
        _everything_into(service),
        _keys_in(folder),
        postgres(service / "postgresql") as server,
    ):
        for url in (f"sqlite:///{service / 'store.db'}", server):
            place = Place(folder, service, url)
            answers += asyncio.run(_serve(place, model, marked, now=now, witness=witness))
    return answers


@dataclass(frozen=True, slots=True)
class Place:
    """Where a service is kept, apart from its key, and its store."""

    folder: Path
    service: Path
    url: str


def _learned_from(country: Path) -> dict[str, str]:
    """Values of the last people of a country, as the simulator wrote it."""
    found = in_folder(REGISTRATIONS, country)
    assert found is not None
    (batch, _), *_ = found.batches()
    columns = {name: batch[name] for name in MARKED if name in batch}
    rows = {
        name: column.to_pylist()[-LEARNED_FROM:]
        for name, column in columns.items()
        if not isinstance(column, Spans)  # a file's columns are Arrow's
    }
    return {
        f"{name} of {i} trained on": text
        for name, held in rows.items()
        for i, value in enumerate(held)
        if value is not None and len(text := _text(value)) >= SHORTEST
    }


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@contextlib.contextmanager
def _everything_into(folder: Path) -> Iterator[None]:
    """What is printed and what is put aside for a moment lies below the folder too."""
    before, scratch = tempfile.tempdir, folder / "tmp"
    scratch.mkdir()
    with (folder / "stdout.txt").open("w") as out, (folder / "stderr.txt").open("w") as err:
        tempfile.tempdir = str(scratch)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                yield
        finally:
            tempfile.tempdir = before


@contextlib.contextmanager
def _keys_in(folder: Path) -> Iterator[None]:
    """Both stores' keys, apart from the service, and named by the environment as every part looks for them."""
    StoreKeys.generate(folder)
    named = {ENGINE_FILE: str(folder / ENGINE_NAME), WORKER_FILE: str(folder / WORKER_NAME)}
    before = {name: os.environ.get(name) for name in named}
    os.environ |= named
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


async def _serve(
    place: Place, model: Path, marked: Sequence[Event], *, now: datetime, witness: type[Witness]
) -> Counter[int]:
    """Ask everything that a carrier can ask, rightly and wrongly; how many answers by status."""
    folder, key = place.service, place.folder / "key"
    if not key.exists():
        Key.generate(key)
    settings = Settings(issuer=NAME, jwks_url="https://issuer.drill/jwks")
    environment = {
        assembly.STORE: place.url,
        assembly.MODEL: str(model),
        "SIMVIGIA_KEY_FILE": str(key),
    }
    parts = wiring.parts(environment, settings=settings)
    client = DevClient(secret_hash("drill", b"salt" * 4), ("alfa",), tuple(SCOPES))
    issuer = Issuer(signing_key(None), {"drill": client}, name=NAME, audience=AUDIENCE)
    with (folder / "service.log").open("a") as log:
        app = create_app(
            parts.desk,
            settings,
            development=issuer,
            log=log,
            routers=(
                *parts.deliveries.routers,
                *audit_routers(parts.keeper),
                oracle_router(parts.watch),
            ),
            witness=witness(parts.keeper, parts.watch),
        )
        parts.start()
        try:
            answers = await _asked(app, issuer.token("drill"), marked, now)
        finally:
            parts.stop()
    told = b"\n".join(answer.content for answer in answers)
    with (folder / "answers.bin").open("ab") as file:
        file.write(told)
    return Counter(answer.status_code for answer in answers)


async def _asked(
    app: object, token: str, marked: Sequence[Event], now: datetime
) -> list[httpx.Response]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    found: list[httpx.Response] = []
    async with httpx.AsyncClient(
        transport=transport, base_url="http://api.drill", headers=headers, timeout=60
    ) as http:
        for event in marked:
            for path, content in _questions(event, now):
                found.append(await http.post(path, content=content))
        pages = ("/metrics", "/operator/askers", "/health/ready")
        return [*found, *[await http.get(path) for path in pages]]


def _questions(event: Event, now: datetime) -> Iterator[tuple[str, bytes]]:
    """One person's registration in every way, right and wrong."""
    body, api = _body(event), f"{API_BASE}/assessments"
    names = {"carrierId": "alfa", "registrationId": body["registrationId"]}
    later = (now + timedelta(seconds=1)).isoformat()
    identity = str(body["identityValue"])
    yield api, _json(body)
    yield api, _json(body)  # again
    yield api, _json(body | {"place": "09015"})  # contradicts
    yield api, _json(body)[:-9]  # not JSON
    yield api, _json({**body, "registeredAt": identity})  # a value where another belongs
    yield api, _json({**body, identity: "a value as a name"})
    yield api, _json({"identityValue": identity})  # the rest is missing
    yield api, _json({**body, "imei": 7})
    yield f"{api}/bulk", _json({"registrations": [body, {**body, "plan": identity}]})
    yield f"{api}/retrieve", _json(names)
    yield f"{API_BASE}/imports", _json(body)
    yield (
        f"{API_BASE}/line-events",
        _json(names | {"occurredAt": later, "kind": "FIRST_ATTACH", "imei": body["imei"]}),
    )
    yield f"{API_BASE}/outcomes", _json(names | {"label": "FRAUD", "source": "HOLDER"})
    yield f"{API_BASE}/outcomes", _json(names | {"label": identity, "source": "HOLDER"})
    task = {"partyRole": {"id": identity, "@referredType": "curp"}}
    yield f"{TMF_BASE}/partyRoleProductOfferingRiskAssessment", _json(task)


def _body(event: Event) -> dict[str, object]:
    """A registration as the API takes it."""
    words = {"msisdn": "phoneNumber"}
    return {
        words.get(name) or to_camel(name): str(value).upper() if name in CODED else value
        for name, value in event.items()
    }


def _json(content: object) -> bytes:
    return json.dumps(content).encode()


def moment() -> datetime:
    """The machine's time."""
    return datetime.now(UTC)
