"""Marked people go through a whole service; then every byte it left is searched for them."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import click
import httpx

from detector.intake.schema import REGISTRATIONS
from detector.intake.source import in_folder
from detector.spans import Spans
from serve.drills.people import Event, registration
from serve.drills.planted import plant
from serve.drills.real import postgres, training
from serve.drills.search import ENCODINGS, Hit, hits
from serve.drills.serving import Place, asked_as, everything_into, keys_in, served
from serve.naming import API_BASE, TMF_BASE
from serve.oracle.rules import Alarm
from serve.witness import Witness

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
        everything_into(service),
        keys_in(folder),
        postgres(service / "postgresql") as server,
    ):
        for url in (f"sqlite:///{service / 'store.db'}", server):
            place, ask = Place(folder, service, url), partial(_asked, marked=marked, now=now)
            given = asyncio.run(served(place, model, ask, witness=witness))
            with (service / "answers.bin").open("ab") as file:
                file.write(b"\n".join(answer.content for answer in given))
            answers.update(answer.status_code for answer in given)
    return answers


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


async def _asked(
    http: httpx.AsyncClient, marked: Sequence[Event], now: datetime
) -> list[httpx.Response]:
    """Everything that a carrier can ask, rightly and wrongly."""
    found: list[httpx.Response] = []
    for event in marked:
        for path, content in _questions(event, now):
            found.append(await http.post(path, content=content))
    pages = ("/metrics", "/operator/askers", "/health/ready")
    return [*found, *[await http.get(path) for path in pages]]


def _questions(event: Event, now: datetime) -> Iterator[tuple[str, bytes]]:
    """One person's registration in every way, right and wrong."""
    body, api = asked_as(event), f"{API_BASE}/assessments"
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


def _json(content: object) -> bytes:
    return json.dumps(content).encode()


def moment() -> datetime:
    """The machine's time."""
    return datetime.now(UTC)
