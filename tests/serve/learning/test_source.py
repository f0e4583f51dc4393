"""The live store as an analyst's data: as it was known at a date, read only, and a carrier's own rows alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pytest
from click.testing import CliRunner

from detector.cli import main
from detector.errors import BadInput
from detector.model.asof import read_table, table_as_of
from detector.workbench import opened
from serve.answers import Outcome, Unavailable
from serve.learning.source import opened as source
from serve.store.database import snapshot
from tests.serve import counter
from tests.serve.engine.serving import Server
from tests.serve.engine.standing import Standing, later, question

DAY = datetime(2026, 3, 2, tzinfo=UTC)
NINE = "2026-03-02T09:00:00Z@0"  # the clock stands still at nine


def registered(url: str) -> Standing:
    """Forty registrations of two carriers and a verdict at nine on the first."""
    standing = Standing(url)
    asked = [
        question(later(minutes=n), registration_id=f"r{n}", carrier_id=("alfa", "beta")[n % 2])
        for n in range(40)
    ]
    standing.answered(*asked, at=later(hours=1))
    return standing


def test_a_label_reported_at_nine_is_known_at_one_past_and_not_at_one_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIMVIGIA_CLOCK", NINE)
    server = Server(tmp_path)
    body = counter.question(registrationId="at-nine", registeredAt="2026-03-02T08:58:00Z")
    try:
        with server.client() as client:
            assert client.post("/assessments", json=body).status_code == 201
            named = {"carrierId": "alfa", "registrationId": body["registrationId"]}
            verdict = {"label": "FRAUD", "source": "HOLDER"}
            assert client.post("/outcomes", json=named | verdict).status_code == 200
    finally:
        server.kill()
    country = opened(f"sqlite:///{server.store}")

    def known(minutes: int) -> list[Any]:
        until = pd.Timestamp(DAY + timedelta(hours=9, minutes=minutes))
        table = table_as_of(country.folder, until, rng=np.random.default_rng(1))
        return table.frame["fraud"].tolist()

    assert known(-1) == [pd.NA]
    assert known(1) == [True]


def test_a_correction_is_in_the_next_table(store_url: str) -> None:
    standing = registered(store_url)
    for hours, label in ((2, "fraud"), (4, "legitimate")):
        standing.answered(Outcome("alfa", "r0", label, "holder"), at=later(hours=hours))
    standing.close()
    country = opened(store_url)

    said = [
        table_as_of(
            country.folder, pd.Timestamp(later(hours=h)), rng=np.random.default_rng(1)
        ).frame["fraud"][0]
        for h in (1.5, 3, 5)
    ]
    assert said == [pd.NA, True, False]


def test_a_label_taken_back_is_in_the_table_of_before_and_not_of_after(store_url: str) -> None:
    standing = registered(store_url)
    for hours, label in ((2, "fraud"), (4, "withdrawn"), (6, "legitimate")):
        standing.answered(Outcome("alfa", "r0", label, "holder"), at=later(hours=hours))
    standing.close()
    country = opened(store_url)

    said = [
        table_as_of(country.folder, pd.Timestamp(later(hours=h)), rng=np.random.default_rng(1))
        .frame.loc[0, ["fraud", "source"]]
        .tolist()
        for h in (3, 5, 7)
    ]
    assert said[0] == [True, "holder"]
    assert pd.isna(said[1]).all()
    assert said[2] == [False, "holder"]


def test_both_stores_and_every_export_have_the_same_fingerprint(store_url: str) -> None:
    registered(store_url).close()
    until = pd.Timestamp(later(hours=2))
    first, second = (
        table_as_of(opened(store_url).folder, until, rng=np.random.default_rng(n)) for n in (1, 2)
    )

    assert first.fingerprint == second.fingerprint
    assert first.frame["identity"].tolist() != second.frame["identity"].tolist()


def test_a_carriers_analyst_gets_its_rows_and_nobodys_office(store_url: str) -> None:
    registered(store_url).close()

    mine = opened(store_url).carrier("alfa")

    assert len(mine) == 20
    assert set(mine.carrier_ids.to_pylist()) == {"alfa"}
    assert len(mine.folder.officials) == len(mine.folder.breach_members) == 0


def test_a_store_is_read_at_one_moment_and_never_written(store_url: str) -> None:
    standing = registered(store_url)
    with snapshot(store_url) as own:
        before = own.rows("SELECT COUNT(*) FROM registrations")
        standing.answered(question(later(hours=3)), at=later(hours=3))
        assert own.rows("SELECT COUNT(*) FROM registrations") == before
        with pytest.raises((Unavailable, psycopg.errors.ReadOnlySqlTransaction)):
            own.run("DELETE FROM verdicts")
    standing.close()


def test_the_command_writes_a_table_that_can_be_found_again(store_url: str, tmp_path: Path) -> None:
    registered(store_url).close()
    said = []
    for name in ("one.parquet", "two.parquet"):
        out = ["--store", store_url, "--as-of", "2026-03-03", "--out", str(tmp_path / name)]
        done = CliRunner().invoke(main, ["asof", *out, "--carrier", "beta"])
        assert done.exit_code == 0, done.output
        said.append(done.output)

    table = read_table(tmp_path / "one.parquet")
    assert said[0] == said[1]
    assert table.fingerprint in said[0]
    assert set(table.frame["carrier_id"]) == {"beta"}


@pytest.mark.parametrize("url", ["sqlite:////nowhere/store.db", "mysql://here"])
def test_a_store_that_is_not_there_is_not_made(url: str) -> None:
    with pytest.raises(BadInput):
        opened(url)


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()

    with pytest.raises(BadInput, match="version"):
        source(f"sqlite:///{tmp_path / 'empty.db'}")


def test_an_empty_store_says_so(store_url: str) -> None:
    Standing(store_url).close()

    with pytest.raises(BadInput, match="nothing was registered"):
        opened(store_url)
