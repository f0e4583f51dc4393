"""Files that hold secrets: JSON, readable by their owner alone, replaced whole, never quoted."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

from detector.errors import KeyMissing


def read(path: Path, what: str, version: int) -> dict[str, Any]:
    """What the file holds. Raises KeyMissing where it is none of ours, without a word of its text."""
    try:
        held = json.loads(path.read_text("utf-8"))
    except OSError as fault:
        raise KeyMissing(f"cannot read the {what} {path.name}: {fault.strerror}") from None
    except ValueError:
        raise KeyMissing(f"{path.name} is not a {what}") from None
    if not isinstance(held, dict) or held.get("format") != version:
        raise KeyMissing(f"{path.name} is not a {what} of this format")
    return held


def write(path: Path, content: dict[str, Any]) -> None:
    """Write the file whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(json.dumps(content) + "\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def text_of(secret: bytes) -> str:
    """A secret as the file holds it."""
    return base64.b64encode(secret).decode()


def secret_of(text: str) -> bytes:
    """The secret behind a text. Raises ValueError, which whoever reads the file turns into KeyMissing."""
    return base64.b64decode(text, validate=True)
