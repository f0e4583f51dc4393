"""What is reported after a registration: line events and verdicts, entered wherever it is remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from detector import logbook
from detector.history import seconds_known
from detector.intake import folios, handset
from detector.lifecycle import FACTS, SILENCE, STAGES, facts
from detector.pseudonym import Pseudonymiser
from detector.records import TOKEN_PLACES, changed, standing_in, with_tokens
from detector.registration import EVENT_KINDS, LABEL_SOURCES, NEVER, WITHDRAWN, LineEvents
from detector.windows import VALUES
from serve.answers import Assessment, LineEvent, Outcome, Refused, Unknown
from serve.bounds import AHEAD
from serve.entering import Rows
from serve.judge import told, v8
from serve.shelf import ATTACH_PLACE, Shelf, record_id
from serve.store.books import Answer, Books, Seen, Verdict
from serve.world import World

_ATTACH = EVENT_KINDS.index("attach")
_FIRST_STAGE = STAGES.index("first_attach")
_HANDSET = VALUES.index("handset")
_COUNTED = ("handed_over", "travelled", "closed", "reported")  # facts that others' signals count


@dataclass(frozen=True, slots=True)
class Lines:
    """Registrations of the log, with everything later that is known of them; their records are fetched."""

    rows: Rows
    events: LineEvents  # by position among the rows
    attach_ids: list[list[bytes | None]]  # per event, the records of ATTACH_SPECS
    verdicts: list[Verdict]
    folios: dict[int, bytes]  # by sequence

    def told(self, answer: Answer, i: int) -> Assessment:
        """An answer about one of them, as it leaves the engine."""
        own = self.rows.own
        return told(
            answer,
            folio=self.folios[answer.sequence],
            carrier=own.carriers[own.carrier[i]],
            registration_id=own.registration_id[i].as_py(),
        )


class Later:
    """Takes reports within one transaction."""

    def __init__(self, books: Books, world: World, shelf: Shelf, door: Pseudonymiser) -> None:
        self._books, self._world, self._shelf, self._door = books, world, shelf, door

    def take(self, report: LineEvent | Outcome, now: int) -> tuple[bytes, int]:
        """Take a report; folio and sequence of its registration. Raises Unknown and Refused."""
        folio, sequence = self._place(report.carrier_id, report.registration_id)
        if isinstance(report, LineEvent):
            self._event(sequence, report, now)
        else:
            self._outcome(sequence, report, now)
        return folio, sequence

    def _place(self, carrier_id: str, registration_id: str) -> tuple[bytes, int]:
        named = {"carrier_id": carrier_id, "registration_id": registration_id}
        found = self._books.known([v8(folio) for folio in folios([named], self._door)])
        if not found:
            raise Unknown
        folio, (sequence, _) = next(iter(found.items()))
        return folio, sequence

    def lines(self, sequences: Sequence[int]) -> Lines:
        """Registrations with what is known of them, in the order given. Raises Refused for an expired one."""
        once = list(dict.fromkeys(sequences))
        kept = self._books.filed(once)
        if len(kept) < len(once) or not all(entry for _, entry in kept.values()):
            raise Refused("registrationId", "older than what is still remembered of single lines")
        page = logbook.read([kept[s][1] for s in sequences], self._world.carriers)
        rows = Rows.filed(page)
        events = line_events(sequences, self._books.events(once))
        ids = [attach_ids(events, i) for i in range(len(events))]
        self._shelf.fetch(id_ for row in (*rows.ids, *ids) for id_ in row)
        filed = {sequence: folio for sequence, (folio, _) in kept.items()}
        return Lines(rows, events, ids, self._books.verdicts(once), filed)

    def _event(self, sequence: int, report: LineEvent, now: int) -> None:
        occurred = _micros(report.occurred_at)
        if occurred > now + AHEAD:
            raise Refused("occurredAt", "more than 5 minutes ahead")
        event = Seen(
            sequence,
            self._world.running.knows(min(occurred, now)),
            occurred,
            EVENT_KINDS.index(report.kind),
            handset(report.imei, self._door),
            int(report.place or 0),
        )
        if any(replace(seen, at=event.at) == event for seen in self._books.events([sequence])):
            return
        before = self.lines([sequence])
        self._books.add_event(event)
        after = self.lines([sequence])
        self._learn(sequence, before, after)
        if event.kind <= _ATTACH:
            self._attach(after, event)

    def _learn(self, sequence: int, before: Lines, after: Lines) -> None:
        """Enter what the last event shows, wherever the registration is remembered."""
        own = after.rows.own
        was, now = _known(before), _known(after)
        news = {name: now[name] for name in FACTS if now[name] != was[name]}
        at = int(after.events.at.max())
        learnt = [("known", at)]
        if "first_attach" in news:
            self._books.add_due([(at, sequence, _FIRST_STAGE)])
        if "attached" in news and self._world.running.observed[own.carrier[0]] == NEVER:
            learnt.append(("observed", at))
        marks = {name: _second(news[name]) for name in _COUNTED if name in news}
        learnt += [(name, at) for name in marks]
        due = int(own.at[0]) + SILENCE
        if _spoke(now, due) and not _spoke(was, due):
            learnt.append(("spoke", at))
            marks["spoke"] = 1
        self._world.learn(sequence, learnt)
        self._mark(sequence, before, marks)

    def _attach(self, lines: Lines, event: Seen) -> None:
        """One more entry in the records of the handset and of the place where the line was seen."""
        rows = lines.rows
        values = rows.values.copy()
        values[:, _HANDSET] = event.handset
        made = rows.made()
        made["at"], made["place"] = event.at, event.place
        sequence = int(rows.own.sequence[0])
        known = _known(lines)
        marks = {name: _second(known[name]) for name in _COUNTED if known[name] != NEVER}
        if _spoke(known, int(rows.own.at[0]) + SILENCE):
            marks["spoke"] = 1
        entry = changed(made.tobytes(), sequence, marks)
        for turn in _turns(lines.verdicts):
            entry = changed(entry, sequence, {"verdict": turn})
        last = int(np.argmax(lines.events.at))
        for id_ in lines.attach_ids[last]:
            if id_ is not None:
                mine = standing_in(self._shelf.prints([id_], values[:, TOKEN_PLACES]))[0]
                self._shelf.insert(id_, with_tokens(entry, mine))

    def _outcome(self, sequence: int, report: Outcome, now: int) -> None:
        lines = self.lines([sequence])
        said = Verdict(
            sequence,
            self._world.running.knows(now),
            None if report.verdict_on is None else _micros(report.verdict_on),
            report.label,
            LABEL_SOURCES.index(report.source),
            report.confidence,
        )
        verdict = taken_back(lines.verdicts, said) if report.label == WITHDRAWN else said
        if verdict is None:
            return
        self._books.add_verdict(verdict)
        stood = lines.verdicts[-1].fraud if lines.verdicts else False
        if verdict.fraud == stood:
            self._world.learn(sequence, [("known", verdict.at)])
        else:
            self._world.learn(sequence, [("verdict", verdict.at)])
            self._mark(sequence, lines, {"verdict": _second(verdict.at)})

    def _mark(self, sequence: int, lines: Lines, marks: Mapping[str, int]) -> None:
        if marks:
            for id_ in {i for row in (*lines.rows.ids, *lines.attach_ids) for i in row}:
                if id_ is not None:
                    self._shelf.put(id_, changed(self._shelf[id_], sequence, marks))


def line_events(sequences: Sequence[int], seen: Sequence[Seen]) -> LineEvents:
    """Events by position of their registration; a registration asked about twice has them twice."""
    by: dict[int, list[Seen]] = {}
    for event in seen:
        by.setdefault(event.sequence, []).append(event)
    found = [(i, e) for i, sequence in enumerate(sequences) for e in by.get(sequence, ())]
    return LineEvents(
        np.array([i for i, _ in found], np.int32),
        np.array([e.at for _, e in found], np.int64),
        np.array([e.kind for _, e in found], np.int8),
        np.array([e.handset for _, e in found], np.int64),
        np.array([e.place for _, e in found], np.int32),
    )


def attach_ids(events: LineEvents, i: int) -> list[bytes | None]:
    """The records of the handset and of the place where an event saw its line."""
    if events.kind[i] > _ATTACH:
        return [None] * len(ATTACH_PLACE)
    keys = {"handset": int(events.handset[i]), "place": int(events.place[i])}
    return [
        record_id(kind, keys[name]) if keys[name] else None for name, kind in ATTACH_PLACE.items()
    ]


def _known(lines: Lines) -> dict[str, int]:
    own = lines.rows.own
    found = facts(lines.events, handsets=own.handset, places=own.place)
    return {name: int(found[i, 0]) for i, name in enumerate(FACTS)}


def _spoke(known: Mapping[str, int], due: int) -> bool:
    return known["attached"] <= due or known["closed"] <= due


def taken_back(verdicts: Sequence[Verdict], withdrawal: Verdict) -> Verdict | None:
    """What stands once a source takes its last word back: the last word of another source, said again.

    Where no other has spoken it is the withdrawal itself, and None where the last word was not the source's.
    """
    if not verdicts or verdicts[-1].source != withdrawal.source or verdicts[-1].withdrawn:
        return None
    last = {verdict.source: verdict for verdict in verdicts if verdict.source != withdrawal.source}
    others = [v for v in verdicts if last.get(v.source) is v and not v.withdrawn]
    return replace(others[-1], at=withdrawal.at) if others else withdrawal


def _turns(verdicts: Sequence[Verdict]) -> list[int]:
    """Seconds at which the verdict turned."""
    turns, stood = [], False
    for verdict in verdicts:
        if verdict.fraud != stood:
            turns.append(_second(verdict.at))
            stood = verdict.fraud
    return turns


def _second(at: int) -> int:
    return int(seconds_known(np.array([at]))[0])


def _micros(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)
