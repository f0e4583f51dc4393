"""Processes killed between claim, send and acknowledgement: nothing lost, every copy recognisable."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from random import Random

from serve.deliveries import queue
from serve.store.database import Connection
from tests.serve.deliveries.post import assessment, dispatching, now, subscribed, tell
from tests.serve.deliveries.receiver import Receiver, until

KILLS = int(os.environ.get("SIMVIGIA_KILLS", "3"))
EVENTS = 100 * KILLS


def test_a_killed_dispatcher_loses_nothing_and_copies_keep_their_name(
    own: Connection, store_url: str, receiver: Receiver, figure: Callable[[str], None]
) -> None:
    chance = Random(7)
    receiver.manner = lambda _: chance.choices(["take", "fail", "lose"], [90, 5, 5])[0]
    subscribed(own, receiver.url, at=now())
    tell(own, *(assessment(number) for number in range(EVENTS)), at=now())
    for _ in range(KILLS):
        before = len(receiver.posts)
        with subprocess.Popen([sys.executable, "-m", __package__ + ".working", store_url]) as one:
            until(partial(more_than, receiver, before), 20)
            time.sleep(chance.random() * 0.1)
            one.kill()
    with dispatching(store_url):
        assert until(lambda: queue.waiting(own) == 0, 60)

    names, contents = set(receiver.names()), {(p.name, p.body) for p in receiver.taken}
    assert (len(names), len(contents)) == (EVENTS + 1, EVENTS + 1)
    figure(f"{KILLS} kills, {EVENTS + 1} events: {len(receiver.taken) - EVENTS - 1} copies, 0 lost")


def more_than(receiver: Receiver, before: int) -> bool:
    return len(receiver.posts) > before
