"""A cleared pattern is not flagged again for the same reason; everything else still counts, and it expires."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from serve.answers import Assessment, Refused, Unknown
from serve.judge import stored_vector
from tests.builders import curp_of
from tests.serve.engine.standing import later
from tests.serve.review.bench import ANA, BETO, STRANGER, Bench, asking

HEAD = {"identity_value": curp_of(31)}  # somebody in whose name a family's lines are


def cleared(bench: Bench, told: Assessment, kind: str = "person", days: float = 30) -> str:
    bench.decide(ANA, told.assessment_id, "legitimate")
    note = bench.room.allow(BETO, told.assessment_id, kind, days=days, why="familia de once")
    return note.note_id


def test_a_family_head_who_was_cleared_is_not_flagged_again(bench: Bench) -> None:
    told = bench.over_the_cap()
    note = cleared(bench, told)

    again = bench.asked(hours=1, **HEAD)

    assert (again.decision, again.reasons) == ("allow", ())
    assert bench.standing.differing() == []
    (answer,) = bench.standing.books.answers([12])[12]
    assert note.encode() in answer.answer  # what let it pass is on record
    assert stored_vector(answer).size


def test_without_a_note_the_same_is_flagged(bench: Bench) -> None:
    bench.over_the_cap()

    assert bench.asked(hours=1, **HEAD).decision == "step_up"


def test_a_rule_of_another_family_still_holds(bench: Bench) -> None:
    cleared(bench, bench.over_the_cap())

    again = bench.asked(hours=1, validation_result="deceased", **HEAD)

    assert again.decision == "step_up"
    assert "IDENTITY_OVER_CAP" not in again.reasons


def test_what_the_model_finds_beside_it_still_counts(tmp_path: Path) -> None:
    bench = Bench(f"sqlite:///{tmp_path / 'store.db'}")
    cleared(bench, bench.over_the_cap())
    bench.standing.engine.judge._model = asking

    assert bench.asked(hours=1, **HEAD).decision == "step_up"
    bench.close()


def test_a_note_ends_with_its_time(bench: Bench) -> None:
    cleared(bench, bench.over_the_cap(), days=2)

    assert bench.asked(hours=24, **HEAD).decision == "allow"
    assert bench.asked(hours=49, **HEAD).decision == "step_up"


def test_a_note_can_be_withdrawn(bench: Bench) -> None:
    cleared(bench, bench.over_the_cap())
    (note,) = bench.room.allowed(ANA)
    assert bench.room.allowed(STRANGER) == []

    with pytest.raises(Unknown):
        bench.room.withdraw(STRANGER, UUID(note.note_id))
    bench.room.withdraw(ANA, UUID(note.note_id))

    assert bench.room.allowed(ANA) == []
    assert bench.asked(hours=1, **HEAD).decision == "step_up"


def test_a_note_holds_at_its_own_carrier_only(bench: Bench) -> None:
    cleared(bench, bench.over_the_cap())

    assert bench.asked(hours=1, carrier_id="beta", **HEAD).decision == "step_up"


def test_somebody_else_is_not_cleared_with_them(bench: Bench) -> None:
    cleared(bench, bench.over_the_cap())

    bench.standing.now = later(hours=1)
    assert bench.over_the_cap(32).decision == "step_up"


def test_another_worker_hears_of_a_note_when_it_looks(bench: Bench) -> None:
    told = bench.over_the_cap()
    other = Bench(bench.standing.url)
    cleared(bench, told)
    assert other.asked(hours=1, **HEAD).decision == "step_up"

    other.clearing.look(other.own, other.clock())

    assert other.asked(hours=2, **HEAD).decision == "allow"
    other.close()


def test_only_what_was_found_legitimate_can_be_cleared(bench: Bench) -> None:
    told = bench.over_the_cap()
    with pytest.raises(Refused):
        bench.room.allow(ANA, told.assessment_id, "person", days=30, why="familia")
    bench.decide(ANA, told.assessment_id, "fraud")
    with pytest.raises(Refused):
        bench.room.allow(ANA, told.assessment_id, "person", days=30, why="familia")


def test_a_note_is_of_a_reason_that_was_given_and_of_a_bounded_life(bench: Bench) -> None:
    told = bench.over_the_cap()
    bench.decide(ANA, told.assessment_id, "legitimate")
    assert bench.room.look(ANA, told.assessment_id).clearable == ("person",)

    with pytest.raises(Refused):
        bench.room.allow(ANA, told.assessment_id, "device", days=30, why="quiosco")
    with pytest.raises(Refused):
        bench.room.allow(ANA, told.assessment_id, "person", days=181, why="familia")


def test_no_key_is_in_a_notes_row(bench: Bench) -> None:
    cleared(bench, bench.over_the_cap())
    ((mark,),) = bench.own.rows("SELECT mark FROM allow_notes")

    entries = bench.standing.books.entries([11])[11]
    assert bytes(mark)[:8] not in entries
    assert bytes(mark)[8:] not in entries
