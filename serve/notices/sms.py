"""Short messages, and anything else, through a gateway: a webhook signed with a secret agreed with it."""

from __future__ import annotations

import json
from dataclasses import replace

from serve.deliveries.queue import Draft, Message, open_route
from serve.deliveries.sealing import Vault
from serve.deliveries.webhook import Target, Webhooks
from serve.notices.texts import VERSION
from serve.store.database import Connection

ROUTE = CHANNEL = "sms"


def open_gateway(own: Connection, url: str, secret: str, *, vault: Vault) -> None:
    """Say where the gateway is, inside `own.writing()`. `secret` is `whsec_` and base64."""
    target = Target(url, secret=secret, media_type="application/json")
    open_route(own, ROUTE, channel=CHANNEL, address=target.sealed(vault, ROUTE))


def open_nowhere(own: Connection) -> None:
    """There is no gateway: short messages wait, and die, in the outbox unless a folder takes them."""
    open_route(own, ROUTE, channel=CHANNEL, address=b"")


def sms_draft(name: str, to: str, text: str, *, language: str, vault: Vault) -> Draft:
    """A short message, sealed, under its name; the gateway reads `to`, `text` and `language`."""
    content = json.dumps({"to": to, "text": text, "language": language}, ensure_ascii=False)
    return Draft(name, ROUTE, f"sms/{VERSION}/{language}", vault.seal(content.encode(), name))


class Sms:
    """The channel of short messages: many at a time, for there is one gateway for all."""

    at_once = 32

    def __init__(self, webhooks: Webhooks, vault: Vault) -> None:
        self._webhooks, self._vault = webhooks, vault

    async def send(self, message: Message) -> str:
        """Hand it to the gateway. Raises NotSent."""
        opened = self._vault.open(message.body, message.message)
        return await self._webhooks.send(replace(message, body=opened))

    async def close(self) -> None:
        """Close idle connections."""
        await self._webhooks.close()
