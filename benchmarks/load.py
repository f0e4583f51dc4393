"""A fast client: keep-alive connections that ask one question after another, raw bytes over asyncio.

    python -m benchmarks.load PORT PATH BODIES [--connections N] [--token TEXT] [--warm N]

BODIES is a file with one JSON body per line; each is asked once. The first `--warm` are not measured. Prints
one line of JSON: answers by status, seconds, and the latencies' p50 and p99 in milliseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import uvloop

LENGTH = b"content-length: "


async def connection(
    port: int, requests: Iterator[bytes], told: list[tuple[bytes, float]], bad: list[bytes]
) -> None:
    """Ask until there is nothing more to ask."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
    for request in requests:
        began = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        at = head.lower().index(LENGTH) + len(LENGTH)
        answer = await reader.readexactly(int(head[at : head.index(b"\r", at)]))
        status = head[9:12]
        told.append((status, time.perf_counter() - began))
        if status not in {b"200", b"201"} and not bad:
            bad.append(answer[:200])
    writer.close()


async def asked(port: int, requests: list[bytes], connections: int) -> dict[str, object]:
    """Ask everything; what came of it."""
    told: list[tuple[bytes, float]] = []
    bad: list[bytes] = []
    waiting = iter(requests)
    began = time.perf_counter()
    await asyncio.gather(*(connection(port, waiting, told, bad) for _ in range(connections)))
    spent = time.perf_counter() - began
    times = sorted(t for _, t in told)
    return {
        "statuses": dict(Counter(status.decode() for status, _ in told)),
        "seconds": spent,
        "rate": len(told) / spent,
        "p50": times[len(times) // 2] * 1e3,
        "p99": times[int(len(times) * 0.99)] * 1e3,
        "bad": [text.decode(errors="replace") for text in bad],
    }


def request(path: str, body: bytes, token: str) -> bytes:
    """The bytes of one request."""
    head = f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    head += f"authorization: Bearer {token}\r\n" if token else ""
    return head.encode() + b"content-length: %d\r\n\r\n%b" % (len(body), body)


def main() -> None:
    """Ask and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("path")
    parser.add_argument("bodies", type=Path)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--token", default="")
    parser.add_argument("--warm", type=int, default=200)
    given = parser.parse_args()
    requests = [
        request(given.path, body, given.token) for body in given.bodies.read_bytes().splitlines()
    ]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(asked(given.port, requests[: given.warm], given.connections))
        found = runner.run(asked(given.port, requests[given.warm :], given.connections))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
