"""A replay makes each answer again by the model that it names: none was made by another, or by two."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import cycle

import pytest
from click.testing import CliRunner

from detector.cli import CHAMPION, main
from detector.model import artefact
from detector.model.artefact import Model
from serve.judge import stored_vector
from serve.replay import Difference, differences, models_in, versions
from serve.vectors import packed
from tests.serve.engine.standing import Standing, bend, later, question, seen


@cache
def shipped() -> Model:
    return artefact.load(CHAMPION)


@cache
def other() -> Model:
    table = dict.fromkeys(shipped().thresholds.table, (0.0, 0.0, 2.0))
    thresholds = replace(shipped().thresholds, table=table)
    return replace(shipped(), version="other", novelty_weight=9.0, thresholds=thresholds)


def lived(url: str) -> Standing:
    """Two models and rules alone take turns, at every stage."""
    turns = cycle([shipped(), other(), None])
    standing = Standing(url, lambda: next(turns))
    asked = [question(later(seconds=n)) for n in range(9)]
    for one in asked:
        standing.answered(one)
    standing.answered(seen(asked[0], later(hours=1)), at=later(hours=1))
    standing.settle(later(days=8))
    return standing


def found(standing: Standing, models: Sequence[Model]) -> list[Difference]:
    told = differences(standing.books, models={model.version: model for model in models})
    return [one for one in told if one is not None]


def test_every_answer_is_the_one_of_the_model_that_it_names(store_url: str) -> None:
    standing = lived(store_url)

    assert found(standing, [shipped(), other()]) == []
    named, others = versions(standing.books)
    assert set(named) == {"", "other", shipped().version}
    assert others == 0
    standing.close()


@pytest.mark.parametrize("what", ["score", "decision"])
def test_an_answer_that_mixes_two_models_is_found(store_url: str, what: str) -> None:
    """The name of one, the score or the decision of the other."""
    standing = lived(store_url)
    answers = standing.books.answers([1, 2])
    one, two = (json.loads(answers[n][0].answer) for n in (1, 2))
    mixed = json.dumps(one | {what: two[what]}).encode()
    bend(standing.books, replace(answers[1][0], answer=mixed))

    assert [(d.sequence, d.feature) for d in found(standing, [shipped(), other()])] == [(1, what)]
    assert found(standing, [other()]) == []  # not at hand, so only its vectors are compared
    standing.close()


def test_the_command_says_which_models_answered_and_which_are_not_here(store_url: str) -> None:
    lived(store_url).close()

    done = CliRunner().invoke(main, ["replay", "--store", store_url])

    assert done.exit_code == 0, done.output
    assert "every one the same in the replay" in done.output
    assert "by model other; not here, so only the vectors were compared" in done.output
    assert "by rules alone\n" in done.output


def test_answers_by_other_features_are_passed_over(store_url: str) -> None:
    """Their vectors are of another length, as all were before a feature was added."""
    standing = lived(store_url)
    answers = standing.books.answers(range(1, 10))
    [first] = [a for a in answers[1] if a.stage == 0]
    said = json.loads(first.answer)
    said["versions"][2] = "of before"
    bend(
        standing.books,
        replace(first, answer=json.dumps(said).encode(), vector=packed(stored_vector(first)[:-27])),
    )

    told = list(differences(standing.books, models={"other": other()}))

    assert set(told) == {None}
    assert len(told) == sum(map(len, answers.values())) - 1
    assert versions(standing.books)[1] == 1
    standing.close()
    done = CliRunner().invoke(main, ["replay", "--store", store_url])
    assert "1 were made with other features than this program has" in done.output


def test_models_are_found_at_any_depth() -> None:
    assert set(models_in([CHAMPION.parent])) == {shipped().version}
