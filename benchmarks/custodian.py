"""How many blinded elements one core evaluates per second, and what the client's part costs.

    python benchmarks/custodian.py [--elements N]

`evaluate` is the work of a request; `application` has the ASGI application, the client's budget and the
thread around it, without a socket. Run it on one core: `taskset -c 0 python benchmarks/custodian.py`.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from serve.custodian import app, group, oprf, proofs
from serve.custodian.clients import Budgets, Client, credential_hash
from serve.custodian.keyring import EpochKey, Ring

KEY = EpochKey.fresh("bench")
CREDENTIAL = "bench"


def seconds(work: Callable[[], object]) -> float:
    """The best of three, in processor time: what else the machine does is not counted."""
    times = []
    for _ in range(3):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def told(what: str, count: int, spent: float) -> None:
    """One line."""
    print(f"{what:<34}{count / spent:>10,.0f} per second{spent / count * 1e6:>9.1f} µs each")


async def asked(custodian: app.Custodian, body: bytes, times: int) -> None:
    """The same request over and over."""
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/keys/bench/evaluations",
        "headers": [(b"authorization", b"Bearer " + CREDENTIAL.encode())],
    }
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(message: Any) -> None:
        statuses.append(message.get("status", 200))

    for _ in range(times):
        await custodian(scope, receive, send)
    if set(statuses) != {200}:
        raise SystemExit("the custodian refused its own benchmark")


def _run(custodian: app.Custodian, body: bytes, times: int) -> None:
    asyncio.run(asked(custodian, body, times))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--elements", type=int, default=4_096)
    count = parser.parse_args().elements
    values = [b"AAAA900203HNE" + i.to_bytes(4, "big") for i in range(count)]
    blinds = [group.random_scalar() for _ in values]
    elements = [oprf.blinded(v, b, oprf.VOPRF) for v, b in zip(values, blinds, strict=True)]
    body = b"".join(elements)
    answered = group.elements(app.evaluations(KEY, body))

    told("evaluate", count, seconds(lambda: app.evaluations(KEY, body)))
    client = Client("bench", credential_hash(CREDENTIAL), 1e9, 10**9)
    for batch in (1, 12, 256, 1_024):
        custodian = app.Custodian(Ring((KEY,)), Budgets((client,), time.monotonic))
        part, times = body[: 32 * batch], max(1, count // batch)
        spent = seconds(partial(_run, custodian, part, times))
        told(f"application, batches of {batch}", batch * times, spent)
    told(
        "evaluate again and prove",
        count,
        seconds(lambda: app.proof(KEY, body + b"".join(answered))),
    )
    chance = group.random_scalar()
    proof = proofs.proof(KEY.secret, elements, answered, chance)
    told(
        "client: check a proof",
        count,
        seconds(lambda: proofs.holds(KEY.public, elements, answered, proof)),
    )
    told(
        "client: take the blind off", count, seconds(lambda: oprf.outputs(values, blinds, answered))
    )
    pairs = list(zip(values, blinds, strict=True))
    told(
        "client: blind", count, seconds(lambda: [oprf.blinded(v, b, oprf.VOPRF) for v, b in pairs])
    )


if __name__ == "__main__":
    main()
