"""How many elements a running custodian evaluates per second over HTTP, asked by four clients at once.

    python benchmarks/custodian_http.py --url http://127.0.0.1:8061 --key-id 2026q4 --credential …

The custodian's own budget for this client must be large. Pin both: `taskset -c 0` and `taskset -c 1`.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ThreadPoolExecutor

import httpx

from serve.custodian import group, oprf

CLIENTS, ELEMENTS = 4, 24_576


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--url", "--key-id", "--credential"):
        parser.add_argument(name, required=True)
    told = parser.parse_args()
    elements = [oprf.blinded(bytes(i.to_bytes(2)), group.random_scalar(), 1) for i in range(1_024)]
    headers = {"authorization": f"Bearer {told.credential}"}
    clients = [httpx.Client(base_url=told.url, headers=headers) for _ in range(CLIENTS)]

    for batch in (12, 256, 1_024):
        body, times = b"".join(elements[:batch]), max(4, ELEMENTS // batch // CLIENTS)

        def asked(client: httpx.Client, body: bytes = body, times: int = times) -> None:
            for _ in range(times):
                client.post(f"/v1/keys/{told.key_id}/evaluations", content=body).raise_for_status()

        start = time.perf_counter()
        with ThreadPoolExecutor(CLIENTS) as threads:
            list(threads.map(asked, clients))
        spent = time.perf_counter() - start
        print(
            f"batches of {batch:>5}  {CLIENTS * times * batch / spent:>8,.0f} elements per second"
        )


if __name__ == "__main__":
    main()
