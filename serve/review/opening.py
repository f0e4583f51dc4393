"""Cases are opened in the transaction of the answer that calls for one, and lapse where nobody decides.

An answer that stops nobody costs nothing here; one in a thousand costs three look-ups.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from detector.decision import DECISIONS, HOLD, NOTIFY, STEP_UP
from detector.lifecycle import STAGES
from serve.answers import Assessment
from serve.judge import told
from serve.review import cases, rulings
from serve.review.cases import Case
from serve.review.policy import DAY, HOUR, ReviewPolicy
from serve.review.rulings import Ruling
from serve.store.books import Books
from serve.store.database import Connection

STALE = (
    3 * DAY
)  # what was due longer ago than this is history that was imported, not work for today
Changed = Callable[[Connection, Sequence[Assessment]], None]


class Opening:
    """Opens cases; whether one needs a second reviewer is not written down: it would hint at an office."""

    def __init__(self, policy: ReviewPolicy) -> None:
        self._policy = policy

    def changed(self, own: Connection, assessments: Sequence[Assessment]) -> None:
        """Open a case for each that held or asked for more; inside `own.writing()`."""
        for one in assessments:
            if DECISIONS.index(one.decision) >= STEP_UP:
                self._open(own, one)

    def _open(self, own: Connection, said: Assessment) -> None:
        books, folio = Books(own), said.assessment_id.bytes
        sequence = books.known([folio])[folio][0]
        stage, decision = STAGES.index(said.stage), DECISIONS.index(said.decision)
        answers = books.answers_to({folio: sequence})[folio]
        moment = next(a.moment for a in answers if a.stage == stage)
        now = int(said.assessed_at.timestamp() * 1e6)
        before = cases.known(own, folio)
        if now - moment > STALE or (before and not before.ended and before.decision >= decision):
            return
        patience = (
            self._policy.hold_hours * HOUR if decision == HOLD else self._policy.case_days * DAY
        )
        due = now + int(patience)
        cases.put(
            own,
            Case(folio, sequence, said.carrier_id, stage, decision, said.score, now, due),
        )


class Lapsing:
    """Ends what nobody decided in time: a hold becomes `allow_notify`, and subscribers hear of it."""

    def __init__(self, clock: Callable[[], int], changed: Changed) -> None:
        self._clock, self._changed = clock, changed

    def __call__(self, own: Connection, _: datetime) -> None:
        """Some of them, in one transaction; none where nothing is overdue."""
        now = self._clock()
        if not cases.overdue(own, now, most=1):
            return
        with own.writing():
            overdue = cases.overdue(own, now)
            for case in overdue:
                cases.end(own, case.folio, cases.LAPSED, at=now)
                if case.decision == HOLD:
                    rule(own, case, NOTIFY, why=rulings.BY_TIME, at=now, changed=self._changed)
        structlog.get_logger().info("review.lapsed", cases=len(overdue))


def rule(
    own: Connection, case: Case, decision: int, *, why: str, at: int, changed: Changed
) -> None:
    """Let another decision stand for a case's stage, and tell subscribers; nothing where it stands already."""
    books = Books(own)
    carrier, registration_id = books.named(case.folio)
    answer = next(a for a in books.answers([case.sequence])[case.sequence] if a.stage == case.stage)
    said = told(answer, folio=case.folio, carrier=carrier, registration_id=registration_id)
    stands = rulings.standing(own, case.sequence, said)
    if DECISIONS.index(stands.decision) <= decision:
        return
    rulings.add(own, Ruling(case.sequence, case.stage, at, decision, why))
    changed(own, [rulings.ruled(said, decision)])
