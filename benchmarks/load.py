"""A fast client: keep-alive connections that ask one question after another, raw bytes over asyncio.

    python -m benchmarks.load PORT PATH BODIES [--connections N] [--token TEXT] [--warm N] [--rate N]

BODIES is a file with one JSON body per line; each is asked once. The first `--warm` are not measured. Prints
one line of JSON: answers by status, seconds, the latencies' p50 and p99 in milliseconds, and which model
answered from when to when (Unix seconds). With `--rate` so many are asked a second whatever the answers
take, and a latency counts from when the question was due.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import uvloop

LENGTH = b"content-length: "
MODEL = re.compile(rb'"modelVersion":"([^"]*)"')
Told = tuple[bytes, float, bytes, float]  # status, seconds, model, Unix seconds


async def connection(
    port: int, requests: Iterator[tuple[float, bytes]], told: list[Told], bad: list[bytes]
) -> None:
    """Ask until there is nothing more to ask, each not before it is due."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
    for due, request in requests:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        began = due or time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        at = head.lower().index(LENGTH) + len(LENGTH)
        answer = await reader.readexactly(int(head[at : head.index(b"\r", at)]))
        status = head[9:12]
        model = MODEL.search(answer)
        told.append((status, time.perf_counter() - began, model[1] if model else b"", time.time()))
        if status not in {b"200", b"201"} and not bad:
            bad.append(answer[:200])
    writer.close()


async def asked(
    port: int, requests: list[bytes], connections: int, *, rate: float = 0.0
) -> dict[str, object]:
    """Ask everything; what came of it."""
    told: list[Told] = []
    bad: list[bytes] = []
    began = time.perf_counter()
    waiting = iter([(began + n / rate if rate else 0.0, one) for n, one in enumerate(requests)])
    await asyncio.gather(*(connection(port, waiting, told, bad) for _ in range(connections)))
    spent = time.perf_counter() - began
    times = sorted(one[1] for one in told)
    return {
        "statuses": dict(Counter(one[0].decode() for one in told)),
        "models": models(told),
        "slowest": times[-1] * 1e3,
        "seconds": spent,
        "rate": len(told) / spent,
        "p50": times[len(times) // 2] * 1e3,
        "p99": times[int(len(times) * 0.99)] * 1e3,
        "bad": [text.decode(errors="replace") for text in bad],
    }


def models(told: list[Told]) -> list[tuple[str, int, float, float]]:
    """Which model answered, how many, and when first and last; again when it comes back."""
    runs: list[tuple[str, int, float, float]] = []
    for _, _, model, at in sorted(told, key=lambda one: one[3]):
        name = model.decode()
        if runs and runs[-1][0] == name:
            runs[-1] = (name, runs[-1][1] + 1, runs[-1][2], at)
        else:
            runs.append((name, 1, at, at))
    return runs


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
    parser.add_argument("--rate", type=float, default=0.0)
    given = parser.parse_args()
    requests = [
        request(given.path, body, given.token) for body in given.bodies.read_bytes().splitlines()
    ]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if given.warm:
            runner.run(asked(given.port, requests[: given.warm], given.connections))
        found = runner.run(
            asked(given.port, requests[given.warm :], given.connections, rate=given.rate)
        )
    print(json.dumps(found))


if __name__ == "__main__":
    main()
