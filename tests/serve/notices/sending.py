"""A dispatcher of letters, also as a process that is to be killed."""

from __future__ import annotations

import asyncio
from random import Random

from serve.deliveries.dispatcher import Dispatcher, Limits
from serve.notices.mail import Mail, MailServer
from tests.serve.deliveries.post import HURRY, now
from tests.serve.notices.people import LETTERS, SENDER


def sender(url: str, port: int) -> Dispatcher:
    server = MailServer("127.0.0.1", port, SENDER, security="none")
    return Dispatcher(
        url,
        lambda: {"mail": Mail(server, LETTERS)},
        now=now,
        chance=Random(1),
        pace=HURRY,
        limits=Limits(look_every=0.02, after_fault=0.1),
    )


def send(url: str, port: int) -> None:
    """What the process does until it is killed."""
    asyncio.run(sender(url, port).run(asyncio.Event()))
