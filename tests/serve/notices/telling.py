"""Watcher and dispatcher in a process of their own, to be killed: `python -m tests.serve.notices.telling`
with the store's URL, the port of a mail server, and a file of the notifier's keys."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import time
from pathlib import Path
from random import Random

from serve.deliveries.dispatcher import Background, Dispatcher, Limits
from serve.notices.enrolment import Register
from serve.notices.keys import NoticeKeys
from serve.notices.mail import Mail, MailServer
from serve.notices.manners import Manners
from serve.notices.notifier import Notifier
from serve.notices.settled import moved_lately
from serve.notices.watcher import Office, Watcher
from tests.serve.deliveries.post import HURRY, now
from tests.serve.engine.standing import micros
from tests.serve.notices.living import NOON
from tests.serve.notices.people import SENDER

AT_ANY_TIME = replace(Manners(), quiet_from=time(), quiet_until=time(), singly=1_000_000)


def working(url: str, port: int, keys: NoticeKeys) -> tuple[Watcher, Background]:
    """Who makes notices and who sends them."""
    register, server = (
        Register(keys.box(), keys.contacts()),
        MailServer("127.0.0.1", port, SENDER, security="none"),
    )
    notifier = Notifier(
        keys.box(),
        register,
        letters=keys.vault(),
        sender=SENDER,
        unsettled=moved_lately(lambda: micros(NOON)),
        manners=AT_ANY_TIME,
    )
    dispatcher = Dispatcher(
        url,
        lambda: {"mail": Mail(server, keys.vault())},
        now=now,
        chance=Random(1),
        pace=HURRY,
        limits=Limits(look_every=0.02, after_fault=0.1, per_route=32),
    )
    office = Office(register, notifier, now, lambda: micros(NOON))
    return Watcher(url, office), Background(dispatcher)


@contextmanager
def telling(url: str, port: int, keys: NoticeKeys) -> Iterator[None]:
    """Both at work."""
    watcher, background = working(url, port, keys)
    watcher.start()
    background.start()
    try:
        yield
    finally:
        watcher.stop()
        background.stop()


if __name__ == "__main__":
    with telling(sys.argv[1], int(sys.argv[2]), NoticeKeys.load(Path(sys.argv[3]))):
        threading.Event().wait()
