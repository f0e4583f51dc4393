"""Many registrations of one person in a short time: a seller's batch, or strangers here and there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from serve.notices import texts


def kind_of_burst(alike: Sequence[Collection[str]]) -> str:
    """A batch where most of them share something that strangers do not."""
    if len(alike) == 1:
        return texts.SINGLE
    most = Counter(key for each in alike for key in set(each)).most_common(1)
    return texts.BATCH if most and most[0][1] * 2 > len(alike) else texts.SCATTERED
