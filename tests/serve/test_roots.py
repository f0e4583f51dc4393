"""An identity that comes with another root than before is told of, and only that."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from serve.engine import Question
from serve.oracle.rules import Rules
from serve.oracle.watch import Watch
from serve.roots import Roots
from serve.store.database import connect
from tests.builders import curp_of
from tests.serve.stores import postgres, store_url
from tests.serve.test_forwarding import FIRST, SECOND, sent

__all__ = ["postgres", "store_url"]
NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def roots(store_url: str) -> Iterator[Roots]:
    own = connect(store_url)
    yield Roots(own, bytes(32))
    own.close()


def bent(of: Question) -> Question:
    """The same, with a root that is not its own."""
    other = sent(FIRST, identity_value=curp_of(77)).event["identity_root"]
    return Question(of.event | {"identity_root": other})


def test_the_same_root_is_nothing_and_another_one_names_who_sent_it(roots: Roots) -> None:
    honest = sent(FIRST)

    assert roots.disagreeing([honest, honest]) == []
    assert roots.disagreeing([honest]) == []
    assert roots.disagreeing([bent(honest)]) == [str(honest.event["carrier_id"])]


def test_two_roots_in_one_batch_disagree(roots: Roots) -> None:
    assert len(roots.disagreeing([sent(FIRST), bent(sent(FIRST))])) == 1


def test_other_people_and_raw_rows_are_not_looked_at(roots: Roots) -> None:
    roots.disagreeing([sent(FIRST)])

    assert roots.disagreeing([sent(SECOND), sent(FIRST, identity_value=curp_of(5))]) == []
    assert roots.disagreeing([Question({"identity_value": "x", "carrier_id": "alfa"})]) == []


def test_neither_token_is_in_what_is_kept(roots: Roots) -> None:
    roots.disagreeing([sent(FIRST)])

    held = b"".join(bytes(x) for row in roots._own.rows("SELECT * FROM roots") for x in row)
    assert held
    for column in ("identity_value", "identity_root"):
        assert str(sent(FIRST).event[column]).encode() not in held


def test_the_operator_is_told_once_a_day_with_the_next_question() -> None:
    watch = Watch(bytes(32), Rules(), now=lambda: NOW)
    event = {"carrier_id": "alfa", "registration_id": "r", "identity_value": "tok1:x"}

    watch.disagreed("alfa")
    watch.disagreed("alfa")
    told, again = watch.asked("client", event), watch.asked("client", event)

    assert [alarm.rule for alarm in told] == ["root"]
    assert again == []
    assert [alarm.rule for alarm in watch.alarms()] == ["root"]
