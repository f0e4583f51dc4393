"""What names and boxes cost an answer: the engine over a sealed store, beside a cipher that does nothing.

python -m benchmarks.sealing [registrations]

The null cipher keeps names, sizes and padding and leaves out all cryptography; only this file can load it.
Both answer the same registrations by turns, in one run, in transactions of 1 and of 16.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from detector.model import artefact
from detector.pseudonym import Key, Pseudonymiser
from detector.registration import Int64
from serve.assembly import MODELS
from serve.auditkeys import AuditKeys
from serve.drills.people import curp_of, registration
from serve.engine import Engine, Question
from serve.judge import Judge
from serve.store.books import Books
from serve.store.database import connect
from serve.store.keys import StoreKeys
from serve.store.seals import Seals
from serve.vault import Row, padded, unpadded

START, APART = datetime(2026, 3, 1, tzinfo=UTC), timedelta(seconds=20)
TOGETHER = (1, 16)
TURNS, WARM = 12, 64


class NullRow(Row):
    """A row whose box is its content, filled up."""

    __slots__ = ()

    def __init__(self, id_: bytes) -> None:
        self.epoch, self.id = 1, id_

    @property
    def beside(self) -> NullRow:
        """Elsewhere, as ours is."""
        return NullRow(self.id + b"+")

    def seal(self, content: bytes, step: int = 0) -> bytes:
        """Filled up as ours are."""
        return padded(content, step)

    def open(self, box: bytes) -> bytes:
        """What was filled up."""
        return unpadded(box)


class NullSeals(Seals):
    """The same names for the same things, without any cryptography."""

    def rows(self, table: str, sequences: Iterable[int]) -> list[bytes]:
        """Number and table."""
        tag = table.encode()[:8].ljust(8)
        return [number.to_bytes(8, "big") + tag for number in sequences]

    def items(self, table: str, pairs: Iterable[tuple[int, int]]) -> list[bytes]:
        """Number and stage."""
        return [s.to_bytes(8, "big") + bytes(7) + bytes([t]) for s, t in pairs]

    def pairs(self, table: str, items: Sequence[bytes]) -> list[tuple[int, int]]:
        """Number and stage again."""
        return [(int.from_bytes(one[:8], "big"), one[15]) for one in items]

    def folio(self, folio: bytes) -> bytes:
        """The folio."""
        return folio

    def number(self, folio: bytes, sequence: int) -> bytes:
        """The number."""
        return sequence.to_bytes(16, "big")

    def sequences(self, pairs: Sequence[tuple[bytes, bytes]]) -> list[int]:
        """The numbers."""
        return [int.from_bytes(number, "big") for _, number in pairs]

    def answer(self, folio: bytes, stage: int) -> bytes:
        """Folio and stage."""
        return folio[:15] + bytes([stage])

    def prints(self, ids: Int64, salts: Int64) -> Int64:
        """48 bits of each id."""
        return np.where(ids == 0, 0, (ids & ((1 << 48) - 1)) | 1).astype(np.int64)

    def history(self, kind: str, token: bytes) -> tuple[Row, ...]:
        """Kind and token."""
        return (NullRow(kind.encode()[-8:] + token),)

    def for_folio(self, folio: bytes, name: bytes, content: bytes, step: int = 64) -> bytes:
        """Filled up."""
        return padded(content, step)

    def with_folio(self, folio: bytes, name: bytes, box: bytes) -> bytes | None:
        """What was filled up."""
        return unpadded(box)

    def for_worker(self, use: str, name: bytes, content: bytes, step: int = 64) -> bytes:
        """Filled up."""
        return padded(content, step)

    def by_worker(self, name: bytes, box: bytes) -> bytes | None:
        """What was filled up."""
        return unpadded(box)


def engine(path: Path, seals: type[Seals], *, now: datetime) -> Engine:
    """Over an empty store that somebody audits; its clock stands still."""
    keys = StoreKeys.fresh()
    keys.engine = keys.engine.audited_by(AuditKeys(()).with_fresh().public)
    own = connect(f"sqlite:///{path}", keys)
    assert own.seals is not None
    if seals is not Seals:
        own.seals = seals(own.seals.keys, add=lambda _: None, header=lambda _: None)
    model = artefact.load(MODELS / "champion")
    return Engine(
        Books(own),
        pseudonymiser=Pseudonymiser(Key.fresh()),
        body_key=bytes(32),
        judge=Judge(lambda: model, policy="bench"),
        clock=lambda: int(now.timestamp() * 1e6),
    )


def question(number: int) -> Question:
    """One of many people, at one of a few shops."""
    at = START + number * APART
    who = curp_of(number * 7 % 5_000)
    return Question(dict(registration(number, at, identity_value=who)), imported=True)


def answered(one: Engine, asked: Sequence[Question]) -> None:
    """Ask. Raises what was told instead of an assessment: a refusal costs nothing."""
    for told in one.take(asked):
        if isinstance(told, Exception):
            raise told


def milliseconds(work: Callable[[], object]) -> float:
    """How long it took."""
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1e3


def main(registrations: int) -> None:
    """Measure and print."""
    everything = WARM + len(TOGETHER) * registrations
    with tempfile.TemporaryDirectory() as scratch:
        engines = {
            name: engine(Path(scratch) / f"{name}.db", seals, now=START + everything * APART)
            for name, seals in (("sealed", Seals), ("null", NullSeals))
        }
        for one in engines.values():  # kernels are compiled and files grow once
            one.take([question(n) for n in range(WARM)])
        for base, together in zip(range(WARM, everything, registrations), TOGETHER, strict=True):
            spent: dict[str, list[float]] = {name: [] for name in engines}
            for turn in range(TURNS):
                span = range(registrations * turn // TURNS, registrations * (turn + 1) // TURNS)
                for name, one in engines.items():
                    for first in range(span.start, span.stop, together):
                        numbers = range(first, min(first + together, span.stop))
                        asked = [question(base + n) for n in numbers]
                        spent[name].append(milliseconds(lambda e=one, a=asked: answered(e, a)))  # type: ignore[misc]
            halves = {name: np.median(some) for name, some in spent.items()}
            rates = {name: registrations / sum(some) * 1e3 for name, some in spent.items()}
            print(
                f"{together:>3} together: p50 {halves['sealed']:.2f} ms sealed, {halves['null']:.2f} ms null:"
                f" {halves['sealed'] / halves['null']:.2f} times;"
                f" {rates['sealed']:,.0f} a second, {rates['null']:,.0f} null:"
                f" {rates['sealed'] / rates['null']:.2f} times"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3_000)
