"""Many registrations of one identity at one moment: each sees another number of earlier ones."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from serve.answers import Assessment
from serve.desk import QueueDesk
from serve.engine import Question
from serve.reading import Reader
from serve.store.books import Books
from serve.store.database import connect
from tests.builders import curp_of, pseudonymiser
from tests.serve.engine.standing import Standing, question

MANY = 200
EARLIER = "identity_registrations_hour"


def same_moment() -> list[Question]:
    return [question(identity_value=curp_of(12_345)) for _ in range(MANY)]


def assert_each_number_once(standing: Standing, asked: Iterable[Question]) -> None:
    assert sorted(standing.feature(one, EARLIER) for one in asked) == list(range(MANY))
    assert standing.differing() == []


def test_through_one_desk_each_number_is_seen_once(standing: Standing) -> None:
    asked = same_moment()
    reader = Reader(Books(connect(standing.url)), pseudonymiser())
    desk = QueueDesk(standing.engine, reader, health=dict)
    desk.start()

    async def ask(mine: list[Question]) -> list[Assessment]:
        return await asyncio.gather(*(desk.assess(one.event) for one in mine))

    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(lambda n: asyncio.run(ask(asked[n::8])), range(8)))
    desk.stop()

    assert sum(map(len, told)) == MANY
    assert_each_number_once(standing, asked)


def test_through_several_workers_each_number_is_seen_once(store_url: str) -> None:
    asked = same_moment()
    workers = [Standing(store_url) for _ in range(4)]

    def work(n: int) -> int:
        mine, chance, answered = asked[n::4], random.Random(n), 0
        while mine:
            size = chance.randint(1, 9)
            some, mine = mine[:size], mine[size:]
            answered += len(workers[n].answered(*some))
        return answered

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(work, range(4))) == MANY

    assert_each_number_once(workers[0], asked)
    for worker in workers:
        worker.close()
