"""What holders say becomes a case and a label; what a carrier finds supersedes it; nothing is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from serve.answers import Unavailable, Unknown
from serve.disputes import book
from serve.disputes.clock import due
from serve.disputes.desk import Closed
from tests.builders import curp_of
from tests.serve.disputes.conftest import ALFA, DANI, MINE, Court
from tests.serve.engine.standing import later, question
from tests.serve.portal.people import subject_of


def test_somebody_sees_the_lines_in_their_name_and_no_others(court: Court) -> None:
    [line] = court.holder.lines(MINE, court.at)

    assert (line.carrier, line.ticket, line.said) == ("alfa", None, None)
    assert court.holder.asked(MINE, court.at) == [("alfa", line.day)]
    assert court.holder.lines(subject_of(curp_of(900_012)), court.at) == []
    assert court.holder.lines(0, court.at) == []


def test_not_mine_opens_a_case_and_becomes_a_label_that_the_engine_learns(court: Court) -> None:
    ticket = court.holder.answer(court.line(), "not_mine", "holder", court.at)

    assert (ticket.state, ticket.outcome) == ("open", None)
    assert court.labels() == [("fraud", "holder", None)]
    assert court.labels() == []
    [verdict] = court.standing.books.verdicts([1])
    assert (verdict.fraud, verdict.source) == (True, 0)


def test_a_later_registration_is_scored_with_the_label_and_a_replay_says_the_same(
    court: Court,
) -> None:
    court.holder.answer(court.line(), "not_mine", "holder", court.at)
    court.labels()
    court.standing.answered(question(later(hours=2), identity_value=DANI), at=later(hours=2))

    assert court.standing.differing() == []


@pytest.mark.parametrize(
    ("said", "label"), [("mine", "legitimate"), ("mine_but_close", "legitimate")]
)
def test_mine_is_legitimate(court: Court, said: str, label: str) -> None:
    court.holder.answer(court.line(), said, "holder", court.at)  # type: ignore[arg-type]
    assert court.labels() == [(label, "holder", None)]


def test_not_sure_is_a_case_and_no_label(court: Court) -> None:
    assert court.holder.answer(court.line(), "not_sure", "holder", court.at).state == "open"
    assert court.labels() == []


def test_the_same_answer_twice_is_one_word_one_case_and_one_label(court: Court) -> None:
    first = court.holder.answer(court.line(), "not_mine", "holder", court.at)
    again = court.holder.answer(court.line(), "not_mine", "holder", court.at)

    assert first == again
    assert len(court.labels()) == 1
    assert len(court.heard) == 1


def test_an_answer_can_be_taken_back(court: Court) -> None:
    line = court.line()
    court.holder.answer(line, "not_mine", "holder", court.at)
    court.holder.answer(line, "mine", "holder", court.at)

    assert [label for label, _, _ in court.labels()] == ["fraud", "legitimate"]
    assert court.holder.lines(MINE, court.at)[0].said == "mine"


def test_not_sure_after_not_mine_leaves_no_label(court: Court) -> None:
    line, books = court.line(), court.standing.books
    court.holder.answer(line, "not_mine", "holder", court.at)
    court.labels()
    court.holder.answer(line, "not_sure", "holder", court.at)

    assert court.labels() == [("withdrawn", "holder", None)]
    assert [v.label for v in books.verdicts([1])] == ["fraud", "withdrawn"]
    court.holder.answer(line, "not_mine", "holder", court.at)
    court.labels()
    assert books.verdicts([1])[-1].fraud


def test_not_sure_takes_back_what_was_said_with_the_folio(court: Court) -> None:
    line = court.line()
    court.holder.answer(line, "not_mine", "folio", court.at)
    court.holder.answer(line, "not_sure", "holder", court.at)
    court.labels()

    assert court.standing.books.verdicts([1])[-1].withdrawn


def test_a_folio_takes_nothing_back(court: Court) -> None:
    line = court.line()
    court.holder.answer(line, "not_mine", "folio", court.at)
    court.holder.answer(line, "not_sure", "folio", court.at)
    court.labels()

    assert court.standing.books.verdicts([1])[-1].fraud


def test_what_the_carrier_found_stands_again_where_the_holder_is_no_longer_sure(
    court: Court,
) -> None:
    line = court.line()
    name = court.holder.answer(line, "not_mine", "holder", court.at).id
    court.carrier.resolve(name, ALFA, "holder_confirmed")
    court.holder.answer(
        line, "not_sure", "holder", court.at
    )  # nothing to take back: it was superseded
    court.labels()
    verdicts = court.standing.books.verdicts
    assert [(v.label, v.source) for v in verdicts([1])] == [("fraud", 0), ("legitimate", 1)]

    court.holder.answer(line, "not_mine", "holder", court.at)
    court.holder.answer(line, "not_sure", "holder", court.at)
    court.labels()
    assert [(v.label, v.source) for v in verdicts([1])][2:] == [("fraud", 0), ("legitimate", 1)]


def test_a_label_taken_back_changes_what_comes_after_it_as_a_replay_says(court: Court) -> None:
    for hours, said in enumerate(("not_mine", "not_sure", "not_mine"), start=1):
        court.holder.answer(court.line(), said, "holder", court.at)  # type: ignore[arg-type]
        court.labels()
        asked = question(later(hours=hours), identity_value=DANI, device_id=f"d{hours}")
        court.standing.answered(asked, at=later(hours=hours))

    assert court.standing.differing() == []


def test_holder_and_delegate_who_disagree_are_both_kept_and_make_no_label(court: Court) -> None:
    line = court.line()
    court.holder.answer(line, "mine", "holder", court.at)
    court.labels()
    court.holder.answer(line, "not_mine", "delegate", court.at)

    assert court.labels() == []
    assert court.holder.lines(MINE, court.at)[0].disagreed
    words = book.words(court.own, [line.bytes])[line.bytes]
    assert words == {"holder": "mine", "delegate": "not_mine"}


def test_a_folio_alone_clears_nothing(court: Court) -> None:
    """Whoever stood at the counter has it."""
    line = court.line()
    court.holder.answer(line, "mine", "folio", court.at)
    assert court.labels() == []
    court.holder.answer(line, "not_mine", "folio", court.at)
    assert court.labels() == [("fraud", "holder", 0.5)]


def test_a_folio_does_not_override_what_the_carrier_found(court: Court) -> None:
    line = court.line()
    name = court.holder.answer(line, "not_sure", "folio", court.at).id
    court.carrier.resolve(name, ALFA, "holder_confirmed")
    court.labels()

    court.holder.answer(line, "not_mine", "folio", court.at)

    assert court.labels() == []
    assert court.carrier.find(name, ALFA).dispute.state == "open"


def test_what_is_not_here_cannot_be_answered_for(court: Court) -> None:
    with pytest.raises(Unknown):
        court.holder.answer(uuid4(), "mine", "holder", court.at)


def test_a_carrier_sees_its_own_cases_and_what_it_finds_supersedes(court: Court) -> None:
    name = court.holder.answer(court.line(), "not_mine", "holder", court.at).id
    [seen], total = court.carrier.page(ALFA, open_only=True, page=1, most=10)
    assert (seen.said, seen.overdue, total) == ("not_mine", False, 1)

    assert court.carrier.acknowledge(name, ALFA).dispute.state == "acknowledged"
    assert court.carrier.resolve(name, ALFA, "holder_confirmed").dispute.state == "resolved"

    assert court.labels()[-1] == ("legitimate", "reverification", None)
    assert [case.state for case in court.heard] == ["open", "acknowledged", "resolved"]
    assert court.carrier.page(ALFA, open_only=True, page=1, most=10) == ([], 0)
    [line] = court.holder.lines(MINE, court.at)
    assert line.ticket is not None
    assert line.ticket.outcome == "holder_confirmed"


def test_another_carriers_case_does_not_exist(court: Court) -> None:
    name = court.holder.answer(court.line(), "not_mine", "holder", court.at).id
    beta = frozenset({"beta"})

    assert court.carrier.page(beta, open_only=False, page=1, most=10) == ([], 0)
    assert court.carrier.page(frozenset(), open_only=False, page=1, most=10) == ([], 0)
    for act in (court.carrier.find, court.carrier.acknowledge):
        with pytest.raises(Unknown):
            act(name, beta)
    with pytest.raises(Unknown):
        court.carrier.resolve(name, beta, "kept")


def test_an_outcome_again_is_the_same_and_another_one_is_refused(court: Court) -> None:
    name = court.holder.answer(court.line(), "not_mine", "holder", court.at).id
    court.carrier.resolve(name, ALFA, "kept")

    assert court.carrier.resolve(name, ALFA, "kept").dispute.outcome == "kept"
    with pytest.raises(Closed):
        court.carrier.resolve(name, ALFA, "closed")


def test_a_new_word_after_the_outcome_opens_the_case_again(court: Court) -> None:
    line = court.line()
    name = court.holder.answer(line, "mine", "holder", court.at).id
    court.carrier.resolve(name, ALFA, "kept")
    court.at += timedelta(days=30)
    again = court.holder.answer(line, "not_mine", "holder", court.at)

    assert (again.id, again.state, again.outcome) == (name, "open", None)
    assert not court.carrier.find(name, ALFA).overdue


def test_a_case_is_overdue_after_three_working_days(court: Court) -> None:
    name = court.holder.answer(court.line(), "not_mine", "holder", court.at).id
    deadline = due(court.at)

    court.at = deadline
    assert not court.carrier.find(name, ALFA).overdue
    court.at = deadline + timedelta(seconds=1)
    assert court.carrier.find(name, ALFA).overdue


def test_overdue_cases_are_counted_by_carrier(court: Court) -> None:
    name = court.holder.answer(court.line(), "not_mine", "holder", court.at).id
    court.at = due(court.at) + timedelta(seconds=1)

    assert book.overdue(court.own, court.at) == {"alfa": 1}
    assert court.carrier.overdue(ALFA) == 1
    assert court.carrier.overdue({"beta"}) == 0
    court.carrier.resolve(name, ALFA, "kept")
    assert book.overdue(court.own, court.at) == {}


def test_a_person_is_asked_to_look_and_the_carrier_hears_of_it_once(court: Court) -> None:
    line = court.line()
    name = court.holder.ask_to_look(line, court.at).id
    court.holder.ask_to_look(line, court.at)

    seen = court.carrier.find(name, ALFA)
    assert (seen.said, seen.look_asked, len(court.heard)) == ("not_sure", True, 1)
    assert court.holder.lines(MINE, court.at)[0].look_asked
    with pytest.raises(Unknown):
        court.holder.ask_to_look(uuid4(), court.at)


def test_asking_for_a_look_keeps_what_was_said(court: Court) -> None:
    line = court.line()
    name = court.holder.answer(line, "mine", "folio", court.at).id
    court.holder.ask_to_look(line, court.at)

    seen = court.carrier.find(name, ALFA)
    assert (seen.said, seen.look_asked, len(court.heard)) == ("mine", True, 2)


@pytest.mark.parametrize(
    ("opened", "until"),
    [("2026-03-02", "2026-03-05"), ("2026-03-05", "2026-03-10"), ("2026-03-07", "2026-03-11")],
)
def test_weekends_do_not_count(opened: str, until: str) -> None:
    found = due(datetime.fromisoformat(f"{opened}T18:00").replace(tzinfo=UTC))
    assert found.date().isoformat() == until


def test_a_label_waits_until_the_engine_takes_it(court: Court) -> None:
    court.holder.answer(court.line(), "not_mine", "holder", court.at)
    desk = court.telling.desk

    class Down:
        async def report_outcome(self, _: object) -> None:
            raise Unavailable

    court.telling.desk = Down()  # type: ignore[assignment]
    with pytest.raises(Unavailable):
        court.labels()
    court.telling.desk = desk

    assert len(court.labels()) == 1
    assert len(court.standing.books.verdicts([1])) == 1


def test_what_a_row_says_names_nobody(court: Court) -> None:
    court.holder.answer(court.line(), "not_mine", "holder", court.at)
    for table in ("disputes", "dispute_words", "dispute_labels"):
        kept = repr(court.own.rows(f"SELECT * FROM {table}"))
        assert DANI not in kept
        assert str(MINE) not in kept
