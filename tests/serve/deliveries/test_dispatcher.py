import json
import time
from collections.abc import Callable

import pytest

from serve.deliveries import cloudevents, queue, subscriptions
from serve.deliveries.queue import Pace
from serve.store.database import Connection
from tests.serve.deliveries.post import HURRY, assessment, dispatching, now, subscribed, tell
from tests.serve.deliveries.receiver import Receiver, until

SHORT_LIVED = Pace(first=0.05, factor=1.0, longest=0.05, lifetime=0.2, lease=1.0)


def told(own: Connection, receiver: Receiver, count: int, **changes: object) -> None:
    subscribed(own, receiver.url, at=now(), **changes)
    tell(own, *(assessment(number) for number in range(count)), at=now())


def every(period: int, manner: str) -> Callable[[int], str]:
    return lambda number: manner if number % period == 0 else "take"


def test_every_event_arrives_with_headers_that_name_and_sign_it(
    own: Connection, store_url: str, receiver: Receiver
) -> None:
    told(own, receiver, 5, token="its-token")
    with dispatching(store_url):
        assert receiver.seen(6)

    post = receiver.taken[0]
    assert post.headers["content-type"] == "application/cloudevents+json"
    assert post.headers["authorization"] == "Bearer its-token"
    assert post.headers["webhook-signature"].startswith("v1,")
    assert {p.name for p in receiver.taken} == {p.event["id"] for p in receiver.taken}
    assert until(lambda: queue.waiting(own) == 0, 2)


@pytest.mark.parametrize("manner", ["fail", "lose", "redirect", "hang"])
def test_a_receiver_that_misbehaves_gets_everything_in_the_end(
    own: Connection, store_url: str, receiver: Receiver, manner: str
) -> None:
    receiver.manner = every(3, manner)
    told(own, receiver, 12)
    with dispatching(store_url):
        assert receiver.seen(13)
        assert until(lambda: queue.waiting(own) == 0, 5)

    assert {post.path for post in receiver.posts} == {"/sink"}


def test_a_copy_after_a_lost_answer_has_the_name_and_the_body_of_the_first(
    own: Connection, store_url: str, receiver: Receiver
) -> None:
    receiver.manner = lambda number: "lose" if number == 1 else "take"
    told(own, receiver, 0)
    with dispatching(store_url):
        assert until(lambda: len(receiver.taken) == 2, 5)

    first, copy = receiver.taken
    assert (first.name, first.body) == (copy.name, copy.body)


def test_only_a_status_in_the_200s_is_success(
    own: Connection, store_url: str, receiver: Receiver
) -> None:
    receiver.manner = lambda _: "redirect"
    told(own, receiver, 0)
    with dispatching(store_url, pace=SHORT_LIVED):
        assert until(lambda: bool(queue.dead_letters(own)), 5)

    assert queue.dead_letters(own)[0].fault == "HTTP 307"


def test_an_endless_answer_is_cut_off(own: Connection, store_url: str, receiver: Receiver) -> None:
    receiver.manner = lambda number: "endless" if number == 1 else "take"
    told(own, receiver, 0)
    with dispatching(store_url):
        assert until(lambda: queue.waiting(own) == 0, 5)


def test_a_dead_receiver_does_not_hold_up_the_others(
    own: Connection, store_url: str, receiver: Receiver
) -> None:
    with Receiver(manner=lambda _: "hang") as dead:
        subscribed(own, dead.url, client="beto", at=now())
        told(own, receiver, 100)
        begun = time.monotonic()
        with dispatching(store_url):
            assert receiver.seen(101)
            took = time.monotonic() - begun

    assert took < 5


def test_several_dispatchers_send_each_event_once(
    own: Connection, store_url: str, receiver: Receiver
) -> None:
    patient = Pace(first=0.05, factor=1.5, longest=0.2, lease=30.0)
    told(own, receiver, 150)
    with dispatching(store_url, pace=patient), dispatching(store_url, pace=patient):
        assert receiver.seen(151)
        assert until(lambda: queue.waiting(own) == 0, 5)

    assert len(receiver.names()) == 151


def test_a_sink_that_became_private_is_never_reached(
    own: Connection, store_url: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serve.deliveries.addresses.Reach.permits", lambda *_: False)
    told(own, receiver, 0)
    with dispatching(store_url, pace=SHORT_LIVED):
        assert until(lambda: bool(queue.dead_letters(own)), 5)

    assert queue.dead_letters(own)[0].fault == "address refused"
    assert receiver.posts == []


def test_the_dispatcher_ends_what_is_over(
    own: Connection, store_url: str, receiver: Receiver
) -> None:
    told(own, receiver, 0, expires_at=now())
    with dispatching(store_url, chores=(subscriptions.end_what_is_over,)):
        assert receiver.seen(2)

    taken = [json.loads(post.body) for post in receiver.taken]
    events = {event["type"]: event for event in taken}
    assert events[cloudevents.ENDED]["data"]["terminationReason"] == "SUBSCRIPTION_EXPIRED"


def test_a_dispatcher_told_to_stop_finishes_what_it_began(
    own: Connection, store_url: str, receiver: Receiver
) -> None:
    told(own, receiver, 30)
    with dispatching(store_url):
        assert receiver.seen(1)
    proven = own.rows("SELECT COUNT(*) FROM deliveries")

    assert proven == [(len(receiver.names()),)]
    assert HURRY.lease >= 1
