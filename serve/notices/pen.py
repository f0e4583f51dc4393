"""Writes to a contact: a letter to an address, a short message to a number, sealed for the outbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from serve.deliveries.queue import Draft
from serve.deliveries.sealing import Vault
from serve.notices.mail import mail_draft
from serve.notices.sms import sms_draft
from serve.notices.texts import Words


@dataclass(frozen=True, slots=True)
class Pen:
    """`letters` closes what waits to be sent, `sender` is who it is from."""

    letters: Vault
    sender: str

    def draft(self, name: str, to: str, words: Words, *, language: str, at: datetime) -> Draft:
        """A message under its name, as its contact can take it."""
        if "@" not in to:
            return sms_draft(name, to, words.short, language=language, vault=self.letters)
        return mail_draft(
            name,
            to,
            words.letter,
            sender=self.sender,
            language=language,
            at=at,
            vault=self.letters,
        )
