"""One decision made again from what was stored: equal, or different and why."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from click.testing import CliRunner

from detector.errors import BadInput
from detector.model.artefact import Model, load
from serve.audit.cli import audit
from serve.audit.explain import explained, told
from tests.architecture.source import ROOT
from tests.serve.audit.keeping import Clock, keeper, recorded
from tests.serve.engine.standing import Standing, bend, later, question, seen
from tests.serve.engine.stream import Stream


@cache
def champion() -> Model:
    return load(ROOT / "models" / "champion")


@pytest.fixture
def scored(store_url: str) -> Standing:
    return Standing(store_url, champion)


def test_every_decision_of_a_stream_is_made_again_the_same(scored: Standing) -> None:
    for at, batch in Stream(np.random.default_rng(5)).batches(60):
        scored.take(*batch, at=at)
    scored.settle(later(days=60))
    recorded(keeper(scored, Clock()), scored.books)
    checked = 0
    for filed in scored.books.log(0, 100):
        for answer in scored.books.answers([filed.sequence])[filed.sequence]:
            stage = ("activation", "first_attach", "day_1", "day_7")[answer.stage]
            found = explained(scored.books, UUID(bytes=filed.folio), stage=stage, model=champion())
            assert found.faults == (), told(found)
            assert found.committed
            checked += 1
    assert checked > 40


def test_an_answer_that_was_changed_in_the_store_is_told(scored: Standing) -> None:
    made = scored.answered(question())[0]
    recorded(keeper(scored, Clock()), scored.books)
    (answer,) = scored.books.answers([1])[1]
    bend(scored.books, replace(answer, answer=answer.answer.replace(b'"allow"', b'"hold"')))

    found = explained(scored.books, made.assessment_id, stage=None, model=champion())

    assert not found.committed
    assert "it was decided hold, made again allow" in told(found)
    assert told(found).endswith("different")


def test_another_model_is_the_reason_that_is_told(scored: Standing) -> None:
    made = scored.answered(question())[0]

    found = explained(scored.books, made.assessment_id, stage=None, model=None)

    assert found.versions["model"] == (champion().version, "")
    assert "here it is none" in told(found)
    assert found.faults


def test_a_decision_by_rules_alone_is_made_again_without_a_model(standing: Standing) -> None:
    one = question(validation_result="deceased")
    made = standing.answered(one)[0]

    found = explained(standing.books, made.assessment_id, stage=None, model=None)

    assert found.faults == ()
    assert "not recorded it yet" in told(found)


def test_an_unknown_assessment_is_refused(standing: Standing) -> None:
    standing.answered(question())
    other = standing.answered(question())[0].assessment_id

    with pytest.raises(BadInput, match="at this stage"):
        explained(standing.books, other, stage="day_7", model=None)


def test_the_command_prints_it_and_its_code_says_which(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    standing = Standing(url)
    one = question()
    made = standing.answered(one)[0]
    standing.take(seen(one, later(minutes=1)), at=later(minutes=2))
    words = ["explain", str(made.assessment_id), "--store", url, "--model", str(tmp_path / "none")]

    same = CliRunner().invoke(audit, words)
    said = b'{"score":1.0,"decision":"hold","reasons":[],"versions":["","p","f"],"now":0}'
    for answer in standing.books.answers([1])[1]:
        bend(standing.books, replace(answer, answer=said))
    differs = CliRunner().invoke(audit, words)

    assert (same.exit_code, same.output.splitlines()[-1]) == (0, "equal")
    assert (differs.exit_code, differs.output.splitlines()[-1]) == (1, "different")
