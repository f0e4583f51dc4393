"""The one way to a compiled kernel: numba's decorators, with a cache that no change of source outlives.

Numba checks only the file of the kernel that is called, not those of the kernels and constants that
are compiled into it. Here the cache's folder is named after all sources of the package, so an edit or an
upgrade of any of them compiles anew. NUMBA_CACHE_DIR is respected.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import numba
from numba import njit

__all__ = ["njit"]

_PACKAGE = Path(__file__).resolve().parent


def _fingerprint() -> str:
    """A hash of every source that kernels are made of."""
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sorted(_PACKAGE.glob("**/*.py")):
        if b"njit" in (text := source.read_bytes()) or source.parent == _PACKAGE:
            digest.update(text)
    return digest.hexdigest()[:16]


def _cache_folder() -> Path:
    named = os.environ.get("NUMBA_CACHE_DIR")
    beside = _PACKAGE / "__pycache__"
    if named:
        return Path(named)
    if os.access(_PACKAGE, os.W_OK):
        return beside
    return Path(tempfile.gettempdir()) / f"simvigia-{os.getuid()}"


vars(numba.config)["CACHE_DIR"] = str(_cache_folder() / f"kernels-{_fingerprint()}")
