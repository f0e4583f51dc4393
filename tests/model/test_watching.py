"""What a person is sent to look at, and what not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from detector.errors import TooLittleData
from detector.model.watching import (
    FINE,
    LOOK,
    NOTE,
    Seen,
    Watched,
    alerts,
    calibration,
    expected,
    watched,
)
from detector.registration import OPERATIONS
from detector.workbench.watch import page

BUDGETS = dict.fromkeys((*OPERATIONS, "default"), (0.01, 0.004, 0.001))
N = 20_000


def seen(
    seed: int = 1,
    *,
    days: int = 7,
    flags: float = 0.008,
    promised: float = 1.0,
    reported: float = 0.5,
) -> Seen:
    """Calibrated scores; `promised` scales what the score says, `reported` how much misuse is told."""
    rng = np.random.default_rng(seed)
    chance = rng.beta(0.05, 4, N)
    fraud = rng.random(N) < chance
    told = fraud & (rng.random(N) < reported)
    at = pd.Timestamp("2026-05-01", tz="UTC") + pd.to_timedelta(
        np.sort(rng.random(N)) * days, unit="D"
    )
    limit = np.quantile(chance, 1 - flags)
    answers = pd.DataFrame(
        {
            "at": at,
            "operation": "new_line",
            "score": np.clip(chance * promised, 0, 1),
            "decision": np.where(chance >= limit, "allow_notify", "allow"),
            "model": "m",
            "fraud": pd.array(np.where(told, True, None), dtype="boolean"),
            "told_at": (at + pd.Timedelta("6h")).where(told),
        }
    )
    return Seen(answers, pd.DataFrame(rng.normal(size=(2_000, 3)), columns=list("abc")), N)


def states(found: Watched) -> dict[str, str]:
    return {finding.about: finding.state for finding in found.findings}


def test_where_nothing_changed_there_is_nothing_to_look_at() -> None:
    found = watched(seen(1), seen(2), budgets=BUDGETS)

    assert set(states(found).values()) == {FINE}
    assert not found.alarming


def test_more_alerts_than_the_policy_allows_come_first() -> None:
    found = watched(seen(1), seen(2, flags=0.06), budgets=BUDGETS)

    assert states(found)["alerts against budget"] == LOOK
    assert found.words.startswith(
        "look  alerts against budget: allow_notify or stricter on new_line"
    )
    assert found.alarming


def test_more_misuse_reported_than_promised_says_that_the_score_is_old() -> None:
    found = watched(seen(1, promised=0.2), seen(2, promised=0.2), budgets=BUDGETS)

    assert states(found)["calibration"] == LOOK
    assert "promises too little" in found.words


def test_an_honest_score_is_told_apart_from_one_that_promises_too_little() -> None:
    assert calibration(seen(1, reported=1.0).answers)["low"].iloc[0] < 1
    assert calibration(seen(1, promised=0.5, reported=1.0).answers)["low"].iloc[0] > 1


def test_verdicts_that_could_not_have_come_yet_are_not_waited_for() -> None:
    """Reports take days here: the youngest answers are left out of both sides."""
    old = seen(1, reported=1.0)
    late = old.answers.assign(told_at=old.answers["told_at"] + pd.Timedelta("3D"))
    known = late["told_at"] <= late["at"].max()
    late["fraud"] = late["fraud"].where(known)
    late["told_at"] = late["told_at"].where(known)

    found = calibration(late)

    assert found["answers"].iloc[0] < 0.6 * N
    assert found["ratio"].iloc[0] == pytest.approx(1.0, abs=0.25)


def test_without_verdicts_nothing_is_said_of_calibration() -> None:
    found = watched(seen(1, reported=0.0), seen(2, reported=0.0), budgets=BUDGETS)

    assert states(found)["calibration"] == NOTE


def test_expected_performance_is_what_comes_true_where_scores_are_calibrated() -> None:
    one = seen(3, flags=0.05, reported=1.0)
    fraud = one.answers["fraud"].fillna(False).to_numpy(bool)

    row = expected(one, one).iloc[1]

    assert row["precision"] == pytest.approx(fraud[one.flagged].mean(), abs=0.06)
    assert row["recall"] == pytest.approx(one.flagged[fraud].mean(), abs=0.06)


def test_a_model_that_finds_less_is_seen_before_any_verdict() -> None:
    now = seen(2, reported=0.0)
    blind = np.where(np.arange(N) % 2 == 0, "allow", now.answers["decision"])
    found = watched(
        seen(1), replace(now, answers=now.answers.assign(decision=blind)), budgets=BUDGETS
    )

    assert states(found)["expected performance"] == LOOK
    assert "do not wait for verdicts" in found.words


def test_features_and_scores_that_moved_are_named() -> None:
    now = seen(2)
    moved = replace(
        now,
        answers=now.answers.assign(score=now.answers["score"] ** 0.2),
        vectors=now.vectors.assign(c=now.vectors["c"] + 3),
    )
    found = watched(seen(1), moved, budgets=BUDGETS)

    assert (states(found)["scores"], states(found)["features"]) == (LOOK, LOOK)
    assert "1 of 3 features have moved: c" in found.words


def test_features_that_only_moved_together_are_noted() -> None:
    """Each alone is drawn as before; two of them now go hand in hand."""
    now = seen(2)
    tied = replace(now, vectors=now.vectors.assign(b=now.vectors["a"]))
    found = watched(seen(1), tied, budgets=BUDGETS)

    assert (states(found)["features"], states(found)["features together"]) == (FINE, NOTE)
    assert set(found.tables["together"]["feature"].head(2)) == {"a", "b"}


def test_answers_without_a_model_are_looked_at_first() -> None:
    now = seen(2)
    rules = replace(now, answers=now.answers.assign(model=np.where(np.arange(N) < 50, "", "m")))

    assert watched(seen(1), rules, budgets=BUDGETS).findings[0].about == "the service"


def test_alerts_a_day_count_what_a_sample_stands_for() -> None:
    one = seen(1)
    whole, tenth = alerts(one, BUDGETS), alerts(replace(one, answered=10 * N), BUDGETS)

    assert tenth["a_day"].iloc[0] == pytest.approx(10 * whole["a_day"].iloc[0])


def test_few_alerts_are_not_shown() -> None:
    table = alerts(seen(1, flags=0.0002), BUDGETS)

    assert "allow_notify" not in set(table["decision"])


def test_hardly_any_answers_are_refused() -> None:
    one = seen(1)
    few = replace(one, answers=one.answers.head(7))

    with pytest.raises(TooLittleData, match="latest weeks hold 7 answers"):
        watched(one, few, budgets=BUDGETS)


def test_the_page_says_it_in_words_and_needs_nothing_else() -> None:
    text = page(watched(seen(1), seen(2, flags=0.06), budgets=BUDGETS))

    assert "<h1>Look at this first</h1>" in text
    assert "data:image/png;base64," in text
    assert "http" not in text.replace("http-equiv", "")
