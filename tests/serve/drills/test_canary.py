"""Marked people leave no trace in a whole service, and the search would find one."""

from __future__ import annotations

import base64
import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from serve.drills import canary
from serve.drills.people import curp_of
from serve.drills.planted import PLANTS, plant
from serve.drills.search import ENCODINGS, hits
from tests.architecture.source import ROOT

VALUE = curp_of(4_711)


def ours(folder: Path, **more: type[canary.Witness]) -> canary.Findings:
    now = datetime.now(UTC)
    return canary.drill(folder / "drill", ROOT / "models" / "champion", people=2, now=now, **more)


def test_no_value_of_a_marked_person_is_in_any_byte_a_service_leaves(tmp_path: Path) -> None:
    found = ours(tmp_path)

    assert found.found == ()
    assert found.missed == ()
    assert {200, 201, 400, 409} <= set(found.answers), "it was asked rightly and wrongly"
    assert not {401, 403, 500, 503} & set(found.answers)


def test_a_service_that_prints_what_it_is_asked_is_found_out(tmp_path: Path) -> None:
    found = ours(tmp_path, witness=canary.Talkative)

    assert {hit.file for hit in found.found} == {"stdout.txt"}
    assert "no value anywhere" in found.faults


@pytest.mark.parametrize("name", PLANTS)
def test_each_of_twenty_planted_leaks_is_found(name: str, tmp_path: Path) -> None:
    assert len(PLANTS) == 20
    plant(tmp_path, VALUE)

    assert name in {hit.file for hit in hits(tmp_path, {"curp": VALUE})}


def test_leaks_of_somebody_else_are_not_taken_for_his(tmp_path: Path) -> None:
    plant(tmp_path, VALUE)

    assert hits(tmp_path, {"curp": curp_of(4_712)}) == []


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
def test_base64_is_seen_wherever_a_value_begins(before: str, tmp_path: Path) -> None:
    text = base64.b64encode(f"{before}{VALUE}tail".encode())
    (tmp_path / "log.gz").write_bytes(b"head" + gzip.compress(b"x" + text))

    assert [hit.encoding for hit in hits(tmp_path, {"curp": VALUE})] == ["base64"]


def test_there_are_ten_encodings() -> None:
    assert len(ENCODINGS) == 10
