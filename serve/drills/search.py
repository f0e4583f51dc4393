"""Looks for values in bytes, however they were written down: ten encodings, and what is compressed."""

from __future__ import annotations

import base64
import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

GZIP, ZLIB = b"\x1f\x8b\x08", (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")


def _inside(value: bytes, at: int) -> bytes:
    """What base64 of a text has of a value that begins so many bytes after a group of three."""
    whole = base64.b64encode(bytes(at) + value)
    start = -(-8 * at // 6)
    return whole[start : (8 * (at + len(value))) // 6]


def _digests(digest: bytes) -> list[bytes]:
    return [digest, digest.hex().encode(), base64.b64encode(digest)]


def _numbers(value: str) -> list[bytes]:
    """A value of digits as databases keep whole numbers."""
    digits = value.removeprefix("+")
    if not digits.isdecimal() or not 10**9 < int(digits) < 2**63:
        return []
    return [int(digits).to_bytes(8, order) for order in ("big", "little")]


ENCODINGS: Mapping[str, Callable[[str], Sequence[bytes]]] = {
    "as it is": lambda v: [v.encode(), v.upper().encode(), v.lower().encode()],
    "reversed": lambda v: [v[::-1].encode()],
    "hexadecimal": lambda v: [v.encode().hex().encode(), v.encode().hex().upper().encode()],
    "base64": lambda v: [_inside(v.encode(), at) for at in range(3)],
    "percent": lambda v: [quote(v, safe="").encode()],
    "UTF-16": lambda v: [v.encode("utf-16-le"), v.encode("utf-16-be")],
    "MD5": lambda v: _digests(hashlib.md5(v.encode(), usedforsecurity=False).digest()),
    "SHA-1": lambda v: _digests(hashlib.sha1(v.encode(), usedforsecurity=False).digest()),
    "SHA-256": lambda v: _digests(hashlib.sha256(v.encode()).digest()),
    "number": _numbers,
}


@dataclass(frozen=True, slots=True)
class Hit:
    """A value was found: in which file, which value by its name, in which encoding."""

    file: str
    value: str
    encoding: str


def needles(values: Mapping[str, str]) -> list[tuple[bytes, str, str]]:
    """What to look for: bytes, the value's name, the encoding."""
    return [
        (needle, name, encoding)
        for name, value in values.items()
        for encoding, made in ENCODINGS.items()
        for needle in dict.fromkeys(made(value))
    ]


def hits(folder: Path, values: Mapping[str, str]) -> list[Hit]:
    """Every value in every file below a folder, names of files included."""
    wanted, found = needles(values), list[Hit]()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder).as_posix()
        for content in layers(name.encode() + b"\n" + path.read_bytes()):
            found += [Hit(name, v, how) for needle, v, how in wanted if needle in content]
    return list(dict.fromkeys(found))


def layers(content: bytes) -> Iterator[bytes]:
    """The content, and what is compressed inside it."""
    yield content
    for mark in (GZIP, *ZLIB):
        at = content.find(mark)
        while at >= 0:
            if inflated := _inflated(content[at : at + 1_000_000], mark == GZIP):
                yield inflated
            at = content.find(mark, at + 1)


def _inflated(content: bytes, is_gzip: bool) -> bytes:
    reader = zlib.decompressobj(31 if is_gzip else 15)
    try:
        return reader.decompress(content)
    except zlib.error:
        return b""


def compressed(content: bytes) -> bytes:
    """As a rotated log has it."""
    return gzip.compress(content, mtime=0)
