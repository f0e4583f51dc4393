"""What was answered, which opens with the folio; the vectors it was answered from are the worker's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from serve.enginekeys import FROZEN
from serve.store.answers import answer_in, answered
from serve.store.database import Connection
from serve.store.log import Log
from serve.vault import NotOpened

STAGES_OF = range(4)  # an answer may be there for each stage


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered about a registration at a stage, and the vector it was answered from."""

    sequence: int
    stage: int
    moment: int
    as_of: int
    answer: bytes
    vector: bytes


class Given(Log):
    """Answers by registration, and the order in which they were given."""

    def __init__(self, own: Connection) -> None:
        super().__init__(own)
        self._wordings: dict[int, bytes] = {}
        self._numbers: dict[bytes, int] = {}

    def forget(self) -> None:
        """What a transaction that never happened left in memory."""
        super().forget()
        self._wordings.clear()
        self._numbers.clear()

    def answers(self, sequences: Iterable[int]) -> dict[int, list[Answer]]:
        """What was answered about registrations, by stage, with the vectors."""
        return self.answered(self.folios(sequences), vectors=True)

    def answers_to(self, folios: Mapping[bytes, int]) -> dict[bytes, list[Answer]]:
        """The same by folio (with its sequence), for whoever may not read the log: without vectors."""
        found = self.answered({s: folio for folio, s in folios.items()}, vectors=False)
        return {folio: found[sequence] for folio, sequence in folios.items() if sequence in found}

    def answered(self, folios: Mapping[int, bytes], *, vectors: bool) -> dict[int, list[Answer]]:
        """The same, where sequences and folios are both at hand."""
        names = {
            self.seals.answer(folio, stage): (sequence, stage)
            for sequence, folio in folios.items()
            for stage in STAGES_OF
        }
        frozen = dict(self._vectors(names)) if vectors else {}
        by: dict[int, list[Answer]] = {}
        for name, box in self.found("SELECT id, answer FROM assessments WHERE id IN", names):
            sequence, stage = names[name]
            text = self.seals.with_folio(folios[sequence], name, box or b"")
            if text is not None:
                said = answer_in(text, self._wording)
                made = Answer(sequence, stage, *said, frozen.get(name, b""))
                by.setdefault(sequence, []).append(made)
        return {s: sorted(by[s], key=lambda a: (a.stage, a.moment)) for s in sorted(by)}

    def all_answers(self, folios: Mapping[bytes, int]) -> Iterator[Answer]:
        """Every answer to registrations, whose sequences are given by folio: in no order, without vectors."""
        names = {self.seals.answer(folio, 0)[:-1]: (folio, s) for folio, s in folios.items()}
        for name, box in self.whole("assessments", "answer"):
            if (known := names.get(name[:-1])) is None:
                continue
            folio, sequence = known
            text = self.seals.with_folio(folio, name, box or b"")
            if text is not None:
                yield Answer(sequence, name[-1], *answer_in(text, self._wording), b"")

    def _vectors(self, names: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
        for name, box in self.found("SELECT id, vector FROM assessments WHERE id IN", names):
            text = self.seals.by_worker(name, box) if box is not None else None
            if text is not None:
                yield name, text

    def add_answers(self, answers: Iterable[Answer], folios: Mapping[int, bytes]) -> None:
        """Keep what is answered, and the order in which it was."""
        made = list(answers)
        names = [self.seals.answer(folios[a.sequence], a.stage) for a in made]
        self.own.run_many(
            "INSERT INTO assessments (id, answer, vector) VALUES (?, ?, ?)",
            sorted(
                (
                    name,
                    self.seals.for_folio(folios[a.sequence], name, answered(a, self._number)),
                    self.seals.for_worker(FROZEN, name, a.vector),
                )
                for a, name in zip(made, names, strict=True)
            ),
        )
        self.own.run_many(
            "INSERT INTO given (id, item) VALUES ((SELECT COALESCE(MAX(id), 0) + 1 FROM given), ?)",
            [(item,) for item in self.seals.items("given", ((a.sequence, a.stage) for a in made))],
        )

    def _number(self, words: bytes) -> int:
        """What stands for what an answer was made with; the caller holds the writer lock."""
        if words not in self._numbers:
            text = words.decode()
            found = self.own.rows("SELECT id FROM wordings WHERE words = ?", [text])
            if not found:
                found = self.own.rows("SELECT COALESCE(MAX(id), 0) + 1 FROM wordings")
                self.own.run("INSERT INTO wordings (id, words) VALUES (?, ?)", [found[0][0], text])
            self._numbers[words] = int(found[0][0])
        return self._numbers[words]

    def _wording(self, number: int) -> bytes:
        if number not in self._wordings:
            found = self.own.rows("SELECT words FROM wordings WHERE id = ?", [number])
            if not found:
                raise NotOpened("an answer was made with something that is not here")
            self._wordings[number] = str(found[0][0]).encode()
        return self._wordings[number]

    def given_after(self, id_: int, most: int) -> list[tuple[int, int, int]]:
        """Answers in the order in which they were given: (number in this order, sequence, stage)."""
        found = self.own.rows(
            "SELECT id, item FROM given WHERE id > ? ORDER BY id LIMIT ?", [id_, most]
        )
        pairs = self.seals.pairs("given", [bytes(item) for _, item in found])
        return [(number, s, t) for (number, _), (s, t) in zip(found, pairs, strict=True)]

    def last_given(self) -> int:
        """The number of the last answer in the order in which they were given."""
        return int(self.own.rows("SELECT COALESCE(MAX(id), 0) FROM given")[0][0])
