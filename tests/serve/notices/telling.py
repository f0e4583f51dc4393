"""Watcher and dispatcher at work, here or in a process of their own that is to be killed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import time
from pathlib import Path
from random import Random

from serve.deliveries.dispatcher import Background, Dispatcher, Limits
from serve.deliveries.queue import Pace
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


def working(
    url: str, port: int, keys: NoticeKeys, *, pace: Pace = HURRY
) -> tuple[Watcher, Background]:
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
        pace=pace,
        limits=Limits(after_fault=0.1),
    )
    office = Office(register, notifier, now, lambda: micros(NOON))
    return Watcher(url, office), Background(dispatcher)


@contextmanager
def telling(url: str, port: int, keys: NoticeKeys, *, pace: Pace = HURRY) -> Iterator[None]:
    """Both at work."""
    watcher, background = working(url, port, keys, pace=pace)
    watcher.start()
    background.start()
    try:
        yield
    finally:
        watcher.stop()
        background.stop()


def tell(url: str, port: int, keys: Path) -> None:
    """What the process does until it is killed."""
    with telling(url, port, NoticeKeys.load(keys)):
        threading.Event().wait()
