"""Is the log the one that was written? Found out by anybody who kept a checkpoint, and the place named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from serve.audit.checkpoints import Checkpoint
from serve.audit.log import OVERHEAD, is_torn, records
from serve.audit.records import LONGEST
from serve.audit.storage import Storage
from serve.audit.tree import Tree


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault: what it looks like, and the records (first, last) among which it lies."""

    fault: str  # changed | moved | torn | rewritten | shortened
    first: int
    last: int

    def __str__(self) -> str:
        place = f"record {self.first}" if self.first == self.last else f"{self.first}–{self.last}"
        return f"{WORDS[self.fault]}: {place}"


WORDS = {
    "changed": "a record is not the one that was chained here",
    "moved": "a record stands at another place: one was taken out, put in or moved",
    "torn": "the log ends inside a record",
    "rewritten": "records differ from those a kept checkpoint signed",
    "shortened": "records that a kept checkpoint signed are gone",
}


@dataclass(frozen=True, slots=True)
class Report:
    """How many records there are, and every fault found; none means that the log is whole."""

    records: int
    root: bytes
    findings: tuple[Finding, ...]


def verify(storage: Storage, kept: Sequence[Checkpoint] = ()) -> Report:
    """Read the whole log against its own chain and against kept checkpoints (their signatures checked)."""
    tree, findings, end, stood = Tree(), list[Finding](), 0, True
    for record in records(storage):
        at = len(tree)
        sound = record.chained and record.number == at
        if not sound and stood:
            findings.append(Finding("changed" if record.number == at else "moved", at, at))
        stood = sound
        tree.append(record.leaf)
        end = record.end
    if rest := storage.read(end, OVERHEAD + LONGEST + 1):
        fault = "torn" if is_torn(rest, len(tree)) else "changed"
        findings.append(Finding(fault, len(tree), len(tree)))
    return Report(len(tree), tree.root(), (*findings, *_against(tree, kept)))


def _against(tree: Tree, kept: Sequence[Checkpoint]) -> list[Finding]:
    """The first checkpoint that does not hold bounds the place with the last that does."""
    sound = 0
    for checkpoint in sorted(kept, key=lambda each: each.size):
        if checkpoint.size > len(tree):
            return [Finding("shortened", len(tree), checkpoint.size - 1)]
        if tree.root(checkpoint.size) != checkpoint.root:
            return [Finding("rewritten", sound, max(sound, checkpoint.size - 1))]
        sound = checkpoint.size
    return []
