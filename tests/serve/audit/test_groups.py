"""How often honest people are bothered, of those who were really asked, by groups that only the audit opens."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from detector.workbench import fairness
from detector.workbench import opened as country
from serve.answers import Outcome
from serve.audit import sheet
from serve.audit.cli import audit
from serve.audit.groups import Asked, Sealed, asked, opened
from serve.auditkeys import AUDIT_FILE, AUDIT_NAME, AuditKeys
from serve.store.cli import keys as keys_command
from serve.store.groups import RURAL, URBAN
from serve.store.keys import ENGINE_NAME, WORKER_NAME, StoreKeys, rehearsed
from tests.builders import curp_of
from tests.serve.engine.standing import START, Standing, later, question


@pytest.fixture
def standing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Standing:
    """Over a store whose keys lie beside it, with an audit's among them."""
    rehearsed(tmp_path)
    monkeypatch.setenv("SIMVIGIA_ENGINE_KEY_FILE", str(tmp_path / ENGINE_NAME))
    monkeypatch.setenv("SIMVIGIA_WORKER_KEY_FILE", str(tmp_path / WORKER_NAME))
    return Standing(f"sqlite:///{tmp_path / 'store.db'}")


@pytest.fixture
def auditor(standing: Standing, tmp_path: Path) -> AuditKeys:
    return AuditKeys.load(tmp_path / AUDIT_NAME)


def lived(standing: Standing) -> None:
    """Twelve are asked to prove more, all men born abroad; forty pass; one is a fraud; one was imported."""
    bothered = [
        question(later(minutes=n), validation_result="deceased", identity_value=curp_of(n))
        for n in range(12)
    ]
    passing = [question(later(minutes=n), carrier_id="beta") for n in range(20, 60)]
    imported = question(later(minutes=70), validation_result="deceased", imported=True)
    misused = question(later(minutes=80), validation_result="deceased")
    standing.answered(*bothered, *passing, imported, misused, at=later(hours=2))
    name = str(misused.event["carrier_id"]), str(misused.event["registration_id"])
    standing.take(Outcome(*name, "fraud", "holder"), at=later(hours=3))


def test_only_who_was_asked_and_is_honest_counts(standing: Standing, auditor: AuditKeys) -> None:
    lived(standing)

    found = asked(standing.books)
    first, second = found.audits(opened(standing.books, auditor))

    assert (len(found.at), int(found.fraud.sum())) == (53, 1)
    assert (second.bothered_by, second.innocents, second.false_alarms) == (
        "step_up or hold",
        52,
        12,
    )
    assert first.false_alarms >= 12


def test_months_and_carriers(standing: Standing) -> None:
    lived(standing)
    march = int(START.replace(day=1, hour=0).timestamp()) * 1_000_000
    assert len(asked(standing.books, since=march).at) == 53
    assert len(asked(standing.books, until=march).at) == 0
    assert len(asked(standing.books, carrier="beta").at) == 40
    assert asked(standing.books, carrier="nobody").at.tolist() == []


def made(sizes: dict[str, tuple[int, int]]) -> tuple[Asked, Sealed]:
    """People of two places: how many, and how many of them are bothered."""
    place = np.repeat([RURAL, URBAN], [n for n, _ in sizes.values()]).astype(np.int8)
    level = np.concatenate([np.arange(n) < hits for n, hits in sizes.values()]) * 2
    n = len(place)
    codes = np.zeros(n, np.int16)
    return Asked(np.arange(n), level.astype(np.int8), np.zeros(n, np.bool_)), Sealed(codes, place)


def test_a_group_that_is_bothered_more_is_named_and_a_small_one_hidden() -> None:
    unequal, groups = made({"rural": (20_000, 600), "urban": (60_000, 600)})
    rows = {s.segment: s for s in unequal.audits(groups)[1].segments}
    assert (rows["rural"].verdict, rows["urban"].verdict) == ("above", "below")

    few, groups = made({"rural": (20_000, 9), "urban": (60_000, 600)})
    text = sheet.told(few.audits(groups), known=groups.known(few.at))
    assert text.splitlines()[-1] == "  place: not shown of 2 groups, too few", (
        "nor the one that tells it by subtraction"
    )
    none, groups = made({"rural": (20_000, 4), "urban": (60_000, 5)})
    assert "step_up or hold at registration: fewer than ten" in sheet.told(
        none.audits(groups), known=80_000
    )


def test_the_command_prints_a_table_and_writes_json(
    standing: Standing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(standing)
    monkeypatch.setenv(AUDIT_FILE, str(tmp_path / AUDIT_NAME))
    told = ["segments", "--store", standing.url, "--out", str(tmp_path / "audit.json")]

    found = CliRunner().invoke(audit, told)

    assert found.exit_code == 0, found.output
    assert "52 registrations without a verdict of misuse" in found.output
    assert "step_up or hold at registration: 12 of them" in found.output
    assert curp_of(1) not in found.output
    held = json.loads((tmp_path / "audit.json").read_text())
    assert [one["false_alarms"] for one in held][1] == 12


def test_notebooks_have_the_groups_where_the_audits_key_is_named(
    standing: Standing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(standing)
    assert "sex" not in country(standing.url).segments.kinds

    monkeypatch.setenv(AUDIT_FILE, str(tmp_path / AUDIT_NAME))
    found = country(standing.url)

    men = found.segments.member[found.segments.names.index("men")]
    assert len(men) == len(found) == 54
    known = found.as_of(found.last).segments
    assert len(known.member[known.names.index("men")]) < len(men)
    assert "sex" not in found.carrier("beta").segments.kinds, "not for a carrier's own analyst"
    assert fairness.WAYS.keys() == {"allow_notify or stronger", "step_up or hold"}


def test_without_the_audits_key_there_is_a_word(
    standing: Standing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(AUDIT_FILE, raising=False)
    found = CliRunner().invoke(audit, ["segments", "--store", standing.url])
    assert (found.exit_code, "the audit's key only" in found.output) == (2, True)
    found = CliRunner().invoke(audit, ["segments", "--store", standing.url, "--since", "May"])
    assert found.exit_code == 2
    assert "such as 2026-05" in found.output


def test_the_auditor_makes_a_key_and_the_operator_takes_its_public_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    StoreKeys.generate(tmp_path)
    monkeypatch.setenv("SIMVIGIA_ENGINE_KEY_FILE", str(tmp_path / ENGINE_NAME))
    monkeypatch.setenv("SIMVIGIA_WORKER_KEY_FILE", str(tmp_path / WORKER_NAME))
    standing, file = Standing(f"sqlite:///{tmp_path / 'store.db'}"), tmp_path / "audit.key"
    standing.answered(question())

    public = CliRunner().invoke(audit, ["key", str(file)]).output.strip()
    taken = CliRunner().invoke(keys_command, ["audit", public, "--store", standing.url])
    standing.restart()
    standing.answered(question())

    assert taken.exit_code == 0, taken.output
    assert [code > 0 for code in opened(standing.books, AuditKeys.load(file)).codes] == [
        False,
        True,
    ]
    assert file.stat().st_mode & 0o077 == 0
    wrong = CliRunner().invoke(keys_command, ["audit", public[:-2], "--store", standing.url])
    assert wrong.exit_code == 2
    assert "64 hexadecimal digits" in wrong.output
