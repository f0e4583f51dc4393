"""A real HTTP server that takes webhooks, and can be told to misbehave."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Manner = Callable[[int], str]  # the number of a request: what becomes of it


@dataclass
class Post:
    """What arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def name(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Receiver:
    """Answers 204, or as `manner` says: `fail`, `lose`, `hang`, `redirect`, `later`, `endless`."""

    manner: Manner = lambda _: "take"
    posts: list[Post] = field(default_factory=list)
    taken: list[Post] = field(default_factory=list)

    def __enter__(self) -> Receiver:
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/sink"

    def names(self) -> list[str]:
        """The webhook-ids of what was taken, copies too."""
        return [post.name for post in self.taken]

    def seen(self, count: int, within: float = 10.0) -> bool:
        """Whether so many different messages were taken in time."""
        return until(lambda: len(set(self.names())) >= count, within)

    def treat(self, own: BaseHTTPRequestHandler, body: bytes) -> None:
        post = Post(own.path, {k.lower(): v for k, v in own.headers.items()}, body)
        self.posts.append(post)
        manner = self.manner(len(self.posts))
        if manner in ("take", "lose", "endless"):
            self.taken.append(post)
        getattr(self, f"_{manner}")(own)

    def _take(self, own: BaseHTTPRequestHandler) -> None:
        _answer(own, 204)

    def _fail(self, own: BaseHTTPRequestHandler) -> None:
        _answer(own, 500)

    def _later(self, own: BaseHTTPRequestHandler) -> None:
        _answer(own, 503, ("Retry-After", "120"))

    def _redirect(self, own: BaseHTTPRequestHandler) -> None:
        _answer(own, 307, ("Location", self.url + "/elsewhere"))

    def _lose(self, own: BaseHTTPRequestHandler) -> None:
        own.close_connection = True  # taken, and the answer is lost

    def _hang(self, own: BaseHTTPRequestHandler) -> None:
        self._closing.wait(5)
        own.close_connection = True

    def _endless(self, own: BaseHTTPRequestHandler) -> None:
        own.send_response(200)
        own.end_headers()
        while not self._closing.is_set():
            own.wfile.write(b"x" * 4096)


def until(wanted: Callable[[], bool], within: float) -> bool:
    """Whether it came true in time."""
    end = time.monotonic() + within
    while not wanted() and time.monotonic() < end:
        time.sleep(0.01)
    return wanted()


def _answer(own: BaseHTTPRequestHandler, status: int, *headers: tuple[str, str]) -> None:
    own.send_response(status)
    for name, value in (*headers, ("Content-Length", "0")):
        own.send_header(name, value)
    own.end_headers()


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) < length:  # the sender was killed in the middle
                self.close_connection = True
                return
            try:
                receiver.treat(self, body)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Nothing."""

    return Handler
