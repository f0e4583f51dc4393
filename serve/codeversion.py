"""Which code decides: a hash of every source file that an answer is made by."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

SERVE = Path(__file__).resolve().parent
DETECTOR = SERVE.parent / "detector"


@lru_cache(maxsize=1)
def code_version() -> str:
    """Twelve digits, the same for the same sources wherever they lie."""
    digest = hashlib.sha256()
    for path in (*sorted(DETECTOR.rglob("*.py")), SERVE / "judge.py"):
        digest.update(path.relative_to(SERVE.parent).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]
