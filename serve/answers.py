"""What passes between the HTTP side and the engine's side: assessments, reports, and why one is refused.

Nothing here knows HTTP or SQL. Everything is behind the door: an assessment holds no raw identifier.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

SOURCES = ("history", "breaches", "officials", "rings", "model")


@dataclass(frozen=True, slots=True)
class Assessment:
    """What was decided about one registration at one stage.

    `score` is exact and stays inside; a carrier sees a rung of the ladder. `folio` is what the clerk
    hands to the person, on `step_up` and `hold` only. `sources` says of each source of knowledge
    (SOURCES) whether it was `ok`, `stale`, `none` (nothing of the kind was ever told) or `unavailable`.
    """

    assessment_id: UUID
    carrier_id: str
    registration_id: str
    stage: str  # detector.lifecycle.STAGES
    assessed_at: datetime
    score: float
    decision: str  # detector.decision.DECISIONS
    reasons: tuple[str, ...]  # codes of detector.signals.REASONS, strongest first
    folio: str | None
    model_version: str
    policy_version: str
    feature_version: str
    sources: Mapping[str, str]
    degraded: bool = False
    late: bool = False  # arrived more than ten minutes after `registered_at`
    repeated: bool = False  # the first answer again, to the same question


class Refused(Exception):
    """A question or report that cannot be taken. `field` is in the API's words, never a value."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class Contradicted(Exception):
    """The same carrier and registration id were asked about before with another body."""


class Unknown(Exception):
    """No such registration among those that the asker may see."""


class Unavailable(Exception):
    """The store or the engine cannot answer now. `retry_after` is in seconds."""

    def __init__(self, retry_after: int = 1) -> None:
        super().__init__(f"try again after {retry_after} s")
        self.retry_after = retry_after


class Overloaded(Unavailable):
    """More is asked than can be answered in time; this question was not looked at."""


@dataclass(frozen=True, slots=True)
class LineEvent:
    """Something seen on a registered line, in the words of the data contract."""

    carrier_id: str
    registration_id: str
    occurred_at: datetime
    kind: str
    imei: str | None = None
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict on a registration. The store stamps when it came; `verdict_on` is the carrier's date."""

    carrier_id: str
    registration_id: str
    label: str
    source: str
    confidence: float | None = None
    verdict_on: datetime | None = None


class Desk(Protocol):
    """What the HTTP side asks of the engine's side. Every call may raise Unavailable or Overloaded.

    An answer is returned only after its commit has reached the disk.
    """

    async def assess(
        self, event: Mapping[str, object], *, imported: bool = False, notify: bool = True
    ) -> Assessment:
        """Assess one registration, given in the columns of the data contract.

        Raises Refused (a field is missing, malformed or outside its bounds) and Contradicted. An
        `imported` registration may be of any age and is not late.
        """
        ...

    async def assess_all(
        self, events: Sequence[Mapping[str, object]], *, imported: bool = False, notify: bool = True
    ) -> list[Assessment | Exception]:
        """Assess many, in order; for each its assessment, or the exception `assess` would raise."""
        ...

    async def retrieve(self, assessment_id: UUID, carriers: frozenset[str]) -> Assessment:
        """The latest stage. Raises Unknown unless it belongs to one of the carriers."""
        ...

    async def find(self, carrier_id: str, registration_id: str) -> Assessment:
        """The latest stage of a carrier's registration. Raises Unknown."""
        ...

    async def report_event(self, event: LineEvent) -> Assessment:
        """Take a line event; the assessment as it stands. Raises Unknown and Refused."""
        ...

    async def report_outcome(self, outcome: Outcome) -> Assessment:
        """Take a verdict, a correction or a reversal. Raises Unknown and Refused."""
        ...

    def ready(self) -> Mapping[str, str]:
        """Each part (`store`, `model`, `engine`) and `ok` or what is wrong with it."""
        ...
