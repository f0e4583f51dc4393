"""What is done through the portal, told to the audit log. The default keeps it in the store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from serve.deliveries.queue import micros
from serve.store.coarse import hour
from serve.store.database import Connection


@dataclass(frozen=True, slots=True)
class Act:
    """One thing done. `about` is a keyed hash of the subject; `detail` holds nothing of a person."""

    act: str
    at: datetime
    about: bytes
    detail: str = ""


Audit = Callable[[Connection, Act], None]


def kept(own: Connection, act: Act) -> None:
    """Keep an act by its hour, inside the transaction that does it."""
    own.run(
        "INSERT INTO portal_acts (at, act, about, detail) VALUES (?, ?, ?, ?)",
        [hour(micros(act.at)), act.act, act.about, act.detail],
    )
