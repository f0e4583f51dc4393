"""What reviewers do, whether by the API or on the page: one connection, one at a time.

A verdict becomes a label by the way of every label, the desk's `report_outcome`; only then is the case
closed, so a case that was interrupted is still there to be closed again.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from detector.decision import ALLOW
from detector.registration import NO_KEY
from detector.signals import REASONS
from serve.answers import Outcome, Refused, Unknown
from serve.auth import Client
from serve.review import cases, clearing, rulings
from serve.review.cases import LEGITIMATE, MISUSE, Case
from serve.review.clearing import KINDS, Clearing, Kind, Marker, Note
from serve.review.evidence import Evidence, evidence, tokens
from serve.review.opening import Changed, rule
from serve.review.policy import DAY, ReviewPolicy
from serve.review.seconds import SecondReviewers
from serve.store.books import Books
from serve.store.database import Connection

LONGEST_TEXT = 1_000
LOOKS_PERSONAL = (
    re.compile(  # an e-mail address, a CURP or RFC, a number long enough for a telephone
        r"\S+@\S+|\b[A-ZÑ&]{3,4}\d{6}[A-Z0-9]{0,8}\b|(?:\d[ .-]?){8,}", re.IGNORECASE
    )
)
WINDOW = 90 * DAY  # of the summary


@dataclass(frozen=True, slots=True)
class Opened:
    """A case with everything that its reviewer sees. `votes` names who has spoken, not what they said."""

    case: Case
    evidence: Evidence
    notes: tuple[tuple[str, int, str], ...]
    votes: tuple[str, ...]
    clearable: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """The last ninety days: cases by how they ended. A flag is overturned where the verdict is legitimate."""

    waiting: int
    misuse: int
    overturned: int
    lapsed: int
    holds_overturned: int
    holds_lapsed: int


class Room:
    """Every call may raise Unknown, Refused, Taken and Unavailable. `clock` is the engine's."""

    def __init__(
        self,
        own: Connection,
        *,
        policy: ReviewPolicy,
        clock: Callable[[], int],
        changed: Changed,
        clearing: Clearing,
        marker: Marker,
        seconds: SecondReviewers,
    ) -> None:
        self._seconds = seconds
        self._own, self._policy, self.clock = own, policy, clock
        self._changed, self._clearing, self._marker = changed, clearing, marker
        self._one = threading.Lock()

    def queue(self, who: Client, *, order: str, page: int, most: int) -> tuple[list[Case], int]:
        """A page of what waits."""
        with self._one:
            found, total = cases.waiting(self._own, who.carriers, order=order, page=page, most=most)
            return self._seconds(Books(self._own), found), total

    def summary(self, who: Client) -> Summary:
        """How it goes."""
        with self._one:
            _, waits = cases.waiting(self._own, who.carriers, order="age", page=1, most=1)
            found = cases.ended(self._own, who.carriers, since=self.clock() - WINDOW)

        def count(how: str, *, holds: bool = False) -> int:
            return sum(n for ended, hold, n in found if ended == how and (hold or not holds))

        return Summary(
            waits,
            count(MISUSE),
            count(LEGITIMATE),
            count(cases.LAPSED),
            count(LEGITIMATE, holds=True),
            count(cases.LAPSED, holds=True),
        )

    def look(self, who: Client, case_id: UUID) -> Opened:
        """One case."""
        with self._one:
            case = self._find(who, case_id)
            found = evidence(Books(self._own), case.sequence, who.carriers)
            notes = tuple(cases.notes(self._own, case.folio))
            votes = tuple(cases.votes(self._own, case.folio))
            return Opened(case, found, notes, votes, self._clearable(case, found))

    def claim(self, who: Client, case_id: UUID) -> None:
        """Take it for a while."""
        with self._one, self._own.writing():
            case = self._find(who, case_id)
            cases.claim(self._own, case, reviewer=who.person, at=self.clock(), policy=self._policy)

    def let_go(self, who: Client, case_id: UUID) -> None:
        """Give it back."""
        with self._one, self._own.writing():
            case = self._find(who, case_id)
            cases.let_go(self._own, case, reviewer=who.person, at=self.clock())

    def note(self, who: Client, case_id: UUID, text: str) -> None:
        """Write on it. Raises Refused for what looks like somebody's own data."""
        words = checked("text", text)
        with self._one, self._own.writing():
            case = self._find(who, case_id)
            cases.add_note(self._own, case, words, reviewer=who.person, at=self.clock())

    def vote(self, who: Client, case_id: UUID, label: str) -> Outcome | None:
        """A verdict; the label to report where it is the last one that was needed."""
        with self._one, self._own.writing():
            case = self._find(who, case_id)
            said = cases.vote(
                self._own, case, reviewer=who.person, fraud=label == MISUSE, at=self.clock()
            )
            carrier, registration_id = Books(self._own).named(case.folio)
        return Outcome(carrier, registration_id, said, "analyst") if said else None

    def close(self, who: Client, case_id: UUID, outcome: Outcome) -> None:
        """The label was reported: the case is over, and whoever was stopped wrongly may go on."""
        with self._one, self._own.writing():
            case, now = self._find(who, case_id), self.clock()
            cases.end(self._own, case.folio, outcome.label, at=now)
            if outcome.label == LEGITIMATE:
                rule(
                    self._own, case, ALLOW,
                    why=rulings.BY_VERDICT, at=now, changed=self._changed,
                )  # fmt: skip

    def allow(self, who: Client, case_id: UUID, kind: str, *, days: float, why: str) -> Note:
        """Clear the pattern behind a case that was found legitimate. Raises Refused."""
        words = checked("why", why)
        if not 0 < days <= self._policy.note_days:
            raise Refused("days", f"more than 0 and at most {self._policy.note_days:g}")
        with self._one, self._own.writing():
            case = self._find(who, case_id)
            if case.ended != LEGITIMATE:
                raise Refused("caseId", "only what was found legitimate can be cleared")
            note = self._note(who, case, KINDS[kind], days=days, why=words, name=kind)
            clearing.add(self._own, note)
        self._look_again()
        return note

    def allowed(self, who: Client) -> list[Note]:
        """The notes that are live, of the reviewer's carriers."""
        with self._one:
            found = clearing.live(self._own, self.clock())
        return [note for note in found if note.carrier in who.carriers]

    def withdraw(self, who: Client, note_id: UUID) -> None:
        """End a note before its time."""
        with self._one, self._own.writing():
            done = clearing.withdraw(
                self._own, str(note_id), who.carriers, reviewer=who.person, at=self.clock()
            )
        if not done:
            raise Unknown
        self._look_again()

    def _note(
        self, who: Client, case: Case, about: Kind, *, days: float, why: str, name: str
    ) -> Note:
        books = Books(self._own)
        token = tokens(books, case.sequence, [about.key])[about.key]
        said = _families(evidence(books, case.sequence, ()))
        families = about.families & said
        if token == NO_KEY or not families:
            raise Refused("kind", "this case was not flagged for that")
        now = self.clock()
        mark = self._marker(case.carrier, name, token)
        until = now + int(days * DAY)
        return Note(
            clearing.new_id(), mark, name, families, case.carrier, case.folio,
            who.person, now, until, why,
        )  # fmt: skip

    def _clearable(self, case: Case, found: Evidence) -> tuple[str, ...]:
        if case.ended != LEGITIMATE:
            return ()
        said = _families(found)
        held = tokens(Books(self._own), case.sequence, [kind.key for kind in KINDS.values()])
        return tuple(
            name
            for name, kind in KINDS.items()
            if kind.families & said and held[kind.key] != NO_KEY
        )

    def _look_again(self) -> None:
        with self._one:
            self._clearing.look(self._own, self.clock())

    def _find(self, who: Client, case_id: UUID) -> Case:
        case = cases.find(self._own, case_id.bytes, who.carriers)
        return self._seconds(Books(self._own), [case])[0]


def _families(found: Evidence) -> frozenset[str]:
    """The families of the reasons that were ever given; a ruling may have emptied an answer's own."""
    return frozenset(REASONS[code].family for codes in found.given for code in codes)


def checked(field: str, text: str) -> str:
    """A reviewer's own words. Raises Refused where they are none, too long, or look like personal data."""
    words = " ".join(text.split())
    if not 0 < len(words) <= LONGEST_TEXT:
        raise Refused(field, f"1 to {LONGEST_TEXT} characters")
    if LOOKS_PERSONAL.search(words):
        raise Refused(field, "looks like somebody's number, identity or address: leave it out")
    return words
