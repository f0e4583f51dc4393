"""What one record's cryptography costs: deriving its row, sealing and opening, stand-ins, sealed boxes.

python benchmarks/vault.py
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from serve import sealing, vault
from serve.enginekeys import EngineKey
from serve.store.keys import StoreKeys
from serve.store.seals import Seals

TIMES = 5_000


def micros(work: Callable[[], object]) -> float:
    """Per call, the best of three."""
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        for _ in range(TIMES):
            work()
        best = min(best, (time.perf_counter() - start) / TIMES)
    return best * 1e6


def main() -> None:
    """Measure and print."""
    key = EngineKey(1, bytes(range(32)))
    token = bytes(16)
    row = vault.row(key, "identity", token)
    print(
        f"derive a row                {micros(lambda: vault.row(key, 'identity', token)):7.2f} µs"
    )
    for size in vault.SIZES:
        content = bytes(size - vault.LENGTH_BYTES)
        box = row.seal(content)
        sealing_time = micros(lambda c=content: row.seal(c))  # type: ignore[misc]
        opening_time = micros(lambda b=box: row.open(b))  # type: ignore[misc]
        print(f"seal / open {size:>6} bytes    {sealing_time:7.2f} / {opening_time:.2f} µs")
    seals = Seals(StoreKeys.fresh(), add=lambda _: None, header=lambda _: None)
    ids, one = np.arange(256, dtype=np.int64), np.ones(1, np.int64)
    print(f"256 stand-ins               {micros(lambda: seals.prints(ids, ids)):7.2f} µs")
    print(f"1 stand-in                  {micros(lambda: seals.prints(one, one)):7.2f} µs")
    private = X25519PrivateKey.generate()
    public = private.public_key()
    box = sealing.sealed_contact("ana@example.org", public)
    print(
        f"seal a contact              {micros(lambda: sealing.sealed_contact('a@b.mx', public)):7.2f} µs"
    )
    print(f"open a contact              {micros(lambda: sealing.contact_in(box, private)):7.2f} µs")
    sealer = sealing.Sealer.fresh(public, "log")
    event = bytes(200)
    print(f"seal a box of a stream      {micros(lambda: sealer.seal(event, token, 64)):7.2f} µs")


if __name__ == "__main__":
    main()
