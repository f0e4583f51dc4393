"""A challenger sees every answer after it was given, changes none, and ends when it was told to."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from detector.cli import main
from detector.errors import BadInput, TooLittleData
from detector.model import artefact, shadowed
from detector.model.artefact import MANIFEST
from detector.model.shadowed import Shadowed
from serve.answers import Outcome
from serve.shadow import keeper, ledger, reading, worker
from serve.shadow.keeper import Keeper
from serve.shadow.ledger import DAY, KEPT, LEASE, Shadow
from serve.shadow.report import shadowed as read
from tests.serve.engine.standing import START, Standing, later, micros, question, seen
from tests.serve.shadow.conftest import champion
from tests.tiny import MODELS

NOW = micros(START)
END = NOW + DAY


def begun(standing: Standing, challenger: Path, **changes: int) -> Shadow:
    told = {"now": NOW, "until": END} | changes
    return ledger.start(standing.books.own, challenger, by="Ana", **told)


def drained(standing: Standing, challenger: Path, *, holder: str = "one", now: int = NOW) -> None:
    """Every page that is there."""
    model = artefact.load(challenger)
    while worker.turn(standing.books.own, model, holder, now=lambda: now) == worker.BREATH:
        pass


def test_every_answer_from_the_start_on_gets_its_shadow_result(
    standing: Standing, challenger: Path
) -> None:
    standing.answered(*(question() for _ in range(5)))
    shadow = begun(standing, challenger)
    asked = [question(later(seconds=n)) for n in range(40)]
    standing.answered(*asked)
    standing.answered(seen(asked[0], later(hours=1)), at=later(hours=1))
    standing.settle(later(days=8))
    drained(standing, challenger)

    found = read(standing.books.own, ledger.find(standing.books.own, shadow.id))

    assert found.answered == len(found.table) == 40 + 1 + 2 * 45  # day_1 and day_7 of all
    assert found.share == 1.0
    assert set(found.table["live_decision"]) == {"allow"}
    assert set(found.table["decision"]) == {"step_up"}
    assert standing.differing() == []


def test_the_champion_in_its_own_shadow_says_the_same_to_the_bit(standing: Standing) -> None:
    """Status, novelty, calibration, rules and thresholds are the engine's own."""
    begun(standing, MODELS / "champion")
    asked = [question(later(seconds=n), identity_value=None) for n in range(3)]
    asked += [question(later(seconds=n), pos_id="hub") for n in range(30)]
    standing.take(*asked)
    standing.settle(later(days=8))
    drained(standing, MODELS / "champion")

    table = read(standing.books.own, ledger.latest(standing.books.own)).table

    assert (table["score"] == table["live_score"]).all()
    assert (table["decision"] == table["live_decision"]).all()


def test_answers_by_rules_alone_are_compared_as_such(store_url: str, challenger: Path) -> None:
    standing = Standing(store_url)
    begun(standing, challenger)
    standing.answered(question())
    drained(standing, challenger)

    assert set(read(standing.books.own, ledger.latest(standing.books.own)).table["live_model"]) == {
        "rules-only"
    }
    standing.close()


def test_answers_of_another_feature_set_are_left_out(
    standing: Standing, challenger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(standing, challenger)
    standing.answered(question())
    monkeypatch.setattr(reading, "fingerprint", lambda: "other")
    drained(standing, challenger)

    with pytest.raises(TooLittleData, match="no answer yet"):
        read(standing.books.own, ledger.latest(standing.books.own))


def test_one_challenger_at_a_time(standing: Standing, challenger: Path) -> None:
    begun(standing, challenger)

    with pytest.raises(BadInput, match="in the shadow already"):
        begun(standing, challenger)


@pytest.mark.parametrize("until", [NOW, NOW - DAY, NOW + 91 * DAY])
def test_a_shadow_has_an_end_that_is_near(standing: Standing, challenger: Path, until: int) -> None:
    with pytest.raises(BadInput, match="ends within 90 days"):
        begun(standing, challenger, until=until)


def test_at_its_end_it_reads_what_is_left_and_its_files_go(
    standing: Standing, challenger: Path
) -> None:
    shadow = begun(standing, challenger)
    standing.answered(*(question() for _ in range(3)))
    drained(standing, challenger, now=END)
    standing.answered(question(later(seconds=9)))
    own = standing.books.own

    assert ledger.active(own) is None
    assert ledger.find(own, shadow.id).ended_at == END
    assert read(own, ledger.find(own, shadow.id)).share == 1.0
    assert own.rows("SELECT content FROM shadows") == [(None,)]


def test_only_one_worker_reads_and_another_takes_over_when_it_dies(
    standing: Standing, challenger: Path
) -> None:
    begun(standing, challenger)
    standing.answered(question())
    drained(standing, challenger, holder="one")
    standing.answered(question(later(seconds=1)))
    drained(standing, challenger, holder="two", now=NOW + LEASE // 2)
    own = standing.books.own
    assert len(read(own, ledger.latest(own)).table) == 1

    drained(standing, challenger, holder="two", now=NOW + 2 * LEASE)
    drained(standing, challenger, holder="one", now=NOW + 2 * LEASE)

    assert len(read(own, ledger.latest(own)).table) == 2


def test_results_are_forgotten_long_after_the_end(standing: Standing, challenger: Path) -> None:
    begun(standing, challenger)
    standing.answered(question())
    drained(standing, challenger, now=END)
    own = standing.books.own
    ledger.forget(own, END + KEPT)
    assert own.rows("SELECT COUNT(*) FROM shadow_pages") == [(1,)]
    ledger.forget(own, END + KEPT + 1)

    assert own.rows("SELECT COUNT(*) FROM shadow_pages") == [(0,)]
    assert own.rows("SELECT COUNT(*) FROM shadows") == [(0,)]


def test_a_verdict_that_comes_later_is_in_the_report(standing: Standing, challenger: Path) -> None:
    begun(standing, challenger)
    asked = question()
    standing.answered(asked, question())
    drained(standing, challenger)
    names = str(asked.event["carrier_id"]), str(asked.event["registration_id"])
    standing.answered(Outcome(*names, "fraud", "holder"), at=later(hours=2))

    table = read(standing.books.own, ledger.latest(standing.books.own)).table

    assert table["fraud"].tolist()[0] is True
    assert table["fraud"].isna().tolist() == [False, True]


def test_the_service_starts_a_process_of_its_own_and_a_damaged_challenger_harms_nobody(
    standing: Standing, challenger: Path, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    for path in challenger.iterdir():
        (damaged / path.name).write_bytes(path.read_bytes())
    text = (damaged / "activation.txt").read_text()
    (damaged / "activation.txt").write_text(text[: len(text) // 2])
    now = int(time.time() * 1e6)
    begun(standing, damaged, now=now, until=now + DAY)

    waited(standing, Keeper(standing.url))

    assert ledger.latest(standing.books.own).fault == "refused"
    assert standing.answered(question())[0].decision == "allow"


def test_a_process_scores_live_answers_until_it_is_stopped(
    standing: Standing, challenger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "LOOK_EVERY", 0.2)
    now = int(time.time() * 1e6)
    begun(standing, challenger, now=now, until=now + 8_000_000)
    standing.answered(*(question() for _ in range(20)))

    waited(standing, Keeper(standing.url))

    last = ledger.latest(standing.books.own)
    assert last.fault is None
    assert read(standing.books.own, last).share == 1.0


def waited(standing: Standing, watching: Keeper) -> None:
    watching.start()
    until = time.monotonic() + 90
    while ledger.active(standing.books.own) and time.monotonic() < until:
        time.sleep(0.1)
    watching.stop()
    assert not watching.working()


def test_the_command_starts_reports_and_stops(
    store_url: str, challenger: Path, tmp_path: Path
) -> None:
    def told(*arguments: str) -> str:
        done = CliRunner().invoke(main, ["shadow", *arguments, "--store", store_url])
        assert done.exit_code == 0, done.output
        return done.output

    assert "No challenger" in told("stop")
    begun_words = told("start", "--model", str(challenger), "--by", "Ana")
    version = json.loads((challenger / MANIFEST).read_text())["version"]
    assert f"Model {version} is in the shadow until" in begun_words
    standing = Standing(store_url, champion)
    standing.answered(*(question(later(seconds=n)) for n in range(120)))
    drained(standing, challenger)

    text = told("report", "--out", str(tmp_path / "shadow.parquet"))
    found = json.loads(told("report", "--json"))

    assert "would have flagged 120 where the service flagged 0" in text
    assert "It flags clearly more" in text
    assert (found["share"], found["flagged"]) == (1.0, {"champion": 0, "challenger": 120})
    assert len(shadowed.read(tmp_path).table) == 120
    assert f"Model {version} is out of the shadow" in told("stop")
    standing.close()


def test_a_report_without_any_shadow_is_one_sentence(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        main, ["shadow", "report", "--store", f"sqlite:///{tmp_path / 'store.db'}"]
    )

    assert done.exit_code == 2
    assert done.output.startswith("simvigia: no challenger was ever in the shadow")


def test_small_counts_of_honest_people_stay_hidden(standing: Standing, challenger: Path) -> None:
    begun(standing, challenger)
    asked = [question(later(seconds=n)) for n in range(5)]
    standing.answered(*asked)
    drained(standing, challenger)
    for one in asked:
        names = str(one.event["carrier_id"]), str(one.event["registration_id"])
        standing.answered(Outcome(*names, "legitimate", "holder"), at=START + timedelta(hours=2))
    found: Shadowed = read(standing.books.own, ledger.latest(standing.books.own))

    honest = shadowed.known(found).query("verdict == 'honest'")

    assert np.isnan(honest["challenger"]).all()
    assert honest["champion"].tolist() == [0.0, 0.0]
