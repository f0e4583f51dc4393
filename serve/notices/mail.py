"""E-mail over SMTP, from the outbox: the Message-ID stays the same over all attempts."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from time import monotonic

from serve.deliveries.queue import Draft, Message, NotSent, open_route
from serve.deliveries.sealing import Vault
from serve.notices.texts import VERSION, Letter
from serve.store.database import Connection

ROUTE = CHANNEL = "mail"
DEADLINE = 10.0  # seconds, for each step of a conversation
CONVERSATIONS, MOST_LETTERS, IDLE = (
    8,
    100,
    15.0,
)  # side by side; letters in one; seconds without any


@dataclass(frozen=True, slots=True)
class MailServer:
    """Any provider's. `security` is `starttls`, `tls`, or `none` on one's own machine."""

    host: str
    port: int
    sender: str
    security: str = "starttls"
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"MailServer({self.host!r}, {self.port!r})"


def mail_draft(
    name: str, to: str, letter: Letter, *, sender: str, language: str, at: datetime, vault: Vault
) -> Draft:
    """A letter as it will be sent, whole and sealed, under its name."""
    mail = EmailMessage(policy=SMTP)
    mail["Message-ID"] = f"<{name}@{sender.rpartition('@')[2]}>"
    mail["Date"] = format_datetime(at)
    mail["From"], mail["To"], mail["Subject"] = sender, to, letter.subject
    mail["Auto-Submitted"] = "auto-generated"
    mail["Content-Language"] = language
    mail.set_content(letter.text)
    kind = f"mail/{VERSION}/{language}"
    content = to.encode() + b"\n" + mail.as_bytes()
    return Draft(name, ROUTE, kind, vault.seal(content, name))


def open_mail(own: Connection) -> None:
    """Let letters leave, inside `own.writing()`. Where to is a setting of whoever sends them."""
    open_route(own, ROUTE, channel=CHANNEL, address=b"")


class Mail:
    """The channel of letters: a few conversations side by side, each kept open while there are letters."""

    at_once = 32

    def __init__(
        self, server: MailServer, vault: Vault, *, trust: ssl.SSLContext | None = None
    ) -> None:
        self._server, self._vault = server, vault
        self._trust = trust or ssl.create_default_context()
        self._threads = ThreadPoolExecutor(CONVERSATIONS, thread_name_prefix="mail")
        self._idle: deque[Conversation] = deque()

    async def send(self, message: Message) -> str:
        """Hand it to the mail server. Raises NotSent."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._hand_over, message)

    async def close(self) -> None:
        """Close idle conversations."""
        self._threads.shutdown()
        while self._idle:
            self._idle.pop().end()

    def _hand_over(self, message: Message) -> str:
        to, _, content = self._vault.open(message.body, message.message).partition(b"\n")
        try:
            with self._conversation() as talk:
                return talk.hand_over(self._server.sender, to.decode(), content)
        except smtplib.SMTPRecipientsRefused as fault:
            codes = [code for code, _ in fault.recipients.values()]
            raise NotSent(f"SMTP {codes[0]}") from None
        except smtplib.SMTPResponseException as fault:
            raise NotSent(f"SMTP {fault.smtp_code}") from None
        except (smtplib.SMTPException, OSError) as fault:
            raise NotSent(type(fault).__name__) from None

    @contextmanager
    def _conversation(self) -> Iterator[Conversation]:
        """One that still listens, or a new one; kept for the next letter unless it went wrong."""
        talk = self._idle_one() or Conversation(self._connected())
        try:
            yield talk
        except BaseException:
            talk.end()
            raise
        if talk.letters < MOST_LETTERS:
            self._idle.append(talk)
        else:
            talk.end()

    def _idle_one(self) -> Conversation | None:
        while True:
            try:
                talk = self._idle.pop()
            except IndexError:
                return None
            if talk.listens():
                return talk
            talk.end()

    def _connected(self) -> smtplib.SMTP:
        own = self._server
        ours = own.sender.rpartition("@")[2]  # else DNS is asked each time
        if own.security == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                own.host, own.port, ours, timeout=DEADLINE, context=self._trust
            )
        else:
            smtp = smtplib.SMTP(own.host, own.port, ours, timeout=DEADLINE)
        try:
            if own.security == "starttls":
                smtp.starttls(context=self._trust)
            if own.user:
                smtp.login(own.user, own.password)
        except BaseException:
            with suppress(OSError):
                smtp.close()
            raise
        return smtp


class Conversation:
    """An open connection to the mail server and how many letters it has taken."""

    def __init__(self, smtp: smtplib.SMTP) -> None:
        self._smtp, self.letters, self._last = smtp, 0, monotonic()

    def listens(self) -> bool:
        """Whether the server is still there: asked before a letter, because afterwards it would be too late."""
        if monotonic() - self._last > IDLE:
            return False
        try:
            return self._smtp.noop()[0] == 250
        except (smtplib.SMTPException, OSError):
            return False

    def hand_over(self, sender: str, to: str, content: bytes) -> str:
        """One letter. Raises smtplib's faults."""
        refused = self._smtp.sendmail(sender, [to], content)
        self.letters, self._last = self.letters + 1, monotonic()
        return "SMTP 250" if not refused else "SMTP partly"

    def end(self) -> None:
        """Say goodbye, as far as anybody listens."""
        with suppress(smtplib.SMTPException, OSError):
            self._smtp.quit()
        with suppress(OSError):
            self._smtp.close()
