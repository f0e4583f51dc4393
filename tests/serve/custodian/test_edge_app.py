"""The edge as a process: raw rows in, tokens out, and never a raw value in an answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from detector.errors import BadInput
from serve.admission import raw_fields
from serve.custodian import edge_settings, group
from serve.custodian.client import CustodianTokens
from serve.custodian.clients import credential_hash
from serve.custodian.edge import blinded
from serve.custodian.edge_app import Edge
from serve.custodian.keyring import EpochKey
from tests import builders
from tests.builders import registration
from tests.serve.custodian.halves import Bent, Wire, application, remote, tokens

WORD = "the carrier's own systems"
OLD = EpochKey("2026q3", group.reduced(bytes(range(2, 66))))
ROW = registration()


def edge(
    source: CustodianTokens | None = None, before: CustodianTokens | None = None
) -> httpx.Client:
    app: Any = Edge(credential_hash(WORD), source or tokens(proved=0.0), before)
    headers = {"authorization": f"Bearer {WORD}"}
    return httpx.Client(transport=Wire(app), base_url="http://edge", headers=headers)


def test_rows_come_back_as_the_function_makes_them() -> None:
    answer = edge().post("/v1/rows", json={"rows": [ROW]})

    expected = blinded(builders.table([ROW]), tokens(proved=0.0)).to_pylist()[0]
    made = answer.json()["rows"][0]
    assert raw_fields(made) == []
    assert {name: made[name] for name in expected if name != "registered_at"} == {
        name: value for name, value in expected.items() if name != "registered_at"
    }


def test_while_keys_rotate_both_tokens_come() -> None:
    before = CustodianTokens("2026q3", (remote(application(OLD)),), (OLD.public,))

    made = edge(before=before).post("/v1/rows", json={"rows": [ROW]}).json()

    now, then = (made[which][0]["identity_value"] for which in ("rows", "before"))
    assert now.startswith("tok1:")
    assert then.startswith("tok1:")
    assert now != then


def test_where_the_custodian_fails_no_row_comes_back() -> None:
    bent = tokens(Bent(remote(application()), lambda answer: answer[1:]))

    answer = edge(bent).post("/v1/rows", json={"rows": [ROW]})

    assert (answer.status_code, answer.json()) == (503, {"error": "wrong_count"})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"rows": []}',
        b'{"rows": [7]}',
        b'{"rows": {"curp": "AAAA900203HNEAAX07"}}',
        b'{"rows": [{"identity_value": "AAAA900203HNEAAX07"}]}',
        json.dumps({"rows": [ROW | {"msisdn": ["AAAA900203HNEAAX07"]}]}, default=str).encode(),
        json.dumps({"rows": [ROW, ROW | {"imei": 7}]}, default=str).encode(),
        b"\xff\xfe",
    ],
)
def test_what_is_no_row_is_refused_and_not_echoed(body: bytes) -> None:
    answer = edge().post("/v1/rows", content=body)

    assert (answer.status_code, answer.json()) == (400, {"error": "bad_rows"})


def test_a_stranger_and_a_flood_are_refused() -> None:
    stranger = edge().post("/v1/rows", json={}, headers={"authorization": "Bearer else"})
    flood = edge().post("/v1/rows", content=b" " * 2_000_001)

    assert (stranger.status_code, flood.status_code) == (401, 413)


def settings(**changes: Any) -> dict[str, Any]:
    half = {"url": "https://custodian.example", "pin": OLD.public.hex(), "credential": "SECRET"}
    return {
        "credential_sha256": "00" * 32,
        "now": {"key_id": "2026q4", "halves": [half | changes]},
    }


def test_settings_say_whom_to_ask_under_which_key(tmp_path: Path) -> None:
    (tmp_path / "edge.json").write_text(json.dumps(settings() | {"before": settings()["now"]}))

    made = edge_settings.load(tmp_path / "edge.json")

    assert made.now.pins == [OLD.public]
    assert made.before is not None
    assert "SECRET" not in repr(made)


@pytest.mark.parametrize(
    "held",
    [
        {},
        settings(pin="00" * 32),
        settings(pin="zz"),
        settings(url="http://custodian.example"),
        settings() | {"credential_sha256": "00"},
        settings() | {"now": {"key_id": "../x", "halves": []}},
        settings() | {"now": {"key_id": "a", "halves": []}},
    ],
)
def test_settings_that_pin_no_key_or_go_without_tls_are_refused(tmp_path: Path, held: Any) -> None:
    (tmp_path / "edge.json").write_text(json.dumps(held))

    with pytest.raises(BadInput) as refused:
        edge_settings.load(tmp_path / "edge.json")
    assert "SECRET" not in str(refused.value)
