"""A folder instead of a mail server and a gateway, to try things out: each message is a file.

A message sent twice is the same file, as a mail server's reader would recognise it by its Message-ID.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from serve.deliveries.queue import Message, NotSent
from serve.deliveries.sealing import Vault
from serve.notices.mail import ROUTE as LETTERS


class Mailbox:
    """Puts letters into a folder as `.eml`, short messages as `.json`. Only its owner may read them."""

    at_once = 32

    def __init__(self, folder: Path, vault: Vault) -> None:
        self._folder, self._vault = folder, vault

    async def send(self, message: Message) -> str:
        """Write the file whole or not at all. Raises NotSent."""
        opened = self._vault.open(message.body, message.message)
        try:
            return await asyncio.to_thread(self._put, message, opened)
        except OSError as fault:
            raise NotSent(type(fault).__name__) from None

    async def close(self) -> None:
        """There is nothing open."""

    def _put(self, message: Message, opened: bytes) -> str:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        ending, content = "json", opened
        if message.route == LETTERS:
            ending, content = "eml", opened.partition(b"\n")[2]
        part = self._folder / f".{message.message}.part"
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
        part.replace(self._folder / f"{message.message}.{ending}")
        return "kept"
