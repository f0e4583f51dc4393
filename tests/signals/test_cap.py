"""How many open lines a person has, and from when on that is more than the law allows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import curp_of, line_event, registration
from tests.signals.test_stories import lines_of
from tests.stories import Story, at

ANA = curp_of(900_001)
BETO = curp_of(900_002)


def test_the_eleventh_open_line_of_a_person_is_beyond_the_legal_cap(tmp_path: Path) -> None:
    rows = lines_of(ANA, 11, apart=24 * 60)

    story = Story(tmp_path, registrations=rows)

    assert [story[row]["beyond_cap"] for row in rows[-2:]] == [0, 1]
    assert [story.rules(row) for row in rows[-2:]] == [set(), {"over_legal_cap"}]


def test_a_line_within_the_cap_does_not_answer_for_later_ones(tmp_path: Path) -> None:
    rows = lines_of(ANA, 12, apart=60)
    until = line_event(rows[0], occurred_at=at(days=9))

    story = Story(tmp_path, stage="day_7", registrations=rows, line_events=[until])

    assert story[rows[0]]["beyond_cap"] == 2
    assert story.rules(rows[0]) == set()


def test_another_sim_for_one_of_many_lines_opens_none(tmp_path: Path) -> None:
    rows = lines_of(ANA, 11, apart=24 * 60)
    again = rows[0] | {
        "registration_id": "again",
        "operation": "sim_replacement",
        "registered_at": at(days=20),
    }

    story = Story(tmp_path, registrations=[*rows, again])

    assert story[again]["beyond_cap"] == 0


@pytest.mark.parametrize("kind", ["unlinked", "abandoned"])
def test_a_line_given_up_makes_room_below_the_cap(tmp_path: Path, kind: str) -> None:
    rows = lines_of(ANA, 11, apart=24 * 60)
    given_up = line_event(rows[4], kind=kind, occurred_at=at(days=9))

    story = Story(tmp_path, registrations=rows, line_events=[given_up])

    assert story[rows[10]]["beyond_cap"] == 0


def test_a_line_that_went_to_somebody_else_is_no_longer_ones_own(tmp_path: Path) -> None:
    first = registration(identity_value=ANA, registered_at=at())
    sold = registration(
        identity_value=BETO, msisdn=first["msisdn"], operation="relink", registered_at=at(days=1)
    )
    again = registration(identity_value=ANA, registered_at=at(days=2))

    assert Story(tmp_path, registrations=[first, sold, again])[again]["open_lines"] == 0


def test_a_business_has_no_cap(tmp_path: Path) -> None:
    rows = lines_of("AAA930714AB1", 12, identity_type="rfc")

    told = Story(tmp_path, registrations=rows)[rows[-1]]

    assert told["open_lines"] == 11
    assert told["beyond_cap"] == 0
    assert told["business_lines_day"] == 11
