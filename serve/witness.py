"""What the HTTP side tells those who watch over it. Nothing here delays or changes an answer."""

from __future__ import annotations

from dataclasses import dataclass

from serve.answers import Assessment
from serve.audit.keeper import Keeper


@dataclass(frozen=True, slots=True)
class Witness:
    """Tells the audit log of look-ups. Without a keeper nothing is told."""

    keeper: Keeper | None = None

    def shown(self, client: str, found: Assessment, operation: str) -> None:
        """A client was shown an assessment that had been given before."""
        if self.keeper:
            self.keeper.looked_up(found.assessment_id.bytes, client, operation)
