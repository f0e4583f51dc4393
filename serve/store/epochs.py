"""A new epoch of a store's keys, and the end of an old one: both are told in the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from detector.errors import KeyMissing
from serve import enginekeys
from serve.audit import ledger
from serve.enginekeys import FROZEN, LOG, USES, EngineKeys, WorkerKeys
from serve.store.books import Books
from serve.store.database import Connection
from serve.store.forgetting import shrink
from serve.store.keys import StoreKeys, begin_audit
from serve.store.retention import expire_to as set_log_expired
from serve.store.retention import expired as log_expired
from serve.vault import EPOCH_BYTES

KEY_EVENT = "key"
TOGETHER = 1_000  # rows looked at together


@dataclass(frozen=True, slots=True)
class Epoch:
    """What still opens of an epoch, and how many histories lie in it."""

    number: int
    histories: int
    opens: tuple[str, ...]  # "histories" and of USES
    newest: bool


def epochs(books: Books) -> list[Epoch]:
    """Every epoch that a store was written in, or that its keys know."""
    own, keys = books.own, books.seals.keys
    found = dict.fromkeys([key.epoch for key in keys.engine.keys], 0)
    found |= dict.fromkeys([number for (number,) in own.rows("SELECT epoch FROM epochs")], 0)
    rows = own.rows(
        f"SELECT SUBSTR(record, 1, {EPOCH_BYTES}), COUNT(*) FROM histories GROUP BY 1"  # noqa: S608
    )
    found |= {int.from_bytes(bytes(epoch), "big"): count for epoch, count in rows}
    private = keys.worker.private if keys.worker else {}
    return [
        Epoch(
            number,
            count,
            (*(["histories"] if keys.engine.of(number) else []),
             *(use for use in USES if (use, number) in private)),
            number == keys.engine.newest.epoch,
        )
        for number, count in sorted(found.items())
    ]  # fmt: skip


def rotate(books: Books, at: datetime) -> int:
    """Begin a new epoch; its number. The worker's file is written first: nothing is sealed to nobody.

    Raises KeyMissing where one of the two files is not at hand.
    """
    own, keys = books.own, books.seals.keys
    (engine_file, worker_file), worker = _files(keys)
    engine, worker = enginekeys.rotated(keys.engine, worker)
    worker.save(worker_file)
    engine.save(engine_file)
    with own.writing():
        ledger.note(own, KEY_EVENT, at=at, facts=_facts("begun", engine.newest.epoch))
    return engine.newest.epoch


def audit(books: Books, public: bytes, at: datetime) -> None:
    """Seal groups to another key of the audit's from now on. Raises KeyMissing."""
    begin_audit(books.seals.keys, public)
    with books.own.writing():
        facts = _facts("audited", books.seals.keys.engine.newest.epoch)
        ledger.note(books.own, KEY_EVENT, at=at, facts=facts)


def destroy(books: Books, epoch: int, at: datetime, *, frozen: bool = False) -> int:
    """End an old epoch: what nobody touched since opens no more, here or in any backup; how many histories.

    The log of that epoch goes with it, and with `frozen` also its vectors and verdicts. What the newest
    epoch still needs is sealed in it first: the journal, and where vectors are found. Raises KeyMissing for
    the newest epoch or one that is not there.
    """
    keys = books.seals.keys
    (engine_file, worker_file), worker = _files(keys)
    engine: EngineKeys = keys.engine
    if engine.of(epoch) is not None:
        engine = engine.destroyed(epoch)
    elif not frozen or (FROZEN, epoch) not in worker.private:
        raise KeyMissing(f"the ring holds no older key of epoch {epoch}")
    _carried_on(books, epoch)
    engine.save(engine_file)
    worker.destroyed(epoch, uses=(LOG, FROZEN) if frozen else (LOG,)).save(worker_file)
    return _swept(books.own, epoch, at, frozen=frozen)


def _carried_on(books: Books, epoch: int) -> None:
    """Seal anew what has to outlive an epoch; its log shrinks to what finds vectors and verdicts."""
    with books.own.writing():
        done = last = log_expired(books)
        while page := books.sealed_in(range(last + 1, last + 1 + TOGETHER)):
            old = [sequence for sequence, sealed in page.items() if sealed <= epoch]
            shrink(books, old)
            last = max(old, default=last)
            if len(old) < len(page):
                break
        if last > done:
            set_log_expired(books, last)
        after = 0
        while entries := books.journal(after, TOGETHER):
            for id_, text in entries:
                books.put_journal(id_, text)
                after = id_


def _swept(own: Connection, epoch: int, at: datetime, *, frozen: bool) -> int:
    """Drop the rows that nothing opens any more."""
    mark = epoch.to_bytes(EPOCH_BYTES, "big")
    where = f"WHERE SUBSTR(record, 1, {EPOCH_BYTES}) = ?"
    with own.writing():
        gone = int(own.rows(f"SELECT COUNT(*) FROM histories {where}", [mark])[0][0])  # noqa: S608
        for table in ("histories", "tails"):
            own.run(f"DELETE FROM {table} {where}", [mark])  # noqa: S608
        ledger.note(own, KEY_EVENT, at=at, facts=_facts("destroyed", epoch, frozen=str(frozen)))
    return gone


def _facts(what: str, epoch: int, **more: str) -> dict[str, str]:
    return {"event": what, "epoch": str(epoch), **more}


def _files(keys: StoreKeys) -> tuple[tuple[Path, Path], WorkerKeys]:
    if keys.files is None or keys.files[1] is None or keys.worker is None:
        raise KeyMissing("both key files are needed: the engine's and the worker's")
    return (keys.files[0], keys.files[1]), keys.worker
