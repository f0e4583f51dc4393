"""What the HTTP side tells those who watch over it. Nothing here changes an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from serve.answers import Assessment
from serve.audit.keeper import Keeper
from serve.oracle.rules import Alarm
from serve.oracle.watch import Watch


@dataclass(frozen=True, slots=True)
class Witness:
    """The audit log's keeper and the watch over askers, where there are any."""

    keeper: Keeper | None = None
    watch: Watch | None = None

    def asked(self, client: str, event: Mapping[str, object]) -> Sequence[Alarm]:
        """A client asks about a registration. Raises Fault 429 where it was told of and that is wished."""
        return self.watch.asked(client, event) if self.watch else ()

    def shown(self, client: str, found: Assessment, operation: str) -> Sequence[Alarm]:
        """A client was shown an assessment that had been given before."""
        folio = found.assessment_id.bytes
        if self.keeper:
            self.keeper.looked_up(folio, client, operation)
        return self.watch.read(client, found.carrier_id, folio) if self.watch else ()

    def abandoned(self, carrier: str, registration_id: str) -> Sequence[Alarm]:
        """A registration was not finished."""
        return self.watch.abandoned(carrier, registration_id) if self.watch else ()
