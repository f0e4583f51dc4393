"""The thief also has what lies beside a store: logs, metrics, a training run with its model, files put aside.

He knows every CURP of the country and, of one carrier's customers, number and moment. A whole service answers
everybody over HTTP, a model is trained on another country, and every byte that is left outside the
store is attacked.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
import secrets
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import product
from pathlib import Path

import click
import httpx
import numpy as np

from detector import folder as files
from serve.drills.leak import FEW, OTHER, OWN, WORD, Finding, lives
from serve.drills.people import Event, curp_of
from serve.drills.real import training
from serve.drills.search import compressed, layers, needles
from serve.drills.serving import Place, asked_as, everything_into, keys_in, served
from serve.naming import API_BASE
from serve.oracle.rules import Alarm
from serve.witness import Witness

STORE = "store.db"
TIME = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
A_WORD = re.compile(rb"[\w+/=@.:-]{%d,}" % WORD)
SECRET = secrets.token_bytes(32)


class Careless(Witness):
    """A service weakened on purpose: lines of its log say when somebody was asked about, and mark who."""

    @staticmethod
    def mark(value: str) -> str:
        """A plain hash, as careless colleagues call anonymous."""
        return hashlib.sha256(value.encode()).hexdigest()

    def asked(self, client: str, event: Mapping[str, object]) -> Sequence[Alarm]:
        """Print it, as code that somebody is debugging does."""
        subject = self.mark(str(event["identity_value"]))
        click.echo(json.dumps({"timestamp": datetime.now(UTC).isoformat(), "subject": subject}))
        return super().asked(client, event)


class Pseudonymous(Careless):
    """The same with a key, which hides who it is and not that it is the same person."""

    @staticmethod
    def mark(value: str) -> str:
        """A keyed hash."""
        return hmac.digest(SECRET, value.encode(), "sha256").hex()


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, and when it was sent and answered."""

    event: Event
    sent: datetime
    answered: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a log: its moment, and the words that may be somebody's."""

    at: datetime
    words: frozenset[bytes]


def service(
    folder: Path, model: Path, *, people: int, seed: int, witness: type[Witness] = Witness
) -> list[Finding]:
    """Serve everybody over HTTP and attack all that is left but the store."""
    left = folder / "service"
    left.mkdir(parents=True)
    events = lives(people, np.random.default_rng(seed))
    place = Place(folder, left, f"sqlite:///{left / STORE}")
    with everything_into(left), keys_in(folder):
        ask = partial(_asked, events=events, metrics=left / "metrics.txt")
        told = asyncio.run(served(place, model, ask, carriers=(OWN, OTHER), witness=witness))
    lines = [line for path in _files(left) for line in _lines(path)]
    return [
        _enumerated(left, "people served", [curp_of(who) for who in range(people)]),
        _joined(lines, told),
        _followed(lines, told, people),
    ]


def trained(folder: Path) -> Finding:
    """Train on a country and attack what is left but the country."""
    training(folder / "country", folder / "left")
    return _enumerated(folder / "left", "people trained on", _everybody(folder / "country"))


def put_aside(folder: Path) -> Finding:
    """The same attack, once a careless colleague has put a table of plain hashes aside beside the training."""
    everybody = _everybody(folder / "country")
    marks = "\n".join(map(Careless.mark, everybody))
    (folder / "left" / "tmp" / "joined.csv.gz").write_bytes(compressed(marks.encode()))
    return _enumerated(folder / "left", "people trained on", everybody)


def _everybody(country: Path) -> list[str]:
    path = files.table_path(country, "registrations")
    assert path is not None
    held = files.columns(path, ("identity_value",))["identity_value"]
    return sorted(set(held.dropna()))


def drill(folder: Path, model: Path, *, people: int, seed: int) -> list[Finding]:
    """Both, with nothing weakened."""
    return [*service(folder / "ours", model, people=people, seed=seed), trained(folder)]


def weakened(
    folder: Path, model: Path, *, people: int, seed: int
) -> Iterator[tuple[str, list[Finding]]]:
    """In the drill's folder: what was weakened on purpose, and what is found then."""
    for what, witness in (("prints plain hashes", Careless), ("prints keyed tokens", Pseudonymous)):
        place = folder / witness.__name__
        yield what, service(place, model, people=people, seed=seed, witness=witness)
    yield "puts a table of plain hashes aside", [put_aside(folder)]


async def _asked(http: httpx.AsyncClient, *, events: Sequence[Event], metrics: Path) -> list[Asked]:
    """Ask about everybody in turn, and keep what the service counts."""
    told = []
    for event in events:
        sent = datetime.now(UTC)
        asked = asked_as(event | {"registered_at": sent.isoformat()})
        answer = await http.post(f"{API_BASE}/assessments", json=asked)
        answer.raise_for_status()
        told.append(Asked(event, sent, datetime.now(UTC)))
    metrics.write_text((await http.get("/metrics")).text, "utf-8")
    return told


def _files(left: Path) -> list[Path]:
    return [p for p in left.rglob("*") if p.is_file() and not p.name.startswith(STORE)]


def _enumerated(left: Path, who: str, identities: Sequence[str]) -> Finding:
    """Everybody as he is and in every encoding and plain hash, in every byte and what is compressed in it."""
    starts: dict[bytes, list[tuple[bytes, str]]] = defaultdict(list)
    for needle, name, _ in needles({value: value for value in identities}):
        starts[needle[:WORD]].append((needle, name))
    wanted = np.frombuffer(b"".join(starts), "<u8")
    named = set[str]()
    for path in _files(left):
        for content in layers(path.name.encode() + b"\n" + path.read_bytes()):
            for at in _places(content, wanted):
                held = starts[content[at : at + WORD]]
                named |= {name for needle, name in held if content.startswith(needle, at)}
    return Finding(f"beside the store: enumeration of {who}", len(named), len(identities), 0.0)


def _places(content: bytes, wanted: np.ndarray) -> Iterator[int]:
    """Where one of the eight bytes wanted stands."""
    for start in range(WORD):
        words = np.frombuffer(content, "<u8", max(len(content) - start, 0) // WORD, start)
        yield from (np.flatnonzero(np.isin(words, wanted)) * WORD + start).tolist()


def _lines(path: Path) -> Iterator[Line]:
    """The lines of a file that say when they were written."""
    for text in path.read_bytes().splitlines():
        if found := TIME.search(text):
            at = datetime.fromisoformat(found[0].decode())
            yield Line(at, frozenset(A_WORD.findall(text)) - {found[0]})


def _joined(lines: Sequence[Line], told: Sequence[Asked]) -> Finding:
    """A line from a customer's moment has a word that a few other lines have, from other moments."""
    holders = _holders(lines)
    own = [one for one in told if one.event["carrier_id"] == OWN]

    def led(one: Asked) -> bool:
        here = _during(lines, one)
        rare = (holders[word] for n in here for word in lines[n].words)
        return any(1 < len(where) <= FEW and not where <= here for where in rare)

    found = sum(led(one) for one in own)
    return Finding("beside the store: a customer's line by its time, joined to others", found,
                   len(own), 0.0)  # fmt: skip


def _followed(lines: Sequence[Line], told: Sequence[Asked], people: int) -> Finding:
    """A line from a customer's moment shares a rare word with one from the other carrier's: the same person."""
    holders = _holders(lines)
    rare = {word: where for word, where in holders.items() if 1 < len(where) <= FEW}
    by_line: dict[int, Asked] = {n: one for one in told for n in _during(lines, one)}
    pairs = {
        (str(a.event["identity_value"]), str(b.event["identity_value"]))
        for where in rare.values()
        for a, b in product([by_line[n] for n in where if n in by_line], repeat=2)
        if (a.event["carrier_id"], b.event["carrier_id"]) == (OWN, OTHER)
    }
    of = sum(one.event["carrier_id"] == OTHER for one in told)
    right = sum(mine == other for mine, other in pairs)
    return Finding(
        "beside the store: own customers followed to another carrier", right, of, 1 / people
    )


def _holders(lines: Sequence[Line]) -> dict[bytes, set[int]]:
    found: dict[bytes, set[int]] = defaultdict(set)
    for n, line in enumerate(lines):
        for word in line.words:
            found[word].add(n)
    return found


def _during(lines: Sequence[Line], one: Asked) -> set[int]:
    return {n for n, line in enumerate(lines) if one.sent <= line.at <= one.answered}
