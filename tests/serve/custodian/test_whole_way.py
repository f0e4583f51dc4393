"""From a carrier's raw row to an answer, with two custodians, an edge and an engine as real processes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from detector.identity.groups import named
from serve.audit.groups import opened
from serve.auditkeys import AUDIT_NAME, AuditKeys
from serve.custodian import group
from serve.drills.people import curp_of, registration
from serve.drills.search import hits
from serve.store.books import Books
from serve.store.database import connect
from tests.serve.custodian.living import Keeper, asked, edge
from tests.serve.engine.serving import Server, ask

NOW = datetime.now(UTC)
MARKED = ("identity_value", "msisdn", "iccid", "imei", "device_id", "ip", "contact")


class Country:
    """Two who hold the key, and an engine that takes tokens only."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self._stack = folder, stack
        self.keepers = [Keeper(folder / name) for name in ("one", "two")]
        for keeper in self.keepers:
            keeper.add("2026q4")
        (folder / "engine").mkdir()
        self.engine = Server(folder / "engine", told={"SIMVIGIA_TOKENS": "custodian"})
        stack.callback(self.engine.kill)

    def custodians(self, stack: ExitStack) -> dict[str, Keeper]:
        """Both at work, by address."""
        return {stack.enter_context(keeper.process()): keeper for keeper in self.keepers}


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    with ExitStack() as stack:
        yield Country(tmp_path_factory.mktemp("country"), stack)


def answered(country: Country, body: dict[str, Any]) -> httpx.Response:
    with country.engine.client() as client:
        return ask(client, body)


def test_a_carrier_is_answered_and_the_engine_has_seen_no_value(
    country: Country, store_keys: Path
) -> None:
    rows = [registration(n, NOW) for n in range(3)]
    with ExitStack() as stack:
        found = country.custodians(stack)
        audit = AuditKeys.load(store_keys / AUDIT_NAME)
        place = country.folder / "edge"
        client = stack.enter_context(edge(place, found, "2026q4", audit=audit.public.hex()))
        answers = [answered(country, asked(client, row)) for row in rows]
        again = answered(country, asked(client, rows[0]))

    store = connect(f"sqlite:///{country.engine.store}")
    known = opened(Books(store), audit).codes
    assert {name for _, name, who in named(known) if who.sum() == 3} >= {"another country"}
    assert [a.status_code for a in answers] == [201] * 3
    assert (again.status_code, again.json()) == (200, answers[0].json())
    values = {f"{name} of {i}": str(r[name]) for i, r in enumerate(rows) for name in MARKED}
    keys = {
        k.folder.name: json.loads(k.keys.read_text())["keys"][0]["secret"] for k in country.keepers
    }
    for place in ("engine", "edge", "one", "two"):
        assert hits(country.folder / place, values) == [], place
    assert hits(country.folder / "engine", keys) == []
    assert (country.folder / "edge" / "printed").read_bytes() == b""


@pytest.mark.parametrize("column", ["identityValue", "phoneNumber", "imei"])
def test_a_raw_value_is_refused_by_field(country: Country, column: str) -> None:
    with ExitStack() as stack:
        client = stack.enter_context(
            edge(country.folder / "edge", country.custodians(stack), "2026q4")
        )
        row = registration(20, NOW)
        body = asked(client, row)
    raw = {
        "identityValue": row["identity_value"],
        "phoneNumber": row["msisdn"],
        "imei": row["imei"],
    }

    answer = answered(country, body | {column: raw[column]})

    assert answer.status_code == 400
    assert answer.json()["message"].startswith(f"{column}: must be a token")
    assert str(raw[column]) not in answer.text


def test_the_key_rotates_by_sending_both_tokens_for_one_epoch(country: Country) -> None:
    row = registration(40, NOW)
    place = country.folder / "edge"
    with ExitStack() as stack:
        client = stack.enter_context(edge(place, country.custodians(stack), "2026q4"))
        first = asked(client, row)
    answer = answered(country, first)
    for keeper in country.keepers:
        keeper.add("2027q1")
    with ExitStack() as stack:
        found = country.custodians(stack)
        client = stack.enter_context(edge(place, found, "2027q1", before="2026q4"))
        both = asked(client, row)
    dual = answered(country, both)
    for keeper in country.keepers:
        keeper.destroy("2026q4")
    with ExitStack() as stack:
        client = stack.enter_context(edge(place, country.custodians(stack), "2027q1"))
        alone = asked(client, row)
    after = answered(country, alone)

    assert answer.status_code == 201
    assert first["identityValue"] != both["identityValue"] == alone["identityValue"]
    assert both["previous"]["identityValue"] == first["identityValue"]
    for later in (dual, after):
        assert (later.status_code, later.json()) == (200, answer.json()), "it is the same person"
    for keeper in country.keepers:
        keeper.public.pop("2026q4")
        keeper.add("2026q4")


def test_where_a_custodian_is_down_or_cheats_there_is_a_word_and_no_row(country: Country) -> None:
    row, place = registration(60, NOW), country.folder / "edge"
    with ExitStack() as stack:
        found = country.custodians(stack)
        down = {url.replace("127.0.0.1", "localhost"): k for url, k in list(found.items())[:1]}
        gone = {"http://127.0.0.1:9": country.keepers[1]}
        client = stack.enter_context(edge(place, down | gone, "2026q4"))
        unreachable = client.post("/v1/rows", json={"rows": [row]})
    with ExitStack() as stack:
        found = country.custodians(stack)
        honest = country.keepers[0].public["2026q4"]
        country.keepers[0].public["2026q4"] = group.base_product(group.random_scalar()).hex()
        client = stack.enter_context(edge(place, found, "2026q4"))
        partitioned = client.post("/v1/rows", json={"rows": [row]})
        country.keepers[0].public["2026q4"] = honest

    assert (unreachable.status_code, unreachable.json()) == (503, {"error": "unreachable"})
    assert (partitioned.status_code, partitioned.json()) == (503, {"error": "other_key"})


def test_a_store_of_a_custodians_tokens_is_told_of_nobody_raw(country: Country) -> None:
    who = {"identity_type": ["curp"], "identity_value": [curp_of(1)]}
    register = pa.table(who | {"tier": ["federal"], "since": ["2024-10-01"]})
    told = country.folder / "told"
    told.mkdir(exist_ok=True)
    pq.write_table(register, told / "officials.parquet")

    raw = know(country, told)
    with ExitStack() as stack:
        client = stack.enter_context(
            edge(country.folder / "edge", country.custodians(stack), "2026q4")
        )
        made = client.post("/v1/rows", json={"rows": register.to_pylist()}).json()["rows"]
    pq.write_table(pa.Table.from_pylist(made), told / "officials.parquet")
    blind = know(country, told)

    assert (raw.returncode, raw.stdout) == (2, "")
    assert "only a custodian's tokens are taken" in raw.stderr
    assert curp_of(1) not in raw.stderr
    assert blind.returncode == 0, blind.stderr
    assert "1 in officials" in blind.stdout


def know(country: Country, told: Path) -> subprocess.CompletedProcess[str]:
    """`simvigia know` for the engine's store."""
    import os

    engine = country.engine
    options = ["--data", str(told), "--store", f"sqlite:///{engine.store}"]
    options += [
        "--notifier",
        "n",
        "--basis",
        "b",
        "--key-file",
        str(engine.folder / "simvigia.key"),
    ]
    program = Path(sys.executable).with_name("simvigia")
    return subprocess.run(
        [str(program), "know", *options],
        env=os.environ | {"SIMVIGIA_TOKENS": "custodian"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_readiness_says_who_makes_the_tokens(country: Country) -> None:
    answer = httpx.get(f"{country.engine.url}/health/ready")

    assert answer.json()["tokens"] == "custodian"
