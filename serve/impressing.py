"""New registrations make an impression, and leave it wherever they are remembered."""

from __future__ import annotations

import numpy as np

from detector import impression
from detector.history import Queries
from detector.lifecycle import STAGES
from detector.live import Glimpse
from detector.records import impressed
from detector.rings import RingViews
from detector.signals import plain_vectors
from detector.signals.impressions import KEYS
from serve.entering import Rows
from serve.judge import Begun
from serve.shelf import Shelf


def now(rows: Rows) -> Queries:
    """Rows asked about at their own moments."""
    own = rows.own
    return Queries(np.arange(len(own)), own.at, own.sequence, own.sequence)


def impress(rows: Rows, shelf: Shelf, glimpse: Glimpse, rings: RingViews) -> Begun:
    """Put beside rows, and into the records of their keys, what impressions they make; what was known of them
    on the way."""
    context = glimpse.context(STAGES[0], now(rows), rings)
    plain = plain_vectors(context)
    rows.impressions[:] = impression.levels(plain)
    glimpse.tell_impressions(context, rows.impressions, KEYS)
    by: dict[bytes, dict[int, int]] = {}
    made = zip(rows.ids, rows.own.sequence.tolist(), rows.impressions.tolist(), strict=True)
    for ids, sequence, level in made:
        for id_ in ids:
            if id_ is not None:
                by.setdefault(id_, {})[sequence] = level
    for id_, levels in by.items():
        shelf.put(id_, impressed(shelf[id_], levels))
    return Begun(context, plain)
