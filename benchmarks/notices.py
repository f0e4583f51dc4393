"""From flag to mail server: `python -m benchmarks.notices FOLDER [SECONDS]`, with an empty folder for a store.

An engine answers registrations of one enrolled person at a steady pace over the embedded store, on a
thread of its own; watcher and dispatcher run beside it as in `simvigia serve`. For every notice: seconds
from the engine's commit to the mail server's 250. Then what the answers cost with notices and without, and
the processor's time for both, which holds on a machine that others use too.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Sequence
from multiprocessing import Process, Queue
from pathlib import Path

from serve.answers import Assessment
from serve.deliveries.queue import Pace
from serve.notices.answered import note
from serve.notices.keys import NoticeKeys
from serve.store.database import Connection
from serve.store.keys import StoreKeys
from tests.builders import curp_of
from tests.serve.engine.standing import question
from tests.serve.notices.living import DANI, NOON, Living, enrol
from tests.serve.notices.mailserver import Post, post_office
from tests.serve.notices.telling import telling

PACE, SECONDS = 100, 20
TOGETHER = 5  # answers that share a transaction, as they do in the service at this pace


class Timed(Post):
    """Says when each letter was taken."""

    said: Queue[tuple[str, float]]

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
        """aiosmtpd's name."""
        answer = await super().handle_DATA(server, session, envelope)
        self.said.put((str(self.letters[-1]["Message-ID"]), time.time()))
        return answer


def mail_server(said: Queue[tuple[str, float]]) -> None:
    """A mail server in a process of its own, as it would be on a machine of its own; first its port."""
    post = Timed()
    post.said = said
    with post_office(post):
        said.put(("", float(post.port)))
        threading.Event().wait()


def share(values: Sequence[float], of: float) -> float:
    """The value within which a share lies."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * of), len(ordered) - 1)]


def answered(living: Living, value: str, seconds: int) -> tuple[list[float], list[float]]:
    """Registrations at the pace: when each was committed, and what its answer cost."""
    commits, costs = [], []
    begun = time.perf_counter()
    for number in range(0, PACE * seconds, TOGETHER):
        time.sleep(max(0.0, begun + number / PACE - time.perf_counter()))
        asked = [question(NOON, identity_value=value) for _ in range(TOGETHER)]
        before = time.perf_counter()
        living.answered(*asked, at=NOON)
        costs.append(time.perf_counter() - before)
        commits += [time.time()] * TOGETHER
    return commits, costs


def without(living: Living, seconds: int) -> list[float]:
    """The same with nothing noted and nobody watching."""
    living.engine.changed = None
    return answered(living, curp_of(901), seconds)[1]


def main(folder: Path, seconds: int) -> None:
    """Print the figures."""
    folder.mkdir(parents=True, exist_ok=True)
    StoreKeys.generate(folder)
    url = f"sqlite:///{folder / 'notices.db'}"
    living, keys = Living(url), NoticeKeys.fresh()
    enrol(living.books.own, keys, every=True)
    answered(living, curp_of(900), 1)  # warmed
    living.books.own.run("DELETE FROM answered")
    idle = time.process_time()
    plain = without(living, seconds)
    alone = time.process_time() - idle
    living.engine.changed = noting
    said: Queue[tuple[str, float]] = Queue()
    server = Process(target=mail_server, args=(said,), daemon=True)
    server.start()
    with telling(url, int(said.get()[1]), keys, pace=Pace()):
        began = time.process_time()
        commits, costs = answered(living, DANI, seconds)
        letters = [said.get(timeout=120) for _ in commits]
        spent = time.process_time() - began
    server.terminate()
    waits = [
        told - then for then, told in zip(commits, sorted(at for _, at in letters), strict=True)
    ]
    rate = len(commits) / (commits[-1] - commits[0])
    distinct = len({name for name, _ in letters})
    print(f"notices                  {len(commits)} at {rate:.0f} a second, {distinct} letters")
    for name, of in (("p50", 0.5), ("p99", 0.99), ("longest", 1.0)):
        print(f"flag to mail server {name:8s} {share(waits, of):6.2f} s")
    for name, found in (("no notices", plain), ("notices", costs)):
        p50, p99 = share(found, 0.5) * 1e3, share(found, 0.99) * 1e3
        print(f"{TOGETHER} answers with {name:10s} p50 {p50:5.1f} ms  p99 {p99:6.1f} ms")
    for name, used in (("no notices", alone), ("notices", spent)):
        each = used / len(commits)
        print(
            f"processor, {name:10s}     {each * 1e3:6.1f} ms an answer, {each * PACE:.0%} of a core at the pace"
        )


def noting(own: Connection, assessments: Sequence[Assessment]) -> None:
    """What the service adds to an answer's transaction."""
    note(own, assessments)


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path, help="Where its stores go.")
    asked.add_argument("seconds", type=int, nargs="?", default=SECONDS)
    main(**vars(asked.parse_args()))
