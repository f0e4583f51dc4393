import re
from datetime import timedelta
from uuid import UUID

import pytest

from serve.answers import Refused
from serve.notices import texts
from serve.notices.bursts import kind_of_burst
from serve.notices.manners import Manners, hold
from serve.store import coarse
from serve.store.database import Connection
from tests.serve.notices.people import (
    AT,
    BOX,
    DANI,
    REGISTER,
    accepted,
    case,
    consider,
    entry,
    letters,
    notifier,
    signed,
    tell_due,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NIGHT = AT + 11 * HOUR  # 23:00 in Mexico City
FOLIO = re.compile(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}\b")


@pytest.mark.parametrize("decision", ["allow_notify", "step_up", "hold"])
def test_a_member_is_told_of_a_registration_that_calls_for_it(
    own: Connection, decision: str
) -> None:
    accepted(own)
    consider(own, case(decision=decision))

    [letter] = letters(own)
    assert "To: dani@congreso.example" in letter
    assert FOLIO.search(letter)


def test_a_notice_says_nothing_about_the_person_or_the_line(own: Connection) -> None:
    accepted(own)
    consider(own, case(carrier="carrier-x", state="state-y", last_two=87))

    [letter] = letters(own)
    body = letter.partition("\r\n\r\n")[2]
    assert not re.search("carrier-x|state-y|87|dani", body)


@pytest.mark.parametrize(("every", "told"), [(False, 0), (True, 1)])
def test_a_quiet_registration_is_told_only_to_who_wants_every_one(
    own: Connection, every: bool, told: int
) -> None:
    accepted(own, every=every)
    consider(own, case(decision="allow"))

    assert len(letters(own)) == told


def test_who_is_not_enrolled_or_has_not_accepted_is_not_told(own: Connection) -> None:
    signed(own, entry())

    assert consider(own, case(), case(person=b"nobody")) == 0
    assert letters(own) == []


@pytest.mark.parametrize("place", ["line", "contact"])
def test_the_number_just_registered_and_the_contact_left_with_it_are_never_told(
    own: Connection, place: str
) -> None:
    accepted(own)
    made = consider(own, case(**{place: b"mark-of-dani"}))

    assert (made, letters(own)) == (1, [])


def test_a_number_that_moved_lately_is_not_told(own: Connection) -> None:
    accepted(own)
    consider(own, case(), unsettled=b"mark-of-dani")

    assert letters(own) == []


def test_a_number_that_moves_while_a_notice_waits_is_not_told(own: Connection) -> None:
    accepted(own)
    consider(own, case(), at=NIGHT)

    tell_due(own, NIGHT + 8 * HOUR, unsettled=b"mark-of-dani")
    assert letters(own) == []
    assert own.rows("SELECT due_at, told_in FROM notices") == [(None, None)]


def test_in_a_digest_a_contact_is_not_told_of_what_it_came_with(own: Connection) -> None:
    accepted(own, delegate="office@congreso.example", delegate_mark=b"mark-of-office")
    consider(own, case(), case(2, contact=b"mark-of-dani"), case(3), at=NIGHT)
    tell_due(own, NIGHT + 8 * HOUR)

    told = {(letter.partition("\n")[0], "registraron 2" in letter) for letter in letters(own)}
    assert told == {
        ("dani@congreso.example", True),
        ("office@congreso.example", True),
        ("office@congreso.example", False),
    }


def test_what_waits_to_be_told_together_does_not_say_when_it_was_registered(
    own: Connection,
) -> None:
    accepted(own)
    at = AT + timedelta(minutes=7, seconds=31, microseconds=5)
    consider(own, *(case(number) for number in range(1, 12)), at=at)

    due = [moment for (moment,) in own.rows("SELECT due_at FROM notices WHERE due_at > 0")]
    assert due
    assert {moment % (15 * coarse.MINUTE) for moment in due} == {0}


def test_a_folio_leads_to_all_that_its_letter_told_of(own: Connection) -> None:
    accepted(own)
    consider(own, case(), case(2), at=NIGHT)
    tell_due(own, NIGHT + 8 * HOUR)
    [letter] = letters(own)
    folio = FOLIO.search(letter)
    assert folio

    assert set(notifier().about(own, DANI, folio[0])) == {UUID(int=1), UUID(int=2)}
    assert notifier().about(own, b"another", folio[0]) == []
    assert notifier().about(own, DANI, "2222-2222-2222") == []


def test_silence_stops_notices_and_keeps_the_folios(own: Connection) -> None:
    accepted(own)
    with own.writing():
        REGISTER.silence(own, DANI)
    made = consider(own, case())

    assert (made, letters(own)) == (1, [])
    with own.writing():
        REGISTER.speak(own, DANI)
    consider(own, case(2))
    assert len(letters(own)) == 1


def test_the_folio_opens_the_detail_for_its_person_only(own: Connection) -> None:
    accepted(own)
    consider(own, case(carrier="alfa", last_two=42))
    found = FOLIO.search(letters(own)[0])
    assert found
    folio = found[0].lower().replace("-", " ")

    opened = notifier().detail(own, DANI, folio)
    assert opened
    assert (opened["carrier"], opened["last_two"]) == ("alfa", 42)
    assert notifier().detail(own, b"another", folio) is None
    assert notifier().detail(own, DANI, "2222-2222-2222") is None


def test_a_burst_is_told_one_by_one_and_then_together(own: Connection) -> None:
    accepted(own)
    for number in range(20):
        consider(own, case(number), at=AT + number * timedelta(seconds=10))
    assert len(letters(own)) == 3
    assert tell_due(own, AT + HOUR) == 0

    assert tell_due(own, AT + 5 * HOUR) == 1
    assert "Se registraron 17" in letters(own)[3]
    assert tell_due(own, AT + 6 * HOUR) == 0


def test_the_night_waits_for_the_morning(own: Connection) -> None:
    accepted(own)
    consider(own, case(), at=NIGHT)
    tell_due(own, NIGHT + 7 * HOUR)
    assert letters(own) == []

    tell_due(own, NIGHT + 8 * HOUR)
    assert len(letters(own)) == 1


@pytest.mark.parametrize(("hour", "waits"), [(21, 0), (22, 9), (23, 8), (0, 7), (6, 1), (7, 0)])
def test_quiet_hours_end_at_seven_on_the_persons_clock(hour: int, waits: int) -> None:
    at = AT.replace(hour=0) + (hour + 6) * HOUR  # Mexico City is six hours behind

    assert Manners().awake(at) - at == waits * HOUR


def test_an_authority_can_ask_for_a_delay_that_ends(own: Connection) -> None:
    accepted(own)
    with own.writing():
        name = BOX.row(DANI).name
        asked = {"authority": "FGR", "reference": "FED/1/2026", "entered_by": "ana"}
        hold(own, name, **asked, until=AT + 2 * DAY, at=AT)
    consider(own, case())
    tell_due(own, AT + DAY)
    assert letters(own) == []

    assert tell_due(own, AT + 2 * DAY) == 1
    assert own.rows("SELECT authority, entered_by FROM notice_holds") == [("FGR", "ana")]


@pytest.mark.parametrize("days", [0, -1, 91])
def test_a_delay_is_never_for_ever(own: Connection, days: int) -> None:
    with pytest.raises(Refused):
        hold(
            own,
            b"row",
            authority="FGR",
            reference="1",
            entered_by="ana",
            until=AT + days * DAY,
            at=AT,
        )


@pytest.mark.parametrize(
    ("alike", "kind"),
    [
        ([set()], texts.SINGLE),
        ([set()] * 9, texts.SCATTERED),
        ([{"a"}, {"b"}, {"c"}], texts.SCATTERED),
        ([{"a", "b"}] * 6 + [set()] * 3, texts.BATCH),
    ],
)
def test_mockery_and_a_resellers_batch_are_told_apart(alike: list[set[str]], kind: str) -> None:
    assert kind_of_burst(alike) == kind


def test_what_waits_and_what_is_told_shows_nobody_in_the_store(own: Connection) -> None:
    accepted(own)
    consider(own, case(), at=NIGHT)
    consider(own, case(2), at=NIGHT + 9 * HOUR)
    tables = ("notices", "outbox", "enrolments", "routes")
    held = b"".join(
        bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
        for table in tables
        for row in own.rows(f"SELECT * FROM {table}")
        for value in row
    )

    assert b"congreso" not in held
    assert DANI not in held
