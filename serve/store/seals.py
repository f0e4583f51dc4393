"""What names and seals the rows of a store, so that a copy of it tells nothing.

Rows are named by keyed blocks of their number or folio, and so lie in no order and join no other table.
Three kinds of content:

- a *history* opens with the token of its key (`vault`), which only a request brings;
- an *answer* opens with the folio of its registration, which only a carrier or the log knows;
- the *log* and what models learn from open with the worker's private key (`sealing`), and who somebody is in
  coarse groups with the audit's (`auditkeys`).

See decisions 0021 and 0050. Needs a cryptographer's review.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from detector.errors import KeyMissing
from detector.registration import Int64
from serve import vault
from serve.auditkeys import AuditKeys
from serve.enginekeys import EngineKey
from serve.keyed import Keyed
from serve.sealing import Opener, Sealer
from serve.store.keys import StoreKeys
from serve.vault import EPOCH_BYTES, NotOpened, Row

STREAM_BYTES, SALT_BYTES, ID_BYTES, PREFIX_BYTES = 8, 8, 16, 5
LONGEST_STREAM = 1 << 20  # boxes under one key in memory
ANSWER, HISTORY = "answer", "history"
PRINT_BITS = 48
STEP = 32  # bytes up to whose multiple a box is filled, which is all that its length tells


@dataclass(frozen=True, slots=True)
class Header:
    """What opens a stream of boxes, sealed to the worker's key of a use and an epoch."""

    id: int
    use: str
    epoch: int
    sealed: bytes


class Seals:
    """Names and boxes for one connection. `add` writes a stream's header down, `header` finds one again."""

    def __init__(
        self,
        keys: StoreKeys,
        *,
        add: Callable[[Header], None],
        header: Callable[[int], Header | None],
    ) -> None:
        self.keys = keys
        self._add, self._header = add, header
        index = keys.engine.index
        self._rows, self._items, self._numbers, self._prints = (
            _Blocks(_derived(index, purpose)) for purpose in ("rows", "items", "numbers", "prints")
        )
        self._keyed = Keyed(_derived(index, "folios"), hashlib.sha256).digest
        self._sealers: dict[str, tuple[int, EngineKey, Sealer]] = {}  # by use: stream, for whom
        self._openers: dict[int, Opener] = {}
        self._audits: dict[int, Opener | None] = {}

    def forget(self) -> None:
        """Streams begun in a transaction that never happened are begun again."""
        self._sealers.clear()

    # Names

    def rows(self, table: str, sequences: Iterable[int]) -> list[bytes]:
        """Names of registrations by their numbers in a table; the same number is another name elsewhere."""
        tag = table.encode()[:8].ljust(8)
        return self._rows.sealed([number.to_bytes(8, "big") + tag for number in sequences])

    def items(self, table: str, pairs: Iterable[tuple[int, int]]) -> list[bytes]:
        """Number and stage as one block that only the index secret reads, another one in each table."""
        tag = table.encode()[:7].ljust(7)
        return self._items.sealed([s.to_bytes(8, "big") + tag + bytes([t]) for s, t in pairs])

    def pairs(self, table: str, items: Sequence[bytes]) -> list[tuple[int, int]]:
        """Number and stage of blocks. Raises NotOpened."""
        held, tag = self._items.opened(items), table.encode()[:7].ljust(7)
        if any(one[8:15] != tag for one in held):
            raise NotOpened("a row is of another store, or damaged")
        return [(int.from_bytes(one[:8], "big"), one[15]) for one in held]

    def folio(self, folio: bytes) -> bytes:
        """The name of a registration by its folio; folios that begin alike have names that do."""
        return self.prefix(folio[:PREFIX_BYTES]) + self._keyed(b"folio" + folio)[:8]

    def prefix(self, beginning: bytes) -> bytes:
        """How the names of folios begin that begin with these five bytes."""
        return self._keyed(b"prefix" + beginning)[:8]

    def number(self, folio: bytes, sequence: int) -> bytes:
        """A number that only opens beside its folio."""
        return self._numbers.sealed([sequence.to_bytes(8, "big") + folio[:8]])[0]

    def sequences(self, pairs: Sequence[tuple[bytes, bytes]]) -> list[int]:
        """Numbers of (folio, what `number` made). Raises NotOpened."""
        held = self._numbers.opened([number for _, number in pairs])
        if any(one[8:] != folio[:8] for one, (folio, _) in zip(held, pairs, strict=True)):
            raise NotOpened("a row is of another store, or damaged")
        return [int.from_bytes(one[:8], "big") for one in held]

    def answer(self, folio: bytes, stage: int) -> bytes:
        """The name of an answer."""
        return self._keyed(b"answer" + folio)[: ID_BYTES - 1] + bytes([stage])

    def subject(self, subject: int) -> bytes:
        """The name of a person outside the histories."""
        return self._keyed(b"subject" + subject.to_bytes(8, "big", signed=True))[:ID_BYTES]

    def prints(self, ids: Int64, salts: Int64) -> Int64:
        """48-bit stand-ins of ids inside records; 0 stays 0, and nothing else becomes it.

        In a record with another salt the same id is another number: a line's record can say "the same
        holder as before" and cannot say who, nor can two records be joined. One AES block per id.
        """
        blocks = np.empty((ids.size, 2), "<i8")
        blocks[:, 0], blocks[:, 1] = ids.ravel(), salts.ravel()
        cut = self._prints.numbers(blocks) & ((1 << PRINT_BITS) - 1)
        made = np.where(cut == 0, 1, cut).reshape(ids.shape)
        return np.where(ids == 0, 0, made).astype(np.int64)

    # Boxes

    def history(self, kind: str, token: bytes) -> tuple[Row, ...]:
        """Where a key's record may lie and what opens it, the newest epoch first."""
        keys = self.keys.engine.keys
        if len(keys) == 1:
            return (vault.row(keys[0], kind, token),)
        return tuple(vault.row(key, kind, token) for key in reversed(keys))

    def for_folio(self, folio: bytes, name: bytes, content: bytes, step: int = STEP) -> bytes:
        """A box that opens with the folio."""
        return self._row(self.keys.engine.newest, folio, name).seal(content, step)

    def with_folio(self, folio: bytes, name: bytes, box: bytes) -> bytes | None:
        """What is in such a box; None where its epoch's key was destroyed. Raises NotOpened."""
        epoch = int.from_bytes(box[:EPOCH_BYTES], "big")
        self.keys.refresh(epoch)
        key = self.keys.engine.of(epoch)
        return None if key is None else self._row(key, folio, name).open(box)

    @staticmethod
    def _row(key: EngineKey, folio: bytes, name: bytes) -> Row:
        return vault.row(key, ANSWER, folio, name=name)

    def for_worker(self, use: str, name: bytes, content: bytes, step: int = STEP) -> bytes:
        """A box that only the worker opens (or, for the use AUDIT, the audit), and only as what it is named."""
        newest = self.keys.engine.newest
        stream, key, sealer = self._sealers.get(use, (0, newest, None))
        if sealer is None or key is not newest or sealer.count >= LONGEST_STREAM:
            stream, sealer = _number(), Sealer.fresh(newest.public(use), use)
            self._add(Header(stream, use, newest.epoch, sealer.header))
            self._sealers[use] = stream, newest, sealer
        return stream.to_bytes(STREAM_BYTES, "big") + sealer.seal(content, name, step)

    def by_worker(self, name: bytes, box: bytes) -> bytes | None:
        """What is in such a box; None where the key was destroyed. Raises KeyMissing and NotOpened."""
        stream = int.from_bytes(box[:STREAM_BYTES], "big")
        if stream not in self._openers:
            opener = self._opener(stream)
            if opener is None:
                return None
            self._openers[stream] = opener
        return self._openers[stream].open(box[STREAM_BYTES:], name)

    def by_auditor(self, name: bytes, box: bytes, keys: AuditKeys) -> bytes | None:
        """What is in a box for the audit; None where its key is not there. Raises NotOpened."""
        stream = int.from_bytes(box[:STREAM_BYTES], "big")
        if stream not in self._audits:
            self._audits[stream] = next(_opening(self._known_header(stream), keys.private), None)
        opener = self._audits[stream]
        return opener.open(box[STREAM_BYTES:], name) if opener else None

    def sealed_in(self, box: bytes) -> int:
        """The epoch that a box for the worker was sealed in. Raises NotOpened."""
        return self._known_header(int.from_bytes(box[:STREAM_BYTES], "big")).epoch

    def _opener(self, stream: int) -> Opener | None:
        if self.keys.worker is None:
            raise KeyMissing(
                "the log opens with the worker's keys only: set SIMVIGIA_WORKER_KEY_FILE"
            )
        header = self._known_header(stream)
        self.keys.refresh(header.epoch)
        private = self.keys.worker.private.get((header.use, header.epoch))
        return None if private is None else Opener.of(header.sealed, private, header.use)

    def _known_header(self, stream: int) -> Header:
        header = self._header(stream)
        if header is None:
            raise NotOpened("a box of the log is of a stream that is not here")
        return header


def _opening(header: Header, private: Iterable[X25519PrivateKey]) -> Iterator[Opener]:
    """What opens a stream, of the keys that do."""
    for key in private:
        with contextlib.suppress(NotOpened):
            yield Opener.of(header.sealed, key, header.use)


class _Blocks:
    """AES on single blocks, each a whole input of its own: names without order, from names with one."""

    def __init__(self, key: bytes) -> None:
        cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305 - no two inputs are the same
        self._sealer: CipherContext = cipher.encryptor()
        self._opener: CipherContext = cipher.decryptor()

    def sealed(self, blocks: Sequence[bytes]) -> list[bytes]:
        return _cut(self._sealer.update(b"".join(blocks)))

    def opened(self, blocks: Sequence[bytes]) -> list[bytes]:
        return _cut(self._opener.update(b"".join(blocks)))

    def numbers(self, blocks: Int64) -> Int64:
        """The first half of each block."""
        made = self._sealer.update(blocks.tobytes())
        return np.frombuffer(made, "<i8").reshape(-1, 2)[:, 0]


def _cut(text: bytes) -> list[bytes]:
    return [text[at : at + ID_BYTES] for at in range(0, len(text), ID_BYTES)]


def _derived(secret: bytes, purpose: str) -> bytes:
    info = f"simvigia/index/{purpose}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret)


def _number() -> int:
    return int.from_bytes(os.urandom(STREAM_BYTES), "big") >> 1
