"""`simvigia monitor` on a live store: words, exit code, JSON, a page and metrics."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from detector.cli import main
from detector.model import artefact
from detector.model.artefact import Model
from serve.answers import Outcome
from tests.serve.engine.standing import Standing, later, question
from tests.serve.stores import postgres, store_url
from tests.tiny import MODELS

__all__ = ["postgres", "store_url"]
DAYS = ("--days", "2", "--before", "4")


@cache
def champion() -> Model:
    return artefact.load(MODELS / "champion")


def lax() -> Model:
    """Flags everybody."""
    table = dict.fromkeys(champion().thresholds.table, (0.0, 0.0, 2.0))
    return replace(champion(), thresholds=replace(champion().thresholds, table=table))


def lived(url: str, *, then: Model) -> None:
    """Six days of registrations; the last two are answered by another model."""
    standing = Standing(url, champion)
    asked = [question(later(hours=h / 3)) for h in range(6 * 72)]
    standing.answered(*asked[: 4 * 72], at=later(days=4))
    standing.model = lambda: then
    standing.restart()
    standing.answered(*asked[4 * 72 :], at=later(days=6))
    for one in asked[:20]:
        names = str(one.event["carrier_id"]), str(one.event["registration_id"])
        standing.answered(Outcome(*names, "fraud", "holder"), at=later(days=6))
    standing.close()


def told(url: str, *more: str) -> Result:
    return CliRunner().invoke(main, ["monitor", "--store", url, *DAYS, *more])


def test_it_says_in_words_what_to_look_at_first_and_ends_with_three(
    store_url: str, tmp_path: Path
) -> None:
    lived(store_url, then=lax())

    done = told(
        store_url, "--html", str(tmp_path / "m.html"), "--prometheus", str(tmp_path / "m.prom")
    )

    assert done.exit_code == 3, done.output
    assert done.output.startswith(
        "look  alerts against budget: step_up or stricter on new_line meets"
    )
    assert "expected performance" in done.output
    assert "Look at this first" in (tmp_path / "m.html").read_text()
    metrics = (tmp_path / "m.prom").read_text()
    assert 'simvigia_monitor_alert_share{decision="step_up",operation="new_line"} 1.0' in metrics
    assert "simvigia_monitor_expected_recall 1.0" in metrics
    assert 'simvigia_monitor_psi{feature="score"}' in metrics


def test_json_holds_the_findings_and_the_tables(store_url: str) -> None:
    lived(store_url, then=champion())

    done = told(store_url, "--json", "--until", later(days=6).isoformat())

    found = json.loads(done.output)
    assert found["look"] == (done.exit_code == 3)
    assert {f["about"] for f in found["findings"]} >= {"calibration", "features", "scores"}
    tables = {"alerts", "calibration", "expected", "score", "features", "together"}
    assert set(found["tables"]) == tables


def test_a_large_store_is_read_evenly(store_url: str) -> None:
    lived(store_url, then=lax())

    found = json.loads(told(store_url, "--json", "--most", "1000").output)

    assert found["tables"]["expected"][1]["registrations"] == 144


@pytest.mark.parametrize("rows", [0, 5])
def test_a_store_with_too_little_in_it_is_one_sentence(store_url: str, rows: int) -> None:
    standing = Standing(store_url)
    standing.take(*(question(later(seconds=n)) for n in range(rows)))
    standing.close()

    done = told(store_url)

    assert done.exit_code == 2
    assert done.output.startswith("simvigia: the ")
