"""The part of the service that tells people: the register, the notifier, and the ways that messages leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fastapi import APIRouter

from detector.pseudonym import Pseudonymiser
from serve.api.enrolment import enrolment_router
from serve.deliveries.dispatcher import Channel
from serve.deliveries.sealing import Vault
from serve.deliveries.webhook import Webhooks
from serve.notices import mail, sms
from serve.notices.enrolment import Register
from serve.notices.enrolments import Enrolments
from serve.notices.keys import NoticeKeys
from serve.notices.lockbox import Lockbox
from serve.notices.mailbox import Mailbox
from serve.notices.notifier import Notifier, Unsettled
from serve.notices.outfit import KEY_FILE, Outfit, outfit
from serve.notices.sealed import Contacts
from serve.notices.settled import moved_lately
from serve.notices.watcher import Office, Watcher
from serve.store.database import connect


@dataclass(frozen=True, slots=True)
class Noticing:
    """What notices are made with, for whoever writes to the same people, and who watches the answers.

    Without the private key there is no `watcher`: this process enrols and another one tells.
    """

    box: Lockbox
    register: Register
    notifier: Notifier
    contacts: Contacts
    letters: Vault
    sender: str
    unsettled: Unsettled
    outfit: Outfit
    watcher: Watcher | None

    def router(self, url: str, door: Pseudonymiser, now: Callable[[], datetime]) -> APIRouter:
        """The operations of enrolment, over a connection of their own."""
        return enrolment_router(
            Enrolments(
                connect(url),
                door,
                box=self.box,
                register=self.register,
                notifier=self.notifier,
                institutions=self.outfit.institutions,
                now=now,
            )
        )

    def channels(self, webhooks: Webhooks, vault: Vault) -> dict[str, Channel]:
        """How letters and short messages leave, made in the loop that uses them. `vault` has addresses."""
        own, found = self.outfit, dict[str, Channel]()
        if own.mailbox is not None:
            found |= dict.fromkeys((mail.CHANNEL, sms.CHANNEL), Mailbox(own.mailbox, self.letters))
        if own.mail is not None:
            found[mail.CHANNEL] = mail.Mail(own.mail, self.letters, trust=own.trust)
        if own.gateway:
            found[sms.CHANNEL] = sms.Sms(webhooks, self.letters)
        return found


def noticing(
    url: str,
    environment: Mapping[str, str],
    *,
    now: Callable[[], datetime],
    clock: Callable[[], int],
) -> Noticing | None:
    """Put together over a store, or None where no key file is named. Raises BadInput and KeyMissing."""
    if not environment.get(KEY_FILE):
        return None
    keys, own = NoticeKeys.load(Path(environment[KEY_FILE])), outfit(environment)
    box, contacts, letters = keys.box(), keys.contacts(), keys.vault()
    register, unsettled = Register(box, contacts), moved_lately(clock)
    notifier = Notifier(
        box,
        register,
        letters=letters,
        sender=own.sender,
        unsettled=unsettled,
        manners=own.manners,
    )
    watcher = Watcher(url, Office(register, notifier, now, clock)) if keys.private else None
    return Noticing(box, register, notifier, contacts, letters, own.sender, unsettled, own, watcher)


def open_ways(url: str, own: Outfit, addresses: Vault) -> None:
    """Say in the store which ways there are, and where the gateway is."""
    opened = connect(url)
    try:
        with opened.writing():
            mail.open_mail(opened)
            if own.gateway:
                sms.open_gateway(opened, own.gateway, own.secret, vault=addresses)
            else:
                sms.open_nowhere(opened)
    finally:
        opened.close()
