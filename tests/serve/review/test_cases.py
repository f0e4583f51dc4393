"""Every flag that stops somebody becomes a case; people decide it in turn, in time, and it becomes a label."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from detector.errors import BadInput
from detector.registration import Officials
from serve.answers import Refused, Unknown
from serve.review.cases import Taken
from serve.review.policy import ReviewPolicy
from serve.review.room import checked
from tests.builders import curp_of
from tests.serve.engine.standing import later, question
from tests.serve.review.bench import ANA, BETO, CARLA, STRANGER, Bench, asking, holding
from tests.tiny import MODELS


@pytest.fixture
def small(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.db'}"


def test_what_asks_for_more_opens_a_case_and_what_passes_does_not(bench: Bench) -> None:
    told = bench.over_the_cap()

    assert bench.waiting() == [told.assessment_id]


def test_a_case_belongs_to_the_reviewers_of_its_carrier(bench: Bench) -> None:
    told = bench.over_the_cap()

    assert bench.waiting(STRANGER) == []
    with pytest.raises(Unknown):
        bench.room.look(STRANGER, told.assessment_id)
    with pytest.raises(Unknown):
        bench.room.claim(STRANGER, told.assessment_id)


def test_a_claim_keeps_others_out_until_it_expires(bench: Bench) -> None:
    case = bench.over_the_cap().assessment_id
    bench.room.claim(ANA, case)

    with pytest.raises(Taken):
        bench.room.claim(BETO, case)
    with pytest.raises(Taken):
        bench.room.vote(BETO, case, "fraud")
    bench.standing.now += timedelta(minutes=31)
    bench.room.claim(BETO, case)
    with pytest.raises(Taken):
        bench.room.vote(ANA, case, "fraud")


def test_who_gives_a_case_back_lets_another_take_it(bench: Bench) -> None:
    case = bench.over_the_cap().assessment_id
    bench.room.claim(ANA, case)
    bench.room.let_go(ANA, case)

    bench.room.claim(BETO, case)


def test_a_verdict_is_a_label_and_lets_whoever_was_stopped_go_on(bench: Bench) -> None:
    told = bench.over_the_cap()

    assert bench.decide(ANA, told.assessment_id, "legitimate")

    labels = bench.standing.exported().labels
    assert (labels.fraud.tolist(), labels.source.tolist()) == ([False], [4])
    stands = bench.stands(told)
    assert (stands.decision, stands.folio, stands.reasons) == ("allow", None, ())
    assert [one.decision for one in bench.heard] == ["allow"]
    assert bench.waiting() == []
    assert bench.room.summary(ANA).overturned == 1


def test_misuse_confirmed_changes_no_decision(bench: Bench) -> None:
    told = bench.over_the_cap()

    bench.decide(ANA, told.assessment_id, "fraud")

    assert bench.stands(told).decision == "step_up"
    assert bench.heard == []
    assert bench.room.summary(ANA).misuse == 1


def test_a_case_that_was_interrupted_after_its_verdict_can_still_be_closed(bench: Bench) -> None:
    case = bench.over_the_cap().assessment_id
    bench.room.claim(ANA, case)
    assert bench.room.vote(ANA, case, "fraud") is not None  # and then nothing more happened

    bench.standing.now += timedelta(hours=1)
    assert bench.decide(ANA, case, "fraud")


def test_an_ended_case_can_be_opened_again_and_decided_otherwise(bench: Bench) -> None:
    told = bench.over_the_cap()
    bench.decide(ANA, told.assessment_id, "fraud")

    bench.decide(BETO, told.assessment_id, "legitimate")

    assert bench.standing.exported().labels.fraud.tolist() == [True, False]
    assert bench.stands(told).decision == "allow"


def test_a_hold_that_nobody_decides_in_a_day_goes_on_and_subscribers_hear(small: str) -> None:
    bench = Bench(small, holding)
    told = bench.asked()
    assert told.decision == "hold"

    bench.standing.now = later(hours=23, minutes=59)
    bench.lapsing(bench.own, bench.standing.now)
    assert bench.stands(told).decision == "hold"

    bench.standing.now = later(hours=24)
    bench.lapsing(bench.own, bench.standing.now)
    bench.lapsing(bench.own, bench.standing.now)

    stands = bench.stands(told)
    assert (stands.decision, stands.folio) == ("allow_notify", None)
    assert [(one.decision, one.reasons) for one in bench.heard] == [("allow_notify", told.reasons)]
    assert bench.room.summary(ANA).holds_lapsed == 1
    assert bench.asked_again(told).decision == "hold"  # the first answer again, as it was given
    bench.close()


def test_a_step_up_that_nobody_looks_at_leaves_the_queue_and_stays(bench: Bench) -> None:
    told = bench.over_the_cap()

    bench.standing.now = later(days=15)
    bench.lapsing(bench.own, bench.standing.now)

    assert bench.waiting() == []
    assert bench.stands(told).decision == "step_up"
    assert bench.heard == []


def test_holds_come_first_then_risk_or_whoever_waits_longest(small: str) -> None:
    bench = Bench(small, asking)
    first = bench.asked()
    bench.standing.engine.judge._model = holding
    second = bench.asked(hours=1)
    bench.standing.engine.judge._model = asking
    linked = bench.asked(hours=2, operation="link_existing")

    assert bench.waiting()[0] == second.assessment_id
    assert bench.waiting(order="age") == [one.assessment_id for one in (first, second, linked)]
    bench.close()


def test_two_have_to_agree_on_an_officials_case_and_a_third_settles(small: str) -> None:
    bench = Bench(small, holding)
    name = {"identity_value": curp_of(77)}
    bench.asked(**name)
    known = bench.standing.exported()
    of_one = known.registrations.identity[:1]
    office = Officials(of_one, np.zeros(1, np.int8), np.zeros(1, np.int64), np.full(1, 2**62))
    bench.standing.tell(replace(known, officials=office))
    case = bench.asked(hours=1, **name).assessment_id

    assert not bench.decide(ANA, case, "fraud")
    with pytest.raises(Taken):
        bench.room.claim(ANA, case)
    assert not bench.decide(BETO, case, "legitimate")
    assert bench.decide(CARLA, case, "legitimate")
    assert bench.standing.exported().labels.fraud.tolist() == [False]
    bench.close()


def test_needing_two_does_not_say_who_is_in_office(small: str) -> None:
    bench = Bench(small, asking, policy=ReviewPolicy(second_share=0.5))
    bench.standing.answered(*(question(later(seconds=n)) for n in range(60)), at=later(minutes=2))
    found, _ = bench.room.queue(ANA, order="age", page=1, most=100)
    bench.close()

    assert {case.needs for case in found} == {1, 2}


def test_evidence_shows_what_is_shared_and_nobodys_key(bench: Bench) -> None:
    told = bench.over_the_cap(device_id="one tablet")

    found = bench.room.look(ANA, told.assessment_id)

    ties = {tie.by: tie for tie in found.evidence.ties}
    assert set(ties) == {"identity", "device"}
    assert ties["device"].count == 10
    assert "IDENTITY_OVER_CAP" in found.evidence.given[0]
    assert dict(found.evidence.facts)["operation"] == "new_line"
    assert curp_of(31) not in repr(found)
    assert "one tablet" not in repr(found)


def test_what_another_carrier_registered_is_not_even_counted(bench: Bench) -> None:
    bench.asked(carrier_id="gama", device_id="one tablet")
    told = bench.over_the_cap(device_id="one tablet")

    ties = {tie.by: tie for tie in bench.room.look(ANA, told.assessment_id).evidence.ties}

    assert ties["device"].count == 10


def test_what_is_imported_opens_no_case(small: str) -> None:
    bench = Bench(small, holding)
    (told,) = bench.standing.answered(question(later(days=-30), imported=True))

    assert told.decision == "hold"
    assert bench.waiting() == []
    bench.close()


@pytest.mark.parametrize(
    "text", ["", "x" * 1_001, "habló de 55 1234 5678", "curp PELJ900203HNEABC01", "a@example.org"]
)
def test_a_note_that_looks_like_somebodys_data_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        checked("text", text)


def test_a_note_is_kept_with_its_author(bench: Bench) -> None:
    case = bench.over_the_cap().assessment_id
    bench.room.note(BETO, case, " Mostró su  recibo de luz. ")

    ((who, _, text),) = bench.room.look(ANA, case).notes
    assert (who, text) == ("beto", "Mostró su recibo de luz.")


def test_the_shipped_policy_says_a_day() -> None:
    assert ReviewPolicy.load(MODELS / "policy.toml").hold_hours == 24


def test_a_policy_with_an_unknown_word_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text("[review]\nhold_days = 1\n")

    with pytest.raises(BadInput, match="hold_days"):
        ReviewPolicy.load(path)
