"""The small release, live: a drawn few of `step_up` pass as `allow_notify`, so that their outcome is seen.

Off unless an operator sets a share. What was drawn, and with which chance, is part of the answer's record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from detector.decision import STEP_UP
from detector.errors import BadInput
from detector.model.release import MOST, Release, released
from detector.pseudonym import Key
from detector.registration import Bool, Registrations
from detector.scoring import Judged
from serve.delivering import derived
from serve.judge import Look
from serve.store.database import Connection

Enrolled = Callable[[Registrations], Bool]
SHARE = "SIMVIGIA_RELEASE_SHARE"


class Releasing:
    """A second look that lets a few pass. `enrolled` says who asked for protection and is never drawn.

    Whoever is on the register of officials is never drawn either; nor is what was imported, which nobody
    stopped.
    """

    def __init__(self, release: Release, *, enrolled: Enrolled) -> None:
        self._release, self._enrolled = release, enrolled

    def __call__(self, look: Look, found: Judged, said: list[dict[str, object]]) -> Judged:
        """The judgement after the draw; only rows that had to prove more are touched."""
        which = np.flatnonzero(found.decision == STEP_UP)
        live = [i for i in which.tolist() if "imported" not in said[i]]
        if not self._release.share or not live:
            return found
        batch = look.batch
        own = look.glimpse.registrations.take(batch.queries.rows[live])
        protected = self._enrolled(own) | (batch.tier[live] > 0)
        after = released(
            self._release,
            found.decision[live],
            carriers=[own.carriers[code] for code in own.carrier.tolist()],
            registrations=own.registration_id.to_pylist(),
            enrolled=protected,
        )
        for i, chance in zip(live, after.propensity.tolist(), strict=True):
            said[i]["propensity"] = chance
        decision = found.decision.copy()
        decision[live] = after.decision
        return replace(found, decision=decision)


def release(environment: Mapping[str, str], key: Key) -> Release:
    """The release that an operator asked for; off unless a share is set. Raises BadInput."""
    try:
        share = float(environment.get(SHARE, "").strip() or 0)
    except ValueError:
        raise BadInput(f"{SHARE} must be a number between 0 and {MOST:g}") from None
    return Release(share, derived(key, "release"))


def anybody_enrolled(own: Connection) -> Enrolled:
    """Where nobody can say who of a store is enrolled: nobody, or, once anybody is, everybody may be."""

    def enrolled(rows: Registrations) -> Bool:
        some = bool(own.rows("SELECT 1 FROM enrolments LIMIT 1"))
        return np.full(len(rows), some)

    return enrolled
