"""Keyed tokens: what stands for an identity, a number or a device behind the door.

A token is the AES-CMAC (RFC 4493) of the value under a key of its domain, and that key is
HKDF-SHA256 (RFC 5869) of the master key with the domain's name. So a device cannot be mistaken for
a contact of the same text, and without the key no token can be tried out (a plain hash of all CURPs
is computed in seconds). As text a token is `tok1:` and 22 characters of base64url; behind the door
it is its first eight bytes as an integer. Needs a cryptographer's review before a country relies on
it.
"""

from __future__ import annotations

import base64
import binascii
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol, Self

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from detector.compiled import njit
from detector.errors import KeyMissing
from detector.registration import Bool, Int16, Int32, Int64
from detector.spans import ABSENT, Bytes, Spans, from_matrix

KEY_FILE, KEY = "SIMVIGIA_KEY_FILE", "SIMVIGIA_KEY"
DOMAINS = (
    "identity",
    "root",
    "line",
    "sim",
    "block",
    "handset",
    "model",
    "device",
    "ip",
    "network",
    "line_block",
    "contact",
    "agent",
    "pos",
    "registration",  # carrier and folio: joins the tables of a data folder
    "foreign",  # tokens that another client made in a form of its own
)
PREFIX = b"tok1:"
TOKEN_BYTES = 16
TOKEN_CHARACTERS = 22
ALPHABET = np.frombuffer(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", np.uint8
)
POSITIONS = np.full(256, -1, np.int16)
POSITIONS[ALPHABET] = np.arange(64)


@dataclass(frozen=True)
class Key:
    """The master secret, 32 bytes. Its text form never shows it."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != 32:
            raise KeyMissing("The pseudonym key must be 32 bytes, in base64 or hexadecimal")

    @classmethod
    def load(cls, path: Path | None = None, environment: Mapping[str, str] = os.environ) -> Self:
        """The key in `path`, else in the file that SIMVIGIA_KEY_FILE names, else in SIMVIGIA_KEY.

        Raises KeyMissing where there is none or it is not 32 bytes in base64 or hexadecimal.
        """
        named = path or (Path(environment[KEY_FILE]) if environment.get(KEY_FILE) else None)
        if named is not None:
            return cls(_secret(_key_text(named)))
        if environment.get(KEY):
            return cls(_secret(environment[KEY]))
        raise KeyMissing(
            f"No pseudonym key: set {KEY_FILE} to a file that holds 32 bytes in base64 "
            f"(or {KEY} to the text itself)"
        )

    @classmethod
    def fresh(cls) -> Self:
        """A new random key that nothing keeps: for a run whose tokens are forgotten with it."""
        return cls(os.urandom(32))

    @classmethod
    def generate(cls, path: Path) -> Self:
        """A new random key, written to `path`, which only its owner may read.

        Raises KeyMissing where the file exists: overwriting it would orphan every token made with it.
        """
        key = cls.fresh()
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as fault:
            raise KeyMissing(f"Cannot write a new key to {path}: {fault.strerror}") from None
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(key.secret) + b"\n")
        return key


def _key_text(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except OSError as fault:
        raise KeyMissing(f"Cannot read the key file {path}: {fault.strerror}") from None
    except UnicodeDecodeError:
        raise KeyMissing(f"The key file {path} does not hold base64 or hexadecimal") from None


def _secret(text: str) -> bytes:
    packed = text.strip()
    try:
        if len(packed) == 64:
            return bytes.fromhex(packed)
        return base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        # The text is the secret: neither it nor the parser's message may leave.
        raise KeyMissing("The pseudonym key must be 32 bytes, in base64 or hexadecimal") from None


class TokenSource(Protocol):
    """Whoever makes tokens of values: a key held here, or a custodian that sees them blinded."""

    def tokens(self, domain: str, values: Spans) -> Bytes:
        """A token of 16 bytes per value, all zero where the value is missing."""
        ...


class Pseudonymiser:
    """Turns values into tokens under one key. Safe to share between threads."""

    def __init__(self, key: Key) -> None:
        self._macs = {domain: _Mac(_domain_key(key, domain)) for domain in DOMAINS}

    def token(self, domain: str, text: str) -> str:
        """The token of one canonical value, as text: `tok1:` and 22 characters."""
        encoded = text.encode()
        data = np.frombuffer(encoded, np.uint8)
        lengths = np.array([len(encoded)], np.int32)
        value = self.tokens(domain, Spans(data, np.zeros(1, np.int64), lengths))
        return token_texts(value, np.ones(1, np.bool_)).value(0).decode()

    def tokens(self, domain: str, values: Spans) -> Bytes:
        """A token of 16 bytes per value, all zero where the value is missing."""
        return self._macs[domain].of(values)

    def ids(self, domain: str, values: Spans) -> Int64:
        """The engine's key per value, 0 where the value is missing."""
        return token_ids(self.tokens(domain, values), values.present)

    def given(self, values: Spans) -> Bytes:
        """The 16 bytes behind token texts; a text that is not of our form is keyed as it stands."""
        decoded, ours = _decoded(values.data, values.starts, values.lengths, POSITIONS)
        foreign = np.flatnonzero(values.present & ~ours)
        if len(foreign):
            decoded[foreign] = self.tokens("foreign", values.take(foreign))
        return decoded


def token_ids(tokens: Bytes, present: Bool) -> Int64:
    """The first eight bytes as an integer: 0 where the value is missing, never 0 where it is not."""
    ids = np.ascontiguousarray(tokens).view("<i8")[:, 0].astype(np.int64)
    return np.where(present, np.where(ids == 0, 1, ids), 0)


def token_texts(tokens: Bytes, present: Bool) -> Spans:
    """Tokens in their text form."""
    texts = np.empty((len(tokens), len(PREFIX) + TOKEN_CHARACTERS), np.uint8)
    texts[:, : len(PREFIX)] = np.frombuffer(PREFIX, np.uint8)
    _encode(np.ascontiguousarray(tokens), ALPHABET, texts)
    return from_matrix(texts, np.where(present, texts.shape[1], ABSENT).astype(np.int32))


def _domain_key(key: Key, domain: str) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=TOKEN_BYTES, salt=None, info=domain.encode())
    return derivation.derive(key.secret)


class _Mac:
    """AES-CMAC over columns: one library call of AES per block position for a whole column."""

    def __init__(self, key: bytes) -> None:
        self._cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305 - the core of CMAC
        self._threads = (
            threading.local()
        )  # a context each: to make one costs more than a few blocks

    @cached_property
    def _subkeys(self) -> Bytes:
        zero = self._encrypted(np.zeros((1, TOKEN_BYTES), np.uint8)).tobytes()
        first = _doubled(int.from_bytes(zero, "big"))
        both = first.to_bytes(16, "big") + _doubled(first).to_bytes(16, "big")
        return np.frombuffer(both, np.uint8).reshape(2, TOKEN_BYTES)

    def _encrypted(self, blocks: Bytes) -> Bytes:
        if not hasattr(self._threads, "context"):
            self._threads.context = self._cipher.encryptor()
        out = self._threads.context.update(blocks.data.cast("B"))
        return np.frombuffer(out, np.uint8).reshape(-1, TOKEN_BYTES)

    def of(self, values: Spans) -> Bytes:
        """The MAC of each value; zeros where it is missing."""
        state = np.zeros((len(values), TOKEN_BYTES), np.uint8)
        rows, position = np.flatnonzero(values.present), 0
        while len(rows):
            blocks = _mixed(
                values.data, values.starts, values.lengths, rows, position, self._subkeys, state
            )
            if len(rows) == len(values):
                state = self._encrypted(blocks).copy()  # what a library returns is read-only
            else:
                state[rows] = self._encrypted(blocks)
            position += 1
            rows = rows[values.lengths[rows] > position * TOKEN_BYTES]
        return state


def _doubled(value: int) -> int:
    """Multiplication by x in GF(2^128), RFC 4493 section 2.3."""
    shifted = value << 1
    return (shifted & ((1 << 128) - 1)) ^ (0x87 if value >> 127 else 0)


@njit(nogil=True, cache=True)
def _mixed(
    data: Bytes,
    starts: Int64,
    lengths: Int32,
    rows: Int64,
    position: int,
    subkeys: Bytes,
    state: Bytes,
) -> Bytes:
    """State XOR the block at `position`; the last block padded and mixed with its subkey."""
    blocks = np.empty((len(rows), 16), np.uint8)
    for i in range(len(rows)):
        row = rows[i]
        left = lengths[row] - position * 16
        base = starts[row] + position * 16
        for j in range(16):
            byte = state[row, j]
            if j < left:
                byte ^= data[base + j]
            elif j == left:
                byte ^= np.uint8(0x80)
            if left == 16:
                byte ^= subkeys[0, j]
            elif left < 16:
                byte ^= subkeys[1, j]
            blocks[i, j] = byte
    return blocks


@njit(nogil=True, cache=True)
def _encode(tokens: Bytes, alphabet: Bytes, texts: Bytes) -> None:
    for i in range(len(tokens)):
        for j in range(22):
            bit = j * 6
            pair = np.uint32(tokens[i, bit >> 3]) << 8
            if (bit >> 3) + 1 < 16:
                pair |= np.uint32(tokens[i, (bit >> 3) + 1])
            texts[i, 5 + j] = alphabet[(pair >> (10 - (bit & 7))) & 63]


@njit(nogil=True, cache=True)
def _decoded(data: Bytes, starts: Int64, lengths: Int32, positions: Int16) -> tuple[Bytes, Bool]:
    """Bytes of token texts and whether each is of our own form, bit for bit."""
    out = np.zeros((len(starts), 16), np.uint8)
    ours = np.zeros(len(starts), np.bool_)
    for i in range(len(starts)):
        if lengths[i] != 27:
            continue
        base, whole, fine = starts[i] + 5, np.uint32(0), True
        bits = filled = 0
        for j in range(22):
            digit = positions[data[base + j]]
            if digit < 0:
                fine = False
                break
            whole = ((whole << np.uint32(6)) | np.uint32(digit)) & np.uint32(0xFFFF)
            bits += 6
            if bits >= 8:
                bits -= 8
                out[i, filled] = (whole >> np.uint32(bits)) & np.uint32(255)
                filled += 1
        ours[i] = fine and (whole & np.uint32(15)) == 0
    return out, ours
