from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from serve.deliveries import queue
from serve.deliveries.queue import Attempt, Draft, Message, Pace, Retention
from serve.store import coarse
from serve.store.database import Connection, connect
from tests.serve.deliveries.post import AT

PACE = Pace()


def put(own: Connection, *names: str, route: str = "r", due: datetime = AT) -> None:
    with own.writing():
        if not own.rows("SELECT 1 FROM routes WHERE name = ?", [route]):
            queue.open_route(own, route, channel="webhook", address=b"sealed")
        drafts = [Draft(name, route, "kind", name.encode()) for name in names]
        queue.enqueue(own, drafts, at=AT, due=due)


def take(own: Connection, at: datetime = AT, **options: Any) -> list[Message]:
    chosen: dict[str, Any] = {"room": {"r": 8, "s": 8}, "limit": 64, "lease": "one", **options}
    routes = queue.ready(own, at=at)
    with own.writing():
        return queue.claim(own, routes, at=at, pace=PACE, **chosen)


def settle(own: Connection, *attempts: Attempt, at: datetime = AT, pace: Pace = PACE) -> None:
    with own.writing():
        queue.settle(own, attempts, at=at, pace=pace, chance=Random(1))


def after(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def test_a_message_is_claimed_once_however_many_ask(own: Connection, store_url: str) -> None:
    put(own, "a", "b")
    other = connect(store_url)

    assert [m.message for m in take(own)] == ["a", "b"]
    assert take(other, lease="two") == []
    other.close()


def test_what_a_dead_worker_held_is_taken_up_when_its_lease_ends(own: Connection) -> None:
    put(own, "a")
    take(own)

    assert take(own, after(59), lease="two") == []
    assert [m.message for m in take(own, after(61), lease="two")] == ["a"]


def test_a_message_enqueued_twice_under_one_name_is_one(own: Connection) -> None:
    put(own, "a")
    put(own, "a")

    assert queue.waiting(own) == 1


def test_what_was_taken_leaves_a_proof_and_nothing_else(own: Connection) -> None:
    put(own, "a")
    settle(own, Attempt(take(own)[0], answer="HTTP 204"), at=after(1))

    [(name, answer, attempts)] = own.rows("SELECT message, answer, attempts FROM deliveries")
    assert (name, answer, attempts) == ("a", "HTTP 204", 1)
    assert queue.waiting(own) == 0


def test_what_is_kept_of_a_message_says_its_hour_and_while_it_waits_its_minute(
    own: Connection,
) -> None:
    at = AT.replace(minute=17, second=41, microsecond=123_456)
    with own.writing():
        queue.open_route(own, "r", channel="webhook", address=b"sealed")
        drafts = [Draft(name, "r", "kind", b"body") for name in ("sent", "waits")]
        queue.enqueue(own, drafts, at=at, due=at)
    waiting = own.rows("SELECT created_at, due_at FROM outbox")
    settle(own, Attempt(take(own, at)[0], "250"), at=at + timedelta(seconds=2))

    assert {moment % coarse.MINUTE for row in waiting for moment in row} == {0}
    [proof] = own.rows("SELECT created_at, sent_at FROM deliveries")
    assert {moment % coarse.HOUR for moment in proof} == {0}


def test_a_late_success_counts_although_another_took_over(own: Connection) -> None:
    put(own, "a")
    [first] = take(own)
    [second] = take(own, after(61), lease="two")
    settle(own, Attempt(first, answer="HTTP 204"))
    settle(own, Attempt(second, answer="HTTP 204"))

    assert own.rows("SELECT COUNT(*) FROM deliveries") == [(1,)]


def test_a_late_failure_does_not_take_a_message_from_its_new_holder(own: Connection) -> None:
    put(own, "a")
    [first] = take(own)
    take(own, after(61), lease="two")
    settle(own, Attempt(first, fault="timeout"), at=after(62))

    assert own.rows("SELECT lease, attempts FROM outbox") == [("two", 0)]


def test_waits_grow_up_to_a_day_and_differ(own: Connection) -> None:
    waits = [PACE.wait(n, Random(n)) for n in range(1, 12)]

    assert all(later > sooner * 2 for sooner, later in pairwise(waits[:7]))
    assert max(waits) <= 86_400 * 1.25
    assert PACE.wait(3, Random(1)) != PACE.wait(3, Random(2))


def test_a_failed_message_comes_again_after_its_wait(own: Connection) -> None:
    put(own, "a")
    settle(own, Attempt(take(own)[0], fault="HTTP 500"))

    assert take(own, after(3.7)) == []
    assert [m.attempts for m in take(own, after(6.3))] == [1]


def test_a_receiver_may_ask_for_more_time(own: Connection) -> None:
    put(own, "a")
    settle(own, Attempt(take(own)[0], fault="HTTP 503", retry_after=600))

    assert take(own, after(599)) == []
    assert len(take(own, after(601))) == 1


def test_a_route_that_fails_three_times_rests_and_is_then_tried_with_one(own: Connection) -> None:
    put(own, *(f"m{i}" for i in range(10)))
    for _ in range(3):
        settle(own, Attempt(take(own, limit=1)[0], fault="timeout"))

    assert take(own, after(4)) == []
    assert len(take(own, after(6))) == 1


def test_a_route_that_works_again_is_used_in_full(own: Connection) -> None:
    put(own, *(f"m{i}" for i in range(10)))
    for _ in range(3):
        settle(own, Attempt(take(own, limit=1)[0], fault="timeout"))
    settle(own, Attempt(take(own, after(6))[0], answer="HTTP 204"), at=after(6))

    assert len(take(own, after(7))) > 1


def test_one_busy_route_leaves_room_for_the_others(own: Connection) -> None:
    put(own, *(f"m{i}" for i in range(100)))
    put(own, "quiet", route="s")

    assert "quiet" in [m.message for m in take(own, limit=8)]


def test_what_nobody_takes_for_days_becomes_a_dead_letter(own: Connection) -> None:
    put(own, "a")
    settle(own, Attempt(take(own)[0], fault="HTTP 500"), at=after(PACE.lifetime))

    [letter] = queue.dead_letters(own)
    assert (letter.message, letter.fault, letter.attempts) == ("a", "HTTP 500", 1)
    assert take(own, after(PACE.lifetime * 2)) == []


def test_a_message_that_waited_behind_a_resting_route_dies_of_age_too(own: Connection) -> None:
    put(own, "a")
    queue.prune(own, at=after(PACE.lifetime + 1), pace=PACE, retention=Retention())

    assert [letter.fault for letter in queue.dead_letters(own)] == ["too old"]


def test_a_dead_letter_can_be_revived_under_its_name(own: Connection) -> None:
    put(own, "a")
    settle(own, Attempt(take(own)[0], fault="HTTP 500"), at=after(PACE.lifetime))
    with own.writing():
        assert queue.revive(own, "a", at=after(PACE.lifetime + 60))
        assert not queue.revive(own, "b", at=after(PACE.lifetime + 60))

    assert [m.message for m in take(own, after(PACE.lifetime + 61))] == ["a"]


@pytest.mark.parametrize(("days", "kept"), [(364, 1), (366, 0)])
def test_proof_is_kept_for_a_year(own: Connection, days: int, kept: int) -> None:
    put(own, "a")
    settle(own, Attempt(take(own)[0], answer="HTTP 204"))
    queue.prune(own, at=AT + timedelta(days=days), pace=PACE, retention=Retention())

    assert own.rows("SELECT COUNT(*) FROM deliveries") == [(kept,)]


def test_a_message_of_the_future_is_not_due(own: Connection) -> None:
    put(own, "a", due=after(3600))

    assert take(own, after(3599)) == []
    assert len(take(own, after(3601))) == 1
