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


CHAMPION = ROOT / "models" / "champion"


def test_no_value_of_a_marked_person_is_in_any_byte_a_service_leaves(tmp_path: Path) -> None:
    found = canary.drill(tmp_path / "drill", CHAMPION, people=2, now=datetime.now(UTC))

    assert found.found == ()
    assert found.missed == ()
    assert {200, 201, 400, 409} <= set(found.answers), "it was asked rightly and wrongly"
    assert not {401, 403, 500, 503} & set(found.answers)


def test_a_service_that_prints_what_it_is_asked_is_found_out(tmp_path: Path) -> None:
    found = canary.weakened(tmp_path / "drill", CHAMPION, people=2, now=datetime.now(UTC))

    assert {hit.file for hit in found} == {"stdout.txt"}


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every leak, some of them of a real server, a real crash and a real run."""
    folder = tmp_path_factory.mktemp("planted")
    plant(folder, VALUE)
    return folder


@pytest.mark.parametrize("name", PLANTS)
def test_each_of_twenty_planted_leaks_is_found(name: str, planted: Path) -> None:
    assert len(PLANTS) == 20
    assert name in {hit.file for hit in hits(planted, {"curp": VALUE})}


def test_leaks_of_somebody_else_are_not_taken_for_his(planted: Path) -> None:
    assert hits(planted, {"curp": curp_of(4_712)}) == []


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
def test_base64_is_seen_wherever_a_value_begins(before: str, tmp_path: Path) -> None:
    text = base64.b64encode(f"{before}{VALUE}tail".encode())
    (tmp_path / "log.gz").write_bytes(b"head" + gzip.compress(b"x" + text))

    assert [hit.encoding for hit in hits(tmp_path, {"curp": VALUE})] == ["base64"]


def test_there_are_ten_encodings() -> None:
    assert len(ENCODINGS) == 10
