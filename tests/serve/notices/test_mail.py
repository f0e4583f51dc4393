import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

import pytest

from serve.deliveries import queue
from serve.deliveries.dispatcher import Background
from serve.notices.mail import MailServer, mail_draft, open_mail
from serve.notices.texts import notice
from serve.store.database import Connection
from tests.serve.deliveries.post import now
from tests.serve.deliveries.receiver import until
from tests.serve.notices.people import LETTERS, SENDER, accepted, case, consider
from tests.serve.notices.postmaster import Postmaster
from tests.serve.notices.sending import sender

KILLS = int(os.environ.get("SIMVIGIA_KILLS", "3"))


@contextmanager
def sending(url: str, port: int) -> Iterator[None]:
    working = Background(sender(url, port))
    working.start()
    try:
        yield
    finally:
        working.stop()


def post(own: Connection, count: int) -> None:
    drafts = [
        mail_draft(
            f"letter-{number}",
            "dani@congreso.example",
            notice("ABCD-2345-WXYZ", language="es"),
            sender=SENDER,
            language="es",
            at=now(),
            vault=LETTERS,
        )
        for number in range(count)
    ]
    with own.writing():
        open_mail(own)
        queue.enqueue(own, drafts, at=now(), due=now())


def test_a_notice_arrives_as_a_letter(own: Connection, store_url: str) -> None:
    accepted(own)
    consider(own, case())
    with Postmaster() as postmaster, sending(store_url, postmaster.port):
        assert until(lambda: bool(postmaster.letters), 5)

    [letter] = postmaster.letters
    assert (letter["To"], letter["From"]) == ("dani@congreso.example", SENDER)
    assert letter["Subject"] == "Se registró una línea móvil con su identidad"
    assert "No lo conteste." in letter.get_content()


@pytest.mark.parametrize("manner", ["later", "refuse", "lose"])
def test_a_letter_refused_or_lost_comes_again_under_its_name(
    own: Connection, store_url: str, manner: str
) -> None:
    post(own, 1)
    misbehaving = Postmaster(manner=lambda n: manner if n < 3 else "take")
    with misbehaving as postmaster, sending(store_url, postmaster.port):
        assert until(lambda: queue.waiting(own) == 0, 5)

    assert set(postmaster.names()) == {"<letter-0@simvigia.example>"}
    assert len({letter.as_bytes() for letter in postmaster.letters}) == 1


def test_a_killed_sender_loses_no_letter(
    own: Connection, store_url: str, figure: Callable[[str], None]
) -> None:
    chance, count = Random(5), 50 * KILLS
    post(own, count)
    manners = Random(6)
    with Postmaster(lambda _: manners.choices(["take", "later", "lose"], [9, 1, 1])[0]) as place:
        for _ in range(KILLS):
            call = [sys.executable, "-m", "tests.serve.notices.sending", store_url, str(place.port)]
            begun = place.offered
            with subprocess.Popen(call) as one:
                until(lambda begun=begun: place.offered > begun, 20)  # type: ignore[misc]
                time.sleep(chance.random() * 0.1)
                one.kill()
        with sending(store_url, place.port):
            assert until(lambda: queue.waiting(own) == 0, 60)

    assert len(set(place.names())) == count
    figure(f"{KILLS} kills, {count} letters: {len(place.letters) - count} copies, 0 lost")


def test_letters_leave_fast_enough(
    own: Connection, store_url: str, figure: Callable[[str], None]
) -> None:
    with Postmaster() as postmaster, sending(store_url, postmaster.port):
        post(own, 200)
        begun = time.monotonic()
        assert until(lambda: len(postmaster.letters) >= 200, 10)
        took = time.monotonic() - begun

    figure(f"200 letters handed over in {took:.2f} s")
    assert took < 5


def test_the_servers_password_does_not_show() -> None:
    assert "secret" not in repr(MailServer("h", 25, SENDER, user="u", password="secret"))
