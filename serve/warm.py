"""Everything once on a store in memory, so that the first carrier does not wait for compilers and caches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from detector.pseudonym import Pseudonymiser
from serve.answers import LineEvent, Outcome
from serve.engine import Engine, Question
from serve.judge import Judge
from serve.store.books import Books
from serve.store.database import Sqlite, migrate, unlock
from serve.store.keys import StoreKeys

CARRIER = "rehearsal"
START = datetime(2026, 1, 1, tzinfo=UTC)


def warm(door: Pseudonymiser, judge: Judge) -> None:
    """Assess a few made-up registrations at every stage and forget them."""
    store = Sqlite(Path(":memory:"))
    migrate(store)
    unlock(store, StoreKeys.fresh())
    week = START + timedelta(days=8)
    engine = Engine(
        Books(store),
        pseudonymiser=door,
        body_key=bytes(32),
        judge=judge,
        clock=lambda: int(week.timestamp() * 1e6),
    )
    engine.take([Question(_event(door, n, START + timedelta(minutes=n))) for n in range(40)])
    seen = START + timedelta(hours=1)
    engine.take([
        LineEvent(CARRIER, "r0", seen, "first_attach", door.token("handset", "other"), "09002"),
        Outcome(CARRIER, "r0", "fraud", "holder"),
    ])  # fmt: skip
    engine.take([Question(_event(door, 40, week))])
    while engine.settle(int(week.timestamp() * 1e6)):
        pass
    store.close()


def _event(door: Pseudonymiser, n: int, at: datetime) -> dict[str, object]:
    return {
        "registration_id": f"r{n}",
        "carrier_id": CARRIER,
        "registered_at": at.isoformat(),
        "operation": "new_line",
        "channel": "web",
        "plan": "prepaid",
        "identity_type": "curp",
        "identity_value": door.token("identity", f"person {n}"),
        "msisdn": door.token("line", f"line {n}"),
        "iccid": door.token("sim", f"sim {n}"),
        "iccid_block": door.token("block", "one"),
        "iccid_offset": n,
        "imei": door.token("handset", f"handset {n % 7}"),
        "device_id": "one",
        "place": "09002",
    }
