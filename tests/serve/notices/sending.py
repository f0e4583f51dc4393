"""A dispatcher of letters, also as a process to be killed: `python -m tests.serve.notices.sending URL PORT`."""

from __future__ import annotations

import asyncio
import sys
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


if __name__ == "__main__":
    asyncio.run(sender(sys.argv[1], int(sys.argv[2])).run(asyncio.Event()))
