"""Killed with no warning between commit, sending and acknowledgement: none lost, copies recognisable.

`SIMVIGIA_EXAMPLES=200 pytest tests/serve/notices/test_kills.py` tries it two hundred times.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

from serve.deliveries import queue
from tests.serve.deliveries.receiver import until
from tests.serve.engine.standing import question
from tests.serve.notices.living import DANI, KEYS, NOON, Living, enrol
from tests.serve.notices.mailserver import LATER, LOSE, TAKE, Post, post_office
from tests.serve.notices.processes import beginning
from tests.serve.notices.telling import tell, telling

EACH = 10  # registrations before each kill


def offered(post: Post, before: int) -> bool:
    return post.offered > before


def done(living: Living) -> bool:
    own = living.books.own
    return not own.rows("SELECT 1 FROM answered") and queue.waiting(own) == 0


def test_a_notifier_killed_anywhere_loses_nothing_and_copies_keep_their_name(
    store_url: str, tmp_path: Path, kills: int, figure: Callable[[str], None]
) -> None:
    living, chance, manners = Living(store_url), Random(11), Random(12)
    KEYS.save(tmp_path / "notices.key")
    enrol(living.books.own, KEYS, every=True)
    post = Post(lambda _: manners.choices([TAKE, LATER, LOSE], [8, 1, 1])[0])
    with post_office(post):
        processes = beginning(tell)
        for _ in range(kills):
            for _ in range(EACH):
                living.answered(question(NOON, identity_value=DANI), at=NOON)
            before = post.offered
            one = processes.Process(
                target=tell, args=(store_url, post.port, tmp_path / "notices.key")
            )
            one.start()
            assert until(partial(offered, post, before), 60)
            time.sleep(chance.random() * 0.1)
            one.kill()
            one.join()
        with telling(store_url, post.port, KEYS):
            assert until(partial(done, living), 60)
    living.close()

    contents = {(str(one["Message-ID"]), one.as_bytes()) for one in post.letters}
    assert len(set(post.names())) == len(contents) == kills * EACH
    copies = len(post.letters) - kills * EACH
    figure(f"{kills} kills of the notifier, {kills * EACH} notices: {copies} copies, 0 lost")
