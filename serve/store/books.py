"""The engine's tables: the event log, histories, answers, what is due, and the journal.

Whoever calls speaks of sequence numbers, folios and keys; `seals` turns them into names and boxes, so
that nothing of them is in the tables. What is read by sequence number alone opens with the worker's key.
"""

from __future__ import annotations

from serve.store.given import Answer, Given
from serve.store.groups import Group, Groups
from serve.store.histories import Histories, Kept
from serve.store.journal import Journal
from serve.store.log import Filed
from serve.store.packing import Seen, Verdict
from serve.store.takeovers import Taken, Takeovers

__all__ = ["Answer", "Books", "Filed", "Group", "Kept", "Seen", "Taken", "Verdict"]


class Books(Histories, Given, Journal, Takeovers, Groups):
    """Reads and writes over one connection; whoever writes is inside `writing`.

    Raises KeyMissing where the connection was opened without keys.
    """
