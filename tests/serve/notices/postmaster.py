"""A real SMTP server for tests, that can misbehave: `take`, `later`, `refuse`, `lose`."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Self, cast

REFUSALS = {"later": b"451 try later", "refuse": b"550 no"}


@dataclass
class Postmaster:
    """Takes letters as its `manner` says, by the number of the letter."""

    manner: Callable[[int], str] = lambda _: "take"
    offered: int = 0
    letters: list[EmailMessage] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _conversation(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def names(self) -> list[str]:
        return [str(letter["Message-ID"]) for letter in self.letters]

    def offer(self, content: bytes) -> str:
        self.offered += 1
        manner = self.manner(self.offered)
        if manner in ("take", "lose"):
            letter = message_from_bytes(content, policy=policy.default)
            self.letters.append(cast(EmailMessage, letter))
        return manner


def _conversation(postmaster: Postmaster) -> type[socketserver.StreamRequestHandler]:
    class Conversation(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say(b"220 test")
            while line := self.rfile.readline():
                verb = line.strip().upper()
                if verb.startswith(b"QUIT"):
                    return self._say(b"221 bye")
                if verb == b"DATA":
                    if not self._take():
                        return None
                else:
                    self._say(b"250 ok")
            return None

        def _take(self) -> bool:
            self._say(b"354 go on")
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(re.sub(rb"^\.\.", b".", line))
            if not line:
                return False  # the sender was killed in the middle
            manner = postmaster.offer(b"".join(lines))
            if manner != "lose":
                self._say(REFUSALS.get(manner, b"250 ok"))
            return manner != "lose"

        def _say(self, answer: bytes) -> None:
            self.wfile.write(answer + b"\r\n")

    return Conversation
