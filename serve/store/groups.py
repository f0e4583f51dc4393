"""Who was registered, in coarse groups, for the audit: sex, age, where born, and a rural place or not.

Sealed to the audit's key beside the log, by a name of its own, so that neither who answers nor the worker can
read it; never a feature, never in a training table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from serve.auditkeys import AuditKeys
from serve.enginekeys import AUDIT
from serve.sealing import GROUP_BYTES, group_in
from serve.store.rows import Rows
from serve.vault import NotOpened

TABLE = "groups"
UNKNOWN, RURAL, URBAN = range(3)
STEP = 16  # bytes up to whose multiple a box is filled


@dataclass(frozen=True, slots=True)
class Group:
    """Of one registration: a code of `detector.identity.groups`, or a client's box with one in it."""

    place: int  # UNKNOWN, RURAL or URBAN
    code: int = 0
    box: bytes = b""


class Groups(Rows):
    """Groups by registration; nothing is kept where nobody audits."""

    def add_groups(self, groups: Mapping[int, Group]) -> None:
        """Seal them, by sequence."""
        if not groups or not self.seals.keys.engine.newest.audited:
            return
        names = self.seals.rows(TABLE, groups)
        boxes = [
            self.seals.for_worker(AUDIT, name, _packed(group), STEP)
            for name, group in zip(names, groups.values(), strict=True)
        ]
        self.own.run_many(
            "INSERT INTO audit_groups (id, box) VALUES (?, ?)",
            sorted(zip(names, boxes, strict=True)),
        )

    def groups(self, sequences: Iterable[int], keys: AuditKeys) -> dict[int, Group]:
        """Those that open, by sequence, each with its code."""
        wanted = list(sequences)
        names = dict(zip(self.seals.rows(TABLE, wanted), wanted, strict=True))
        opened = (
            (names[name], self.seals.by_auditor(name, box or b"", keys))
            for name, box in self.found("SELECT id, box FROM audit_groups WHERE id IN", names)
        )
        return {sequence: _read(text, keys) for sequence, text in opened if text}


def _packed(group: Group) -> bytes:
    return bytes([group.place]) + (group.box or group.code.to_bytes(GROUP_BYTES, "big"))


def _read(text: bytes, keys: AuditKeys) -> Group:
    place, held = text[0], text[1:]
    if len(held) == GROUP_BYTES:
        return Group(place, int.from_bytes(held, "big"))
    for private in keys.private:
        try:
            return Group(place, group_in(held, private))
        except NotOpened:
            continue
    return Group(place)  # a client may send anything: what does not open says nothing
