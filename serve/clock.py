"""What time it is: the machine's time, or for a rehearsal a time of its own that runs faster."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from detector.errors import BadInput

Clock = Callable[[], int]  # microseconds since 1970 UTC


def system() -> int:
    """The machine's time."""
    return time.time_ns() // 1_000


def clock(text: str) -> Clock:
    """`system`, or `2026-05-01T00:00:00Z@600`: from that moment on, so many times as fast.

    A rehearsal's clock counts from the Unix second after its second `@`, or from now. Raises BadInput.
    """
    if text in {"", "system"}:
        return system
    moment, _, rest = text.partition("@")
    pace, _, since = rest.partition("@")
    try:
        start = int(datetime.fromisoformat(moment).timestamp() * 1e6)
        speed, began = float(pace or 1), float(since or time.time())
    except ValueError:
        raise BadInput("a clock is `system` or like 2026-05-01T00:00:00Z@600") from None
    return lambda: start + int((time.time() - began) * speed * 1e6)
