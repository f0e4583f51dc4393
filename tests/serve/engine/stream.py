"""Random streams as carriers send them: hot and missing keys, ties, late rows, takeovers, reports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from detector.registration import NEVER, Breaches, BreachMembers, DataFolder, Officials
from serve.answers import LineEvent, Outcome
from serve.engine import Asked, Question
from tests.builders import curp_of, iccid_of, imei_of
from tests.serve.engine.standing import START

OPERATIONS = ("new_line", "link_existing", "port_in", "relink", "sim_replacement")
KINDS = ("first_attach", "attach", "attach", "abandoned", "unlinked", "reported")
OPTIONAL = ("iccid", "imei", "device_id", "ip", "contact", "place", "agent_id")


class Stream:
    """Batches of what is asked, with the moment at which each arrives."""

    def __init__(self, rng: np.random.Generator, *, people: int = 40) -> None:
        self._rng, self._people = rng, people
        self.now = START
        self._asked: list[Question] = []

    def batches(self, events: int, *, most: int = 12) -> Iterator[tuple[datetime, list[Asked]]]:
        """So many events."""
        while events > 0:
            batch: list[Asked] = []
            for _ in range(min(int(self._rng.integers(1, most)), events)):
                batch += self._next()
                events -= 1
            yield self.now + timedelta(seconds=1), batch

    def _next(self) -> list[Asked]:
        rng = self._rng
        if rng.random() < 0.8:  # else a tie
            self.now += timedelta(seconds=int(rng.integers(0, 3_600)))
        if rng.random() < 0.01:  # a quiet week: many stages are due at once
            self.now += timedelta(days=7)
        drawn = rng.random()
        if drawn < 0.6 or not self._asked:
            self._asked.append(self._registration(len(self._asked)))
            again = rng.random() < 0.05
            return [self._asked[-1]] + ([self._asked[self._few(len(self._asked))]] if again else [])
        of = self._asked[-1 - self._few(len(self._asked))].event
        names = str(of["carrier_id"]), str(of["registration_id"])
        if drawn < 0.88:
            return [self._line_event(*names)]
        return [Outcome(*names, str(rng.choice(["fraud", "legitimate"])), "holder")]

    def _few(self, n: int) -> int:
        """A number below n; the low ones are frequent."""
        return int(self._rng.zipf(1.3) % n)

    def _registration(self, number: int) -> Question:
        rng, few = self._rng, self._few
        at = self.now
        if rng.random() < 0.1:
            at -= timedelta(seconds=int(rng.integers(0, 90_000)))
        if rng.random() < 0.5:
            at -= timedelta(microseconds=int(rng.integers(0, 10**6)))
        event: dict[str, Any] = {
            "registration_id": f"r{number}",
            "carrier_id": f"c{rng.integers(0, 3)}",
            "registered_at": at.isoformat(),
            "operation": str(rng.choice(OPERATIONS)),
            "channel": str(rng.choice(["web", "app", "dealer"])),
            "plan": "prepaid",
            "identity_type": "curp",
            "identity_value": curp_of(few(self._people)),
            "msisdn": f"+5255{few(60):08d}",
            "iccid": iccid_of(few(300) * 7),
            "imei": imei_of(few(50)),
            "device_id": f"d{few(20)}",
            "ip": f"203.0.{few(4)}.{few(30)}",
            "point_of_sale_id": f"p{few(5)}",
            "agent_id": f"a{few(9)}",
            "place": self._place(),
            "contact": f"x{few(40)}@example.org",
            "validation_result": str(rng.choice(["match", "partial"])),
            "line_first_seen_on": "2025-01-01",
        }
        missing = {name for name in OPTIONAL if rng.random() < 0.1}
        return Question({name: value for name, value in event.items() if name not in missing})

    def _line_event(self, carrier: str, registration: str) -> LineEvent:
        rng = self._rng
        return LineEvent(
            carrier,
            registration,
            self.now - timedelta(seconds=int(rng.integers(0, 5_000))),
            str(rng.choice(KINDS)),
            imei_of(self._few(50)) if rng.random() < 0.7 else None,
            self._place() if rng.random() < 0.7 else None,
        )

    def _place(self) -> str:
        return f"{self._rng.integers(1, 32):02d}{self._few(20) + 1:03d}"


def reference(rng: np.random.Generator, folder: DataFolder) -> DataFolder:
    """Breaches and officials among those whom a store has seen, some dated long ago."""
    own = folder.registrations
    n = len(own) // 2
    who, known = (
        rng.choice(own.identity, n),
        rng.choice(own.at, n) - rng.integers(-5, 5, n) * 86_400_000_000,
    )
    order = np.lexsort((known, who))
    named = np.unique(rng.choice(own.identity, max(n // 10, 1)))
    return replace(
        folder,
        breaches=Breaches(
            ("b0", "b1"), np.array([19_000, 20_300], np.int32), np.array([4, 17], np.uint16)
        ),
        breach_members=BreachMembers(
            who[order], known[order], rng.integers(0, 2, n).astype(np.int32)
        ),
        officials=Officials(
            named,
            rng.integers(0, 5, len(named)).astype(np.int8),
            rng.choice(own.at, len(named)),
            np.full(len(named), NEVER),
        ),
    )
