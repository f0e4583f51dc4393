"""A token of the custodian's new key leads to the one under which its value was first met."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from detector.intake import tokenise
from detector.pseudonym import Key, Pseudonymiser
from serve.answers import Assessment, LineEvent
from serve.engine import Question
from serve.forwarding import COLUMNS, Forwarding
from serve.store.database import connect
from tests import builders
from tests.builders import curp_of, registration
from tests.serve.engine.standing import START, Standing, later
from tests.serve.stores import postgres, store_url

__all__ = ["postgres", "store_url"]
FIRST, SECOND, THIRD = (Pseudonymiser(Key(bytes([n] * 32))) for n in range(3))
ROW = registration()


def sent(under: Pseudonymiser, before: Pseudonymiser | None = None, **changes: object) -> Question:
    """A registration with tokens of one key, and of the one before."""

    def blind(door: Pseudonymiser) -> dict[str, object]:
        made = tokenise(builders.table([ROW | changes]), door).to_pylist()[0]
        return {name: value for name, value in made.items() if value is not None}

    event = blind(under)
    if before is not None:
        old = blind(before)
        event["previous"] = {name: old[name] for name in COLUMNS if name in old}
    return Question(event)


@pytest.fixture
def forwarding(store_url: str) -> Iterator[Forwarding]:
    own = connect(store_url)
    yield Forwarding(own, bytes(32))
    own.close()


def test_without_a_rotation_nothing_is_changed_or_kept(forwarding: Forwarding) -> None:
    asked = [sent(FIRST)]

    assert forwarding.lead(asked) == asked
    assert forwarding._own.rows("SELECT * FROM forwards") == []


def test_with_both_tokens_and_afterwards_with_the_new_one_it_is_the_first(
    forwarding: Forwarding,
) -> None:
    first = sent(FIRST)

    both, alone = (forwarding.lead([sent(SECOND, FIRST)]), forwarding.lead([sent(SECOND)]))

    assert both == [first]
    assert alone == [first]


def test_after_two_rotations_it_is_still_the_first(forwarding: Forwarding) -> None:
    forwarding.lead([sent(SECOND, FIRST)])
    forwarding.lead([sent(THIRD, SECOND)])

    assert forwarding.lead([sent(THIRD)]) == [sent(FIRST)]


def test_who_was_never_sent_with_both_is_a_stranger(forwarding: Forwarding) -> None:
    forwarding.lead([sent(SECOND, FIRST)])
    stranger = sent(SECOND, identity_value=curp_of(77))

    (led,) = forwarding.lead([stranger])

    assert led.event["identity_value"] == stranger.event["identity_value"]  # type: ignore[union-attr]


def test_the_handset_of_a_line_event_is_led_too(forwarding: Forwarding) -> None:
    forwarding.lead([sent(SECOND, FIRST)])
    event = LineEvent("c", "r", START, "attach", imei=str(sent(SECOND).event["imei"]))

    assert forwarding.lead([event]) == [replace(event, imei=str(sent(FIRST).event["imei"]))]


def test_neither_token_is_in_the_table_and_another_key_finds_nothing(
    forwarding: Forwarding,
) -> None:
    forwarding.lead([sent(SECOND, FIRST)])

    held = b"".join(bytes(x) for row in forwarding._own.rows("SELECT * FROM forwards") for x in row)
    for door in (FIRST, SECOND):
        for column in COLUMNS:
            assert str(sent(door).event[column]).encode() not in held
    other = Forwarding(forwarding._own, bytes([1] * 32))
    assert other.lead([sent(SECOND)]) == [sent(SECOND)]


def test_a_rotation_changes_no_score(store_url: str) -> None:
    standing = Standing(store_url)
    forwarding = Forwarding(connect(store_url), bytes(32))

    def asked(n: int, under: Pseudonymiser, before: Pseudonymiser | None = None) -> Question:
        at = later(hours=n).isoformat()
        told = sent(under, before, registration_id=f"r{n}", registered_at=at)
        (led,) = forwarding.lead([told])
        found = standing.take(led, at=later(hours=n))
        assert isinstance(found[0], Assessment)
        assert isinstance(led, Question)
        return led

    asked(0, FIRST)
    asked(1, SECOND, FIRST)
    last = asked(2, SECOND)

    assert standing.feature(last, "identity_registrations_day") == 2
    assert standing.differing() == []
    standing.close()
