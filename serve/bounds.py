"""Bounds on what is taken, in one place: clocks and how much at once."""

from __future__ import annotations

MINUTE = 60_000_000  # microseconds
AHEAD = 5 * MINUTE  # a registration further in the future than this is refused
BEHIND = 10 * MINUTE  # one further in the past is marked late
STAGES_AT_ONCE = 64  # later stages answered in one transaction, so that they hold up nobody
STAGES_WAIT = 32  # that are due before registrations bring them along; fewer wait until nobody asks
STAGES_BETWEEN = 8  # answered in one transaction then: somebody may come meanwhile
