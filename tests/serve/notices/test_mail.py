import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

import pytest

from serve.deliveries import queue
from serve.deliveries.dispatcher import Background
from serve.notices.mail import Mail, MailServer, open_mail
from serve.notices.pen import Pen
from serve.notices.texts import notice
from serve.store.database import Connection
from tests.serve.deliveries.post import now
from tests.serve.deliveries.receiver import until
from tests.serve.notices.mailserver import LATER, LOSE, REFUSE, TAKE, Post, post_office
from tests.serve.notices.people import LETTERS, SENDER, accepted, case, consider
from tests.serve.notices.processes import beginning
from tests.serve.notices.sending import send, sender

LETTERS_EACH = 50  # before each kill


@contextmanager
def sending(url: str, port: int) -> Iterator[None]:
    working = Background(sender(url, port))
    working.start()
    try:
        yield
    finally:
        working.stop()


def posted(own: Connection, count: int) -> None:
    with own.writing():
        open_mail(own)
        drafts = [drafted(f"letter-{number}") for number in range(count)]
        queue.enqueue(own, drafts, at=now(), due=now())


def drafted(name: str) -> queue.Draft:
    words = notice("ABCD-2345-WXYZ", language="es")
    pen = Pen(LETTERS, SENDER)
    return pen.draft(name, "dani@congreso.example", words, language="es", at=now())


def claimed(made: queue.Draft) -> queue.Message:
    return queue.Message(
        1, made.message, made.route, "mail", made.kind, b"", made.body, 0, now(), "lease"
    )


def test_a_notice_arrives_as_a_letter(own: Connection, store_url: str) -> None:
    accepted(own)
    consider(own, case())
    with post_office() as post, sending(store_url, post.port):
        assert until(lambda: bool(post.letters), 5)

    [letter] = post.letters
    assert (letter["To"], letter["From"]) == ("dani@congreso.example", SENDER)
    assert letter["Subject"] == "Se registró una línea móvil con su identidad"
    assert "No lo conteste." in letter.get_content()


@pytest.mark.parametrize("manner", [LATER, REFUSE, LOSE])
def test_a_letter_refused_or_lost_comes_again_under_its_name(
    own: Connection, store_url: str, manner: str
) -> None:
    posted(own, 1)
    misbehaving = Post(lambda n: manner if n < 3 else TAKE)
    with post_office(misbehaving) as post, sending(store_url, post.port):
        assert until(lambda: queue.waiting(own) == 0, 5)

    assert set(post.names()) == {"<letter-0@simvigia.example>"}
    assert len({letter.as_bytes() for letter in post.letters}) == 1


def test_a_killed_sender_loses_no_letter(
    own: Connection, store_url: str, kills: int, figure: Callable[[str], None]
) -> None:
    chance, manners, count = Random(5), Random(6), LETTERS_EACH * kills
    posted(own, count)
    with post_office(Post(lambda _: manners.choices([TAKE, LATER, LOSE], [9, 1, 1])[0])) as post:
        for _ in range(kills):
            begun = post.offered
            one = beginning(send).Process(target=send, args=(store_url, post.port))
            one.start()
            until(lambda begun=begun: post.offered > begun, 20)  # type: ignore[misc]
            time.sleep(chance.random() * 0.1)
            one.kill()
            one.join()
        with sending(store_url, post.port):
            assert until(lambda: queue.waiting(own) == 0, 60)

    assert len(set(post.names())) == count
    figure(f"{kills} kills, {count} letters: {len(post.letters) - count} copies, 0 lost")


def test_a_conversation_is_kept_and_one_that_ended_is_begun_anew() -> None:
    def talked(mail: Mail, name: str) -> None:
        letter = drafted(name)
        asyncio.run(mail.send(claimed(letter)))

    with post_office() as post:
        mail = Mail(MailServer("127.0.0.1", post.port, SENDER, security="none"), LETTERS)
        for number in range(5):
            talked(mail, f"letter-{number}")
        assert post.conversations == 1
        port = post.port
    with post_office(Post(port=port)) as again:
        talked(mail, "letter-5")

    assert (len(post.letters), len(again.letters)) == (5, 1)


def test_letters_leave_fast_enough(
    own: Connection, store_url: str, figure: Callable[[str], None]
) -> None:
    with post_office() as post, sending(store_url, post.port):
        posted(own, 200)
        begun = time.monotonic()
        assert until(lambda: len(post.letters) >= 200, 10)
        took = time.monotonic() - begun

    figure(f"200 letters handed over in {took:.2f} s")
    assert took < 5


def test_the_servers_password_does_not_show() -> None:
    assert "secret" not in repr(MailServer("h", 25, SENDER, user="u", password="secret"))
