"""What boosters learn from: own rows, as far as somebody spoke or was silent for long, and lessons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from detector.context import Past
from detector.lifecycle import STAGES
from detector.model.boosting import Rows
from detector.model.dataset import FRAUD, UNLABELLED, TrainingTable, looked_back
from detector.model.hearing import outcome_weights
from detector.model.hindsight import HINDSIGHT, LEAST_KNOWN, LOOK_BACK, NOTHING, Hindsight
from detector.model.recipe import Recipe
from detector.model.standing import Standing

LEAST_ROWS = 1_000
MANY_KNOWN = 500  # frauds with a verdict that halve what lessons weigh


@dataclass(frozen=True, slots=True)
class Material:
    """Tables of the data's own rows by stage, and of the lessons; beside the stages there may be `HINDSIGHT`.

    Silence says something of rows before `mature` (microseconds). `heard` is for each registration the chance
    that its outcome would reach us. What is `elsewhere` is learned about from lessons alone. `planted` are
    vectors of rings planted among the own rows, at activation.
    """

    own: Mapping[str, TrainingTable]
    lessons: Mapping[str, Sequence[TrainingTable]]
    mature: int
    heard: NDArray[np.float64] | None = None
    elsewhere: bool = False
    planted: NDArray[np.float32] | None = None

    def parted(self, later_share: float) -> tuple[Material, dict[str, TrainingTable]]:
        """The same with earlier rows only, and the later ones."""
        parts = {stage: _split(table, later_share) for stage, table in self.own.items()}
        early = {stage: before for stage, (before, _) in parts.items()}
        return replace(self, own=early), {stage: after for stage, (_, after) in parts.items()}

    def looking_back(self, past: Past, verdict: NDArray[np.int8], *, until: int) -> Material:
        """The same with `HINDSIGHT`: who registered, as they stood a month later or at `until`."""
        rows = self.own[STAGES[0]].row
        looks = looked_back(past, verdict, rows, after=LOOK_BACK, until=until)
        return replace(self, own={**self.own, HINDSIGHT: looks})

    @property
    def can_look_back(self) -> bool:
        """Whether there are looks, and verdicts or lessons that say what misuse looks like."""
        return HINDSIGHT in self.own and (bool(self.lessons[HINDSIGHT]) or self.asks_silence)

    @property
    def asks_silence(self) -> bool:
        """Whether hindsight takes silence for innocence: beside verdicts enough that say what is not."""
        return bool((self.own[HINDSIGHT].verdict == FRAUD).sum() >= LEAST_KNOWN)

    def without(self, rows: NDArray[np.int64]) -> Material:
        """The same without some of the own registrations."""
        return replace(self, own={s: t.where(~np.isin(t.row, rows)) for s, t in self.own.items()})

    def parts(self, stage: str, recipe: Recipe, seen: Hindsight = NOTHING) -> list[Rows]:
        """Own rows first, as hindsight saw them, then what was planted among them, and each lesson's."""
        shown, home = self.shown(stage), self.home(stage)
        kept = shown.where(~np.isin(shown.row, seen.doubted))
        own = self.own_rows(kept, recipe, home=home, suspected=seen.suspected)
        return [own, *self._planted_rows(stage, recipe, home), *self.lesson_rows(stage, recipe)]

    def _planted_rows(self, stage: str, recipe: Recipe, home: Standing | None) -> list[Rows]:
        """They weigh less the more verdicts the data have, as lessons do."""
        if self.planted is None or stage != STAGES[0]:
            return []
        n, weight = len(self.planted), recipe.planted_weight * self._unknown(stage)
        return [Rows(self.planted, np.ones(n, np.int8), np.full(n, weight), home)]

    def shown(self, stage: str) -> TrainingTable:
        """Own rows that may be learned from."""
        own = self.own[stage]
        return own.where(np.zeros(len(own), np.bool_)) if self.elsewhere else own

    def ripe(self, stage: str, recipe: Recipe) -> NDArray[np.float32]:
        """Vectors of all that says something, whether or not its outcome would be heard."""
        unweighed = replace(self, heard=None)
        return unweighed.own_rows(self.shown(stage), recipe, home=None).vectors

    def own_rows(
        self,
        table: TrainingTable,
        recipe: Recipe,
        *,
        home: Standing | None,
        suspected: NDArray[np.int64] = NOTHING.suspected,
    ) -> Rows:
        """Some of the own rows as a booster learns from them, of a country where values stand at `home`."""
        spoken = table.verdict != UNLABELLED
        silent = np.where(table.at <= self.mature, recipe.unlabelled_weight, 0.0)
        weight = np.where(spoken, recipe.labelled_weight, silent)
        if self.heard is not None:
            weight = weight * outcome_weights(self.heard[table.row], spoken)
        guessed = np.isin(table.row, suspected)
        weight = np.where(guessed, recipe.suspected_weight, weight)
        keep = weight > 0
        fraud = ((table.verdict == FRAUD) | guessed).astype(np.int8)
        return Rows(table.vectors[keep], fraud[keep], weight[keep], home)

    def lesson_rows(self, stage: str, recipe: Recipe) -> list[Rows]:
        """Each lesson's rows. They weigh less the more verdicts the data have."""
        weight = recipe.practice_weight * self._unknown(stage)
        standing = not self.elsewhere
        return [lesson_rows(t, weight, recipe, standing=standing) for t in self.lessons[stage]]

    def _unknown(self, stage: str) -> float:
        """How much of what verdicts could say they do not say yet: 1 where there are none."""
        known = int((self.shown(stage).verdict == FRAUD).sum())
        return 1 / (1 + known / MANY_KNOWN)

    def home(self, stage: str) -> Standing | None:
        """Where values stand in the country itself; among the lessons' where it has hardly any rows yet.

        None where nothing is learned from elsewhere: standings would say what values say.
        """
        own, lessons = self.own[stage], self.lessons[stage]
        if self.elsewhere or not lessons:
            return None
        enough = len(own) >= LEAST_ROWS
        return Standing.among(
            own.vectors if enough else np.concatenate([t.vectors for t in lessons])
        )


def lesson_rows(table: TrainingTable, weight: float, recipe: Recipe, *, standing: bool) -> Rows:
    """A lesson's rows, each of its honest ones for all that were not drawn."""
    country = Standing.among(table.vectors) if standing else None
    many = np.where(table.verdict == FRAUD, 1.0, 1.0 / recipe.practice_honest_share)
    return Rows(table.vectors, table.verdict, weight * many, country)


def _split(table: TrainingTable, later_share: float) -> tuple[TrainingTable, TrainingTable]:
    if not len(table):
        return table, table
    border = np.quantile(table.at, 1 - later_share)
    return table.where(table.at < border), table.where(table.at >= border)
