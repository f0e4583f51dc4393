import json
from datetime import timedelta

import pytest

from serve.answers import Assessment
from serve.deliveries import cloudevents, subscriptions
from serve.deliveries.outbox import Subscribers
from serve.store.database import Connection
from tests.serve.deliveries.post import AT, assessment, bodies, subscribed, tell, view

SINK = "https://sink.example.org/"


class Breakdown(Exception):
    """Something goes wrong before the commit."""


def tell_and_break(own: Connection, subscribers: Subscribers, *told: Assessment) -> None:
    with own.writing():
        for one in told:
            subscribers.changed(own, [one])
        raise Breakdown


def test_a_changed_assessment_is_told_to_whoever_subscribed_to_its_carrier(own: Connection) -> None:
    mine = subscribed(own, SINK)
    subscribed(own, SINK, client="beto", carriers=frozenset({"beta"}))
    tell(own, assessment(1))

    [told] = [json.loads(body) for body in bodies(own)]
    assert told["data"]["subscriptionId"] == mine.subscription_id
    assert told["data"]["registrationId"] == "F-1"


def test_an_event_is_a_cloudevent_with_every_attribute_camara_asks_for(own: Connection) -> None:
    mine = subscribed(own, SINK)
    tell(own, assessment(1))

    [told] = [json.loads(body) for body in bodies(own)]
    assert told["specversion"] == "1.0"
    assert told["type"] == "org.camaraproject.registration-risk.v0.assessment-changed"
    assert told["source"].endswith(mine.subscription_id)
    assert told["time"] == "2026-03-01T18:00:00.000Z"
    assert told["datacontenttype"] == "application/json"
    assert own.rows("SELECT 1 FROM outbox WHERE message = ?", [told["id"]]) == [(1,)]


def test_nothing_is_told_of_what_was_rolled_back(own: Connection) -> None:
    subscribed(own, SINK)
    with pytest.raises(Breakdown):
        tell_and_break(own, Subscribers(view, now=lambda: AT), assessment(1))

    assert bodies(own) == []


def test_the_same_news_told_twice_is_one_event(own: Connection) -> None:
    subscribed(own, SINK)
    tell(own, assessment(1))
    tell(own, assessment(1))

    assert len(bodies(own)) == 1


@pytest.mark.parametrize("change", [{"stage": "day_1"}, {"decision": "allow"}, {"score": 0.6}])
def test_another_stage_or_another_answer_is_news(
    own: Connection, change: dict[str, object]
) -> None:
    subscribed(own, SINK)
    tell(own, assessment(1), assessment(1, **change))

    assert len(bodies(own)) == 2


def test_nothing_is_written_when_nobody_subscribes(own: Connection) -> None:
    tell(own, assessment(1))

    assert own.rows("SELECT COUNT(*) FROM outbox") == [(0,)]


def test_a_subscription_made_later_is_noticed_and_one_that_ended_too(own: Connection) -> None:
    subscribers = Subscribers(view, now=lambda: AT)
    for number in (1, 2, 3):
        if number == 2:
            made = subscribed(own, SINK)
        if number == 3:
            with own.writing():
                subscriptions.end(own, made, cloudevents.EXPIRED, at=AT)
        with own.writing():
            subscribers.changed(own, [assessment(number)])

    assert [json.loads(body)["data"]["registrationId"] for body in bodies(own)] == ["F-2"]


def test_a_subscription_to_one_assessment_hears_of_no_other(own: Connection) -> None:
    subscribed(own, SINK, assessment_id=assessment(2).assessment_id)
    tell(own, assessment(1), assessment(2), assessment(3))

    assert [json.loads(body)["data"]["registrationId"] for body in bodies(own)] == ["F-2"]


def test_a_subscription_ends_with_its_last_event(own: Connection) -> None:
    mine = subscribed(own, SINK, max_events=2)
    tell(own, *(assessment(number) for number in range(5)))

    assert len(bodies(own)) == 2
    [over] = [json.loads(body) for body in bodies(own, cloudevents.ENDED)]
    assert over["data"]["terminationReason"] == "MAX_EVENTS_REACHED"
    assert subscriptions.find(own, mine.subscription_id, "ana").ended_at == AT


def test_the_list_is_right_again_after_a_rollback(own: Connection) -> None:
    subscribed(own, SINK, max_events=1)
    subscribers = Subscribers(view, now=lambda: AT)
    with pytest.raises(Breakdown):
        tell_and_break(own, subscribers, assessment(1), assessment(2))
    subscribed(own, SINK, client="beto")
    with own.writing():
        subscribers.changed(own, [assessment(3)])

    assert len(bodies(own)) == 2


def test_nothing_is_told_after_the_time_is_over(own: Connection) -> None:
    subscribed(own, SINK, expires_at=AT + timedelta(hours=1))
    tell(own, assessment(1), at=AT + timedelta(hours=1))

    assert bodies(own) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"expires_at": AT + timedelta(hours=1)}, "SUBSCRIPTION_EXPIRED"),
        ({"token": "t", "token_until": AT + timedelta(hours=1)}, "ACCESS_TOKEN_EXPIRED"),
    ],
)
def test_an_ended_subscription_says_why_and_once(
    own: Connection, change: dict[str, object], reason: str
) -> None:
    subscribed(own, SINK, **change)
    for minutes in (30, 59, 60, 61):
        subscriptions.end_what_is_over(own, AT + timedelta(minutes=minutes))

    told = [
        json.loads(body)["data"]["terminationReason"] for body in bodies(own, cloudevents.ENDED)
    ]
    assert told == [reason]


def test_a_subscription_begins_with_the_word_that_it_did(own: Connection) -> None:
    subscribed(own, SINK)

    [told] = [json.loads(body) for body in bodies(own, cloudevents.STARTED)]
    assert told["data"]["initiationReason"] == "SUBSCRIPTION_CREATED"


def test_deleting_takes_back_what_was_not_sent_and_says_goodbye(own: Connection) -> None:
    mine = subscribed(own, SINK)
    tell(own, assessment(1))
    with own.writing():
        subscriptions.delete(own, mine.subscription_id, "ana", at=AT)

    assert bodies(own) == []
    assert b"SUBSCRIPTION_DELETED" in bodies(own, cloudevents.ENDED)[0]


def test_the_token_for_the_sink_does_not_show_in_the_store(own: Connection) -> None:
    subscribed(own, SINK, token="very-secret-token")
    tables = ("subscriptions", "routes", "outbox")
    held = str([own.rows(f"SELECT * FROM {table}") for table in tables])

    assert "very-secret-token" not in held
