"""E-mail over SMTP, from the outbox: the Message-ID stays the same over all attempts."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from serve.deliveries.queue import Draft, Message, NotSent, open_route
from serve.deliveries.sealing import Vault
from serve.notices.texts import VERSION, Letter
from serve.store.database import Connection

ROUTE = CHANNEL = "mail"
DEADLINE = 20.0  # seconds, for each step of the conversation


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
    """The channel of letters. Every letter has a connection of its own."""

    def __init__(
        self, server: MailServer, vault: Vault, *, trust: ssl.SSLContext | None = None
    ) -> None:
        self._server, self._vault = server, vault
        self._trust = trust or ssl.create_default_context()

    async def send(self, message: Message) -> str:
        """Hand it to the mail server. Raises NotSent."""
        return await asyncio.to_thread(self._hand_over, message)

    async def close(self) -> None:
        """There is nothing open."""

    def _hand_over(self, message: Message) -> str:
        to, _, content = self._vault.open(message.body, message.message).partition(b"\n")
        try:
            with self._connected() as smtp:
                refused = smtp.sendmail(self._server.sender, [to.decode()], content)
        except smtplib.SMTPRecipientsRefused as fault:
            codes = [code for code, _ in fault.recipients.values()]
            raise NotSent(f"SMTP {codes[0]}") from None
        except smtplib.SMTPResponseException as fault:
            raise NotSent(f"SMTP {fault.smtp_code}") from None
        except (smtplib.SMTPException, OSError) as fault:
            raise NotSent(type(fault).__name__) from None
        return "SMTP 250" if not refused else "SMTP partly"

    def _connected(self) -> smtplib.SMTP:
        own, ours = (
            self._server,
            self._server.sender.rpartition("@")[2],
        )  # else DNS is asked each time
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
