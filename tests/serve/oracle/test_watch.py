"""A clerk who asks as nobody does who sells lines is told of, and only told of unless more is wished."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest

from serve.api.oracle import oracle_router
from serve.app import create_app
from serve.deliveries.sealing import Vault
from serve.errors import Fault
from serve.oracle import watch as watching
from serve.oracle.keeping import Writer, load, packed, unpacked
from serve.oracle.rules import Alarm, Rules
from serve.oracle.watch import Watch
from serve.store.database import connect
from serve.witness import Witness
from tests.builders import curp_of, registration
from tests.serve.counter import Caller, FakeDesk, issuer, question, settings

KEY = bytes(range(32))
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at


def watch(clock: Clock | None = None, **rules: Any) -> Watch:
    return Watch(KEY, Rules(**rules), now=clock or Clock())


def asks(at: Watch, **changes: Any) -> list[Alarm]:
    """A clerk asks about a registration."""
    told = {"agent_id": "clerk", "point_of_sale_id": "shop"} | changes
    return at.asked("alfa-client", registration(**told))


def rules_of(alarms: list[Alarm]) -> list[tuple[str, str]]:
    return [(alarm.rule, alarm.role) for alarm in alarms]


def test_a_clerk_over_the_days_budget_is_told_of_once() -> None:
    over = watch(agent=5)
    told = [rules_of(asks(over)) for _ in range(8)]

    assert told == [[]] * 5 + [[("budget", "agent")]] + [[]] * 2


def test_a_shop_and_a_client_have_budgets_of_their_own() -> None:
    over = watch(point_of_sale=3, client=4)
    told = [rules_of(asks(over, agent_id=f"clerk {i}")) for i in range(5)]

    assert told[3:] == [[("budget", "point_of_sale")], [("budget", "client")]]


def test_the_fourth_question_about_one_person_is_told_of() -> None:
    over = watch()
    told = [rules_of(asks(over, identity_value="XEXX010101HNEXXXA4")) for _ in range(5)]

    assert told == [[], [], [], [("repeated", "agent")], []]


def test_the_same_question_again_is_no_other_question() -> None:
    over = watch(agent=1)
    body = registration(agent_id="clerk")
    told = [over.asked("alfa-client", body) for _ in range(9)]

    assert told == [[]] * 9


def test_a_company_that_registers_its_lines_together_is_let_be() -> None:
    over = watch()
    told = [asks(over, identity_value="XYZ010101AAA", channel="bulk") for _ in range(50)]

    assert told == [[]] * 50


def test_another_carriers_questions_about_a_person_do_not_count() -> None:
    over = watch()
    for carrier in "abcdefgh":
        assert asks(over, identity_value="XEXX010101HNEXXXA4", carrier_id=carrier) == []


def test_lines_that_are_asked_about_and_not_taken_are_told_of_within_50_questions() -> None:
    over = watch()
    told: list[tuple[int, str, str]] = []
    for i in range(50):
        asks(over, registration_id=f"probe-{i}")
        told += [(i, a.rule, a.role) for a in over.abandoned("alfa", f"probe-{i}")]

    assert told == [(9, "abandoned", "agent"), (19, "abandoned", "point_of_sale")]


def test_a_shop_that_loses_one_customer_in_ten_is_not_told_of() -> None:
    over, told = watch(), list[Alarm]()
    for i in range(190):
        told += asks(over, registration_id=f"r-{i}")
        if i % 10 == 0:
            told += over.abandoned("alfa", f"r-{i}")

    assert told == []


def test_an_assessment_read_over_and_over_is_told_of() -> None:
    over = watch()
    told = [over.read("alfa-client", "alfa", b"f" * 16) for _ in range(22)]

    assert [rules_of(t) for t in told] == [[]] * 20 + [[("read_again", "client")], []]


def test_another_day_begins_anew() -> None:
    clock = Clock()
    over = watch(clock, agent=1)
    asks(over)
    assert asks(over)
    clock.at += timedelta(days=1)

    assert over.alarms() == []
    assert asks(over) == []


def test_who_was_told_of_is_refused_only_where_that_is_wished() -> None:
    quiet, strict = watch(agent=2), watch(agent=2, refuse=True)
    for _ in range(9):
        asks(quiet)
    for _ in range(3):
        asks(strict)

    with pytest.raises(Fault) as refused:
        asks(strict)
    assert refused.value.status_code == 429
    assert asks(strict, agent_id="another", point_of_sale_id="elsewhere") == []


def test_tables_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MOST_ASKERS", "MOST_SUBJECTS", "MOST_QUESTIONS"):
        monkeypatch.setattr(watching, name, 10)
    over = watch()
    for i in range(100):
        asks(over, agent_id=f"a{i}", point_of_sale_id=f"p{i}")

    held = over.counts
    assert (len(held.askers), len(held.subjects), len(held.questions)) == (10, 10, 10)


def test_counts_read_as_they_were_written() -> None:
    over = watch(agent=1)
    for i in range(5):
        asks(over, agent_id=f"a{i % 2}")

    assert unpacked(packed(over.counts)) == over.counts


def test_a_restart_forgets_nothing_and_the_store_tells_nothing(store_url: str) -> None:
    before, vault, own = watch(agent=3), Vault(bytes(32)), connect(store_url)
    for i in range(3):
        asks(before, registration_id=f"r-{i}")
    Writer(before, vault)(own, NOON)

    after = watch(agent=3)
    load(own, after, vault)
    load(own, after, vault)  # two workers' rows of the same numbers

    assert rules_of(asks(after)) == [("budget", "agent")]
    (content,) = own.rows("SELECT content FROM oracle_state")[0]
    assert [k for k in before.counts.askers if k.hex().encode() in bytes(content)] == []
    own.close()


def test_a_store_of_another_key_begins_anew(store_url: str) -> None:
    before, own = watch(), connect(store_url)
    asks(before)
    Writer(before, Vault(bytes(32)))(own, NOON)
    after = watch()

    load(own, after, Vault(b"x" * 32))

    assert not after.counts.askers
    own.close()


def test_over_http_an_alarm_is_in_log_metric_and_view_and_changes_no_answer() -> None:
    log, over = StringIO(), watch(agent=2)
    app = create_app(
        FakeDesk(),
        settings(),
        development=issuer(),
        log=log,
        routers=(oracle_router(over),),
        witness=Witness(watch=over),
    )

    async def call() -> tuple[list[int], dict[str, Any], str]:
        caller = Caller(app)
        codes = [
            (
                await caller.post(
                    "/assessments", question(agentId="clerk", identityValue=curp_of(i))
                )
            ).status_code
            for i in range(4)
        ]
        view = (await caller.http.get("http://api.test/operator/askers")).json()
        return codes, view, (await caller.http.get("http://api.test/metrics")).text

    codes, view, metrics = asyncio.run(call())

    assert codes == [201] * 4
    assert [(a["rule"], a["asked"]) for a in view["alarms"]] == [("budget", 4)]
    assert view["alarms"][0]["handle"] == over.handle("agent", "alfa", "clerk")
    assert 'simvigia_asker_alarms_total{role="agent",rule="budget"} 1.0' in metrics
    told = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [line["handle"] for line in told if line["event"] == "asker"] == [
        view["alarms"][0]["handle"]
    ]
    assert "clerk" not in log.getvalue()


def test_over_http_each_question_of_a_bulk_is_counted_and_refused_alone() -> None:
    over = watch(agent=2, refuse=True)
    app = create_app(
        FakeDesk(),
        settings(),
        development=issuer(),
        log=StringIO(),
        witness=Witness(watch=over),
    )
    asked = [question(agentId="clerk", identityValue=curp_of(i)) for i in range(4)] + [
        question(agentId="other")
    ]

    answer = asyncio.run(Caller(app).post("/assessments/bulk", {"registrations": asked}))

    assert [item["status"] for item in answer.json()["items"]] == [201, 201, 201, 429, 201]
