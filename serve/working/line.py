"""Questions and answers over a Unix socket between the process that answers carriers and its worker.

A frame is four bytes of length, one of kind, and content. An answer's kind is OK, or which fault it is.
"""

from __future__ import annotations

import contextlib
import json
import select
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog

from serve.answers import Refused, Unavailable, Unknown

STAND, EVENT, OUTCOME = range(3)  # kinds of questions
OK, UNKNOWN, REFUSED, UNAVAILABLE = range(4)  # kinds of answers
LARGEST = 1 << 30
PAUSE = 1.0  # seconds without asking after a worker did not answer: nobody waits for it twice
Handler = Callable[[bytes], bytes]


class Line:
    """The asking end. Any thread may ask; each question has a connection to itself."""

    def __init__(self, path: Path, *, timeout: float) -> None:
        self._path, self._timeout = str(path), timeout
        self._idle: list[socket.socket] = []
        self._lock = threading.Lock()
        self._silent_until = 0.0

    def reachable(self) -> bool:
        """Whether the worker listens, and answered when it was last asked."""
        if time.monotonic() < self._silent_until:
            return False
        try:
            own = self._connection()
        except OSError:
            return False
        with self._lock:
            self._idle.append(own)
        return True

    def close(self) -> None:
        """Give idle connections back."""
        with self._lock:
            while self._idle:
                self._idle.pop().close()

    def ask(self, kind: int, content: bytes) -> bytes:
        """The worker's answer. Raises Unavailable where there is none in time, Unknown and Refused."""
        if time.monotonic() < self._silent_until:
            raise Unavailable
        try:
            own = self._connection()
            try:
                own.sendall(_framed(kind, content))
                answer, told = _read(own)
            except BaseException:
                own.close()
                raise
        except OSError:
            self._silent_until = time.monotonic() + PAUSE
            raise Unavailable from None
        with self._lock:
            self._idle.append(own)
        if answer != OK:
            raise _fault(answer, told)
        return told

    def _connection(self) -> socket.socket:
        with self._lock:
            while self._idle:
                own = self._idle.pop()
                if _open(own):
                    return own
                own.close()
        own = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        own.settimeout(self._timeout)
        try:
            own.connect(self._path)
        except OSError:
            own.close()
            raise
        return own


class Answering:
    """The answering end: a thread per connection. `start` before use and `stop` after it."""

    def __init__(self, path: Path, handlers: Mapping[int, Handler]) -> None:
        path.unlink(missing_ok=True)
        self._server = _Server(str(path), _handler(handlers))
        path.chmod(0o666)  # whoever may enter the folder may ask
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            name="line",
            kwargs={"poll_interval": 0.1},
            daemon=True,
        )

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """End, whoever is still connected."""
        self._server.shutdown()
        self._server.server_close()
        self._server.hang_up()
        self._thread.join()


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, path: str, handler: type[socketserver.BaseRequestHandler]) -> None:
        super().__init__(path, handler)
        self.connected: set[socket.socket] = set()

    def hang_up(self) -> None:
        for own in tuple(self.connected):
            with contextlib.suppress(OSError):  # it has gone by itself
                own.shutdown(socket.SHUT_RDWR)


def _handler(handlers: Mapping[int, Handler]) -> type[socketserver.BaseRequestHandler]:
    class Connection(socketserver.BaseRequestHandler):
        server: _Server

        def handle(self) -> None:
            self.server.connected.add(self.request)
            with contextlib.suppress(OSError):  # whoever asked has gone
                while True:
                    kind, content = _read(self.request)
                    self.request.sendall(_framed(*_answer(handlers, kind, content)))

        def finish(self) -> None:
            self.server.connected.discard(self.request)

    return Connection


def _answer(handlers: Mapping[int, Handler], kind: int, content: bytes) -> tuple[int, bytes]:
    try:
        return OK, handlers[kind](content)
    except Unknown:
        return UNKNOWN, b""
    except Refused as fault:
        return REFUSED, json.dumps([fault.field, fault.reason]).encode()
    except Exception as fault:  # noqa: BLE001 - whatever it is, whoever asked must hear of it
        if not isinstance(fault, Unavailable):
            structlog.get_logger("worker").error("worker.fault", fault=type(fault).__name__)
        return UNAVAILABLE, b""


def _fault(kind: int, told: bytes) -> Exception:
    if kind == UNKNOWN:
        return Unknown()
    return Refused(*json.loads(told)) if kind == REFUSED else Unavailable()


def _framed(kind: int, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + bytes([kind]) + content


def _read(own: socket.socket) -> tuple[int, bytes]:
    head = _exactly(own, 5)
    size = int.from_bytes(head[:4], "big")
    if size > LARGEST:
        raise ConnectionError
    return head[4], _exactly(own, size)


def _exactly(own: socket.socket, size: int) -> bytes:
    held = bytearray()
    while len(held) < size:
        part = own.recv(min(size - len(held), 1 << 20))
        if not part:
            raise ConnectionError
        held += part
    return bytes(held)


def _open(own: socket.socket) -> bool:
    """Whether the other end of an idle connection is still there: it has nothing to say unless it ends."""
    readable, _, _ = select.select([own], [], [], 0)
    return not readable
