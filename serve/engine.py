"""The straight line, live: questions in, one transaction, answers out. One thread at a time.

Reading the past and writing the event is one unit under the store's writer lock, so the order of
commits is the `sequence` of the data contract and every question sees exactly what was committed
before it. Nothing is answered before the commit has reached the disk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from detector import logbook
from detector.glances import Histories
from detector.history import ATTACH_SPECS, Queries
from detector.intake import arriving
from detector.lifecycle import STAGE_HOURS, STAGES
from detector.live import Glimpse
from detector.pseudonym import Pseudonymiser
from detector.registration import MICROSECONDS, NEVER, OPERATIONS, LineEvents, Registrations
from detector.rings import RingViews
from detector.running import Asks, Entries
from serve.answers import (
    Assessment,
    Contradicted,
    LineEvent,
    Outcome,
    Refused,
    Unavailable,
    Unknown,
)
from serve.batch import Batch
from serve.bounds import AHEAD, BEHIND, STAGES_AT_ONCE, STAGES_BETWEEN, STAGES_WAIT
from serve.entering import Rows, enter, renumbered
from serve.grouping import Grouping
from serve.impressing import impress, now
from serve.judge import ALONE, Begun, Judge
from serve.later import Later, Lines
from serve.reading import latest
from serve.shelf import NAMES, PLACE, Shelf
from serve.store.books import Answer, Books, Filed
from serve.store.database import Connection
from serve.store.retention import Due, reached
from serve.takeovers import read_with_what_waits, taken, tell_what_waits
from serve.takeovers import told as tell_taken
from serve.world import NO_FACTS, NO_ROWS, Country, World

HOUR = 3_600 * MICROSECONDS
NO_ATTACHES = Histories([], np.empty((len(ATTACH_SPECS), 0), np.int64))
NO_EVENTS = LineEvents(*(np.empty(0, t) for t in ("i4", "i8", "i1", "i8", "i4")))
_SAME_LINE = OPERATIONS.index("sim_replacement")  # opens no line


@dataclass(frozen=True, slots=True)
class Question:
    """One registration to assess, in the columns of the data contract."""

    event: dict[str, object]
    imported: bool = False
    notify: bool = True


Told = Assessment | Exception
T = TypeVar("T")
Asked = Question | LineEvent | Outcome


class Engine:
    """Answers batches of questions over one store.

    With a `World` it does everything. With another country it may not open the log: it answers registrations,
    and leaves reports, later stages and former holders' histories to a worker that may.
    """

    def __init__(
        self,
        books: Books,
        *,
        pseudonymiser: Pseudonymiser,
        body_key: bytes,
        judge: Judge,
        clock: Callable[[], int],
        changed: Callable[[Connection, Sequence[Assessment]], None] | None = None,
        locked: Callable[[Connection, Sequence[int]], frozenset[int]] | None = None,
        country: Country | None = None,
        grouping: Grouping | None = None,
    ) -> None:
        self.books = books
        self.door = pseudonymiser
        self.body_key = body_key
        self.judge = judge
        self.clock = clock
        self.changed = changed
        self.locked = locked
        self.grouping = grouping or Grouping()
        self.world = World(books) if country is None else country

    def take(self, asked: Sequence[Asked]) -> list[Told]:
        """Answer questions and reports, in order, in one transaction.

        An answer is an assessment, or the exception that says why there is none. Raises Unavailable
        where the store fails; then nothing happened.
        """
        return self._within(lambda work: work.run(asked))

    def settle(self, until: int) -> int:
        """Answer the later stages reached by a moment although no registration arrived; how many."""
        return self._within(lambda work: work.settle(until, STAGES_AT_ONCE))

    def follow(self) -> int:
        """What others' answers left to do: former holders' histories, and later stages reached; how many."""
        return self._within(lambda work: work.settle(self.world.newest, STAGES_AT_ONCE))

    def catch_up(self) -> int:
        """A few later stages that registrations have reached and did not bring along; how many."""
        if not isinstance(self.world, World) or not self.books.due(self.world.newest, 1):
            return 0
        return self._within(lambda work: work.settle(self.world.newest, STAGES_BETWEEN))

    def _within(self, act: Callable[[_Work], T]) -> T:
        try:
            with self.books.own.writing():
                work = _Work(self)
                done = act(work)
                work.close()
            return done
        except BaseException:
            self.world.forget()  # memory may be ahead of the store
            self.books.forget()
            raise


class _Work:
    """One transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._books, self._world, self._judge = engine.books, engine.world, engine.judge
        self._world.catch_up()
        self._shelf = Shelf(self._books)
        self._own = self._world if isinstance(self._world, World) else None
        self._later: Later | None = None
        if self._own is not None:
            self._later = Later(self._books, self._own, self._shelf, engine.door)
            while tell_what_waits(self._books, self._shelf, carriers=self._own.carriers):
                pass
        self._now = engine.clock()
        self._new: list[Assessment] = []

    def run(self, asked: Sequence[Asked]) -> list[Told]:
        """Everything, in order; registrations that follow each other are looked at together."""
        answers: list[Told] = []
        questions: list[Question] = []
        for one in asked:
            if isinstance(one, Question):
                questions.append(one)
            else:
                answers += self._questions(questions)
                questions = []
                answers.append(self._report(one))
        return answers + self._questions(questions)

    def settle(self, until: int, most: int) -> int:
        """Later stages only, a few of them."""
        due = reached(self._books, until, most) if self._own else []
        if due and self._own:
            self._own.learn(due[0][1], [("moment", max(moment for moment, _, _ in due))])
            nowhere = [0] * len(due)
            _, rings = self._world.add(Entries(NO_ROWS, NO_FACTS), self._asks(due, nowhere))
            self._stages(due, nowhere, rings, base=self._world.n + 1)
        return len(due)

    def close(self) -> None:
        """Write what is still in memory only."""
        if self._own is not None:
            answered = self._own.running.answered
            waiting = self._books.due(answered, 1)
            self._shelf.write(asked_since=waiting[0][0] if waiting else answered)
            self._own.stand()
        else:
            self._shelf.write(asked_since=NEVER)  # no records of attaches are among them
        if self._new and self._engine.changed:
            self._engine.changed(self._books.own, self._new)

    def _report(self, report: LineEvent | Outcome) -> Told:
        if self._later is None:
            return Unavailable()
        try:
            folio, sequence = self._later.take(report, self._now)
            return latest(self._books, sequence, folio)
        except (Unknown, Refused) as fault:
            return fault

    def _questions(self, questions: Sequence[Question]) -> list[Told]:
        if not questions:
            return []
        answers: list[Told | None] = [None] * len(questions)
        arrived = arriving([q.event for q in questions], self._engine.door)
        for position, rejection in arrived.rejections.items():
            answers[position] = Refused(rejection.field, rejection.reason)
        batch = Batch(questions, arrived, self._engine.body_key)
        fresh = self._fresh(batch, answers)
        while len(fresh):
            taken = self._one_run(batch, fresh, answers)
            fresh = fresh[taken:]
        self._repeated(batch, answers)
        return [a if a is not None else Unknown() for a in answers]

    def _fresh(self, batch: Batch, answers: list[Told | None]) -> np.ndarray:
        """Rows that nobody asked about before, of a moment that can be."""
        known = self._books.known(batch.folios)
        fresh: dict[bytes, int] = {}
        for row, folio in enumerate(batch.folios):
            if int(batch.own.at[row]) > self._now + AHEAD:
                answers[batch.places[row]] = Refused("registeredAt", "more than 5 minutes ahead")
            elif folio not in known:
                fresh.setdefault(folio, row)  # a second of the same is a repetition of the first
        return np.array(list(fresh.values()), np.int64)

    def _repeated(self, batch: Batch, answers: list[Told | None]) -> None:
        """The first answer again, where the same was asked again."""
        again = [row for row, place in enumerate(batch.places) if answers[place] is None]
        known = self._books.known([batch.folios[row] for row in again])
        first = self._books.answers_to({folio: sequence for folio, (sequence, _) in known.items()})
        for row in again:
            folio, place = batch.folios[row], batch.places[row]
            if known[folio][1] != batch.prints[row]:
                answers[place] = Contradicted()
            elif folio in first:
                answer = batch.told(first[folio][0], row)
                answers[place] = replace(answer, repeated=True)

    def _one_run(self, batch: Batch, fresh: np.ndarray, answers: list[Told | None]) -> int:
        """Answer as many of the fresh rows as can be looked at together; how many that were."""
        world = self._world
        codes = np.array([world.carrier(name) for name in batch.own.carriers], np.int64)
        own = renumbered(
            batch.own.take(fresh), codes=codes, carriers=world.carriers, first=world.n + 1
        )
        rows, newest = Rows.of(own, world.exposed(own)), world.newest
        self._shelf.fetch(id_ for ids in rows.ids for id_ in ids)
        if self._later is None:
            who = (ids[PLACE["identity"]] for ids in rows.ids)
            read_with_what_waits(self._books, self._shelf, who)
        rows = enter(rows, self._shelf, newest=newest)
        chosen = fresh[: len(rows)].tolist()
        due, before = self._due(rows) if self._later else ([], [])
        asks = self._asks(due, before)
        mine, theirs = world.add(Entries(rows.journal(), NO_FACTS), asks)
        glimpse, begun = self._glimpse(rows), None
        if not world.alone:  # without rings nobody makes an impression
            begun = impress(rows, self._shelf, glimpse, mine)
        self._file(rows, batch, chosen)
        found = self._activation(rows, mine, batch, chosen, glimpse=glimpse, begun=begun)
        for row, answer in zip(chosen, found, strict=True):
            made = batch.told(answer, row)
            answers[batch.places[row]] = made
            if batch.questions[batch.places[row]].notify:
                self._new.append(made)
        self._stages(due, before, theirs, base=int(rows.own.sequence[0]))
        self._taken_lines(rows, newest=world.newest)
        return len(chosen)

    def _taken_lines(self, rows: Rows, *, newest: int) -> None:
        found = taken(rows, self._shelf, newest=newest)
        if self._later is None:
            self._books.add_taken(found)
        else:
            tell_taken(self._books, self._shelf, found, carriers=self._world.carriers)

    def _due(self, rows: Rows) -> tuple[list[Due], list[int]]:
        """Later stages that these moments reach, where many do, and before which of the rows each is asked."""
        newest = np.maximum.accumulate(rows.own.at)
        due = reached(self._books, int(newest[-1]), STAGES_AT_ONCE)
        if len(due) < STAGES_WAIT:
            return [], []
        before = np.searchsorted(newest, [moment for moment, _, _ in due], side="left")
        return due, before.tolist()

    def _file(self, rows: Rows, batch: Batch, taken: Sequence[int]) -> None:
        own = rows.own
        kept = logbook.filed(own, rows.exposed, rows.flags, rows.impressions)
        numbers = own.sequence.tolist()
        names = [own.carriers[code] for code in own.carrier.tolist()]
        self._books.add(
            Filed(numbers[i], batch.folios[row], batch.prints[row], names[i], kept[i])
            for i, row in enumerate(taken)
        )
        groups = self._engine.grouping.groups(
            [batch.groups[row] for row in taken], own.place.tolist(), batch.events(taken)
        )
        self._books.add_groups(dict(zip(numbers, groups, strict=True)))
        newest = max(self._world.newest, int(own.at.max()))
        self._books.add_due(
            [
                (at + hours * HOUR, number, STAGES.index(stage))
                for at, number in zip(own.at.tolist(), numbers, strict=True)
                for stage, hours in STAGE_HOURS.items()
                if at + hours * HOUR > newest
            ]
        )

    def _asks(self, due: Sequence[Due], before: Sequence[int]) -> Asks:
        return Asks(
            np.array([sequence - 1 for _, sequence, _ in due], np.int64),
            np.array([moment // MICROSECONDS for moment, _, _ in due], np.int64),
            np.array(before, np.int64),
        )

    def _activation(
        self,
        rows: Rows,
        rings: RingViews,
        batch: Batch,
        taken: Sequence[int],
        *,
        glimpse: Glimpse,
        begun: Begun | None,
    ) -> list[Answer]:
        own, imported = rows.own, batch.imported(taken)
        late = (own.at < self._now - BEHIND) & ~imported
        found = self._judge.answers(
            glimpse,
            STAGES[0],
            now(rows),
            rings,
            now=self._now,
            about={"late": late, "imported": imported, ALONE: np.full(len(own), self._world.alone)},
            lacking=self._world.lacking(),
            locked=self._locked(own),
            begun=begun,
        )
        folios = [batch.folios[row] for row in taken]
        self._books.add_answers(found, dict(zip(own.sequence.tolist(), folios, strict=True)))
        return found

    def _locked(self, own: Registrations) -> np.ndarray | None:
        """Which rows would give a line to somebody who wants to be asked first."""
        if self._engine.locked is None:
            return None
        people = own.identity.tolist()
        wanting = self._engine.locked(self._books.own, people)
        wants: np.ndarray = np.array([who in wanting for who in people])
        wants &= own.operation != _SAME_LINE
        return wants

    def _glimpse(
        self, rows: Rows, *, base: int | None = None, lines: Lines | None = None
    ) -> Glimpse:
        attaches = NO_ATTACHES
        if lines is not None:
            attaches = self._shelf.histories(lines.attach_ids, len(ATTACH_SPECS))
        return Glimpse(
            rows.own,
            NO_EVENTS if lines is None else lines.events,
            rows.exposed,
            self._shelf.histories(rows.ids, len(NAMES)),
            attaches,
            self._world.wave(),
            self._world.observed,
            int(rows.own.sequence[0]) if base is None else base,
        )

    def _stages(
        self, due: Sequence[Due], before: Sequence[int], rings: RingViews, *, base: int
    ) -> None:
        """Answer what is due."""
        if not due or self._later is None:
            return
        lines = self._later.lines([sequence for _, sequence, _ in due])
        glimpse = self._glimpse(lines.rows, base=base, lines=lines)
        moments = np.array([moment for moment, _, _ in due], np.int64)
        as_of = base + np.array(before, np.int64)
        everyone = Queries(np.arange(len(due)), moments, np.zeros(len(due), np.int64), as_of)
        stages = np.array([stage for _, _, stage in due])
        for stage in np.unique(stages).tolist():
            which = np.flatnonzero(stages == stage)
            found = self._judge.answers(
                glimpse,
                STAGES[stage],
                everyone.pick(which),
                rings.pick(which),
                now=self._now,
                about={},
                lacking=self._world.lacking(),
            )
            self._books.add_answers(found, lines.folios)
            self._new += [lines.told(a, i) for a, i in zip(found, which.tolist(), strict=True)]
        self._books.drop_due(due)
