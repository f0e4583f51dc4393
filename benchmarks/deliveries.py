"""What the outbox costs: `python benchmarks/deliveries.py sqlite:////tmp/store.db` (or a PostgreSQL URL).

Per call of the engine with nobody and with one client subscribed, and events per second to a receiver on
the same machine.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from random import Random

from serve.api.subscriptions import view
from serve.deliveries import queue
from serve.deliveries.dispatcher import Background, Dispatcher
from serve.deliveries.outbox import Subscribers
from serve.store.database import Connection, connect
from tests.serve.deliveries.post import assessment, channels, now, subscribed
from tests.serve.deliveries.receiver import Receiver, until

CALLS, EVENTS = 2_000, 3_000


def per_call(own: Connection, act: Callable[[int], None]) -> float:
    """Microseconds for one call among many in a transaction."""
    with own.writing():
        begun = time.perf_counter()
        for number in range(CALLS):
            act(number)
        return (time.perf_counter() - begun) / CALLS * 1e6


def main(url: str) -> None:
    """Print the figures."""
    own = connect(url)
    subscribers = Subscribers(view, now=now)
    nobody = per_call(own, lambda n: subscribers.changed(own, [assessment(n)]))
    print(f"changed, nobody subscribed   {nobody:8.1f} us")
    with Receiver() as receiver:
        subscribed(own, receiver.url, at=now())
        one = per_call(own, lambda n: subscribers.changed(own, [assessment(n)]))
        print(f"changed, one subscribed      {one:8.1f} us")
        with own.writing():
            subscribers.changed(own, [assessment(CALLS + n) for n in range(EVENTS - CALLS)])
        working = Background(Dispatcher(url, lambda: channels(5.0), now=now, chance=Random(1)))
        begun = time.perf_counter()
        working.start()
        assert until(lambda: queue.waiting(own) == 0, 60)
        took = time.perf_counter() - begun
        working.stop()
    print(f"sent to one receiver         {EVENTS / took:8.0f} events/s")


if __name__ == "__main__":
    main(sys.argv[1])
