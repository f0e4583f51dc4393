"""Two models on the same frozen weeks: every registration answered by both from the same vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from detector.audit import Segments
from detector.errors import BadInput, TooLittleData
from detector.lifecycle import STAGES
from detector.model.artefact import Model
from detector.model.backtest import Answers, Backtest
from detector.model.dataset import Batch, batches
from detector.scoring import Given, graded, rule_hits
from detector.workbench.country import Country, microseconds, moment


def replayed(
    country: Country,
    champion: Model,
    challenger: Model,
    *,
    start: pd.Timestamp | str,
    end: pd.Timestamp | str | None = None,
    stage: str = STAGES[0],
    progress: Callable[[float], None] | None = None,
) -> Backtest:
    """Both models on the registrations from `start` to before `end`, everything earlier as history.

    The features are computed once, from what was known at each row's own moment. Raises TooLittleData
    where these weeks hold hardly any known misuse, BadInput where a model learned from them.
    """
    past, low = country.past, microseconds(start)
    for model in (champion, challenger):
        if model.learned_until is not None and model.learned_until >= low:
            until = f"{moment(model.learned_until):%Y-%m-%d %H:%M} UTC"
            raise BadInput(
                f"model {model.version} learned from registrations until {until}: the frozen weeks "
                "must begin after that"
            )
    high = microseconds(end) if end is not None else int(past.registrations.at[-1]) + 1
    asked = past.queries(stage)
    at = past.registrations.at[asked.rows]
    frozen = asked.pick((at >= low) & (at < high))
    if not len(frozen):
        raise TooLittleData("the frozen weeks hold no registration: choose other dates")
    rings = past.rings({stage: frozen})[stage]
    models = (champion, challenger)
    pieces: list[list[Answers]] = []
    for batch in batches(past, stage, frozen, rings):
        pieces.append([answers(country, model, stage, batch) for model in models])
        if progress:
            progress(min(1.0, sum(len(piece[0].score) for piece in pieces) / len(frozen)))
    both = [_joined([piece[i] for piece in pieces]) for i in range(len(models))]
    return _backtest(country, frozen.rows, both, stage=stage, weeks=(low, high))


def answers(country: Country, model: Model, stage: str, batch: Batch) -> Answers:
    """Scores and decisions of a batch; no reasons, which cost a thousand times as much."""
    rows = country.folder.registrations.take(batch.queries.rows)
    given = Given(stage, batch.vectors, batch.grade, batch.tier)
    floors, _ = rule_hits(stage, batch.vectors)
    score, decision = graded(model, given, rows, floors=floors)
    return Answers(model.version, score, decision, model.learned_until)


def _joined(parts: Sequence[Answers]) -> Answers:
    return Answers(
        parts[0].version,
        np.concatenate([part.score for part in parts]),
        np.concatenate([part.decision for part in parts]).astype(np.int8),
        parts[0].learned_until,
    )


def _backtest(
    country: Country,
    row: np.ndarray,
    both: Sequence[Answers],
    *,
    stage: str,
    weeks: tuple[int, int],
) -> Backtest:
    own, known = country.folder.registrations, country.known
    segments: Segments = country.segments
    return Backtest(
        stage=stage,
        start=weeks[0],
        end=weeks[1],
        row=row,
        at=own.at[row],
        registration=own.registration_id.take(row),
        carrier=country.carrier_ids.take(row),
        fraud=known.fraud[row],
        spoken=known.spoken[row],
        cluster=country.cluster[row],
        pattern=known.pattern[row],
        patterns=known.patterns,
        official=country.official[row],
        segments=segments,
        champion=both[0],
        challenger=both[1],
        truth=known.source,
    )
