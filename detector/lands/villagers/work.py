"""An errand under way, and the things that its rows have in common."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detector.lands.villagers.arrays import Bools, Floats, Ints
from detector.lands.villagers.country import Country
from detector.lands.villagers.errands import Errand
from detector.lands.villagers.rings import Habit


@dataclass(frozen=True)
class Work:
    """An errand under way: its groups, and each row's group, place in it and holder."""

    errand: Errand
    habit: Habit
    sizes: Ints
    group: Ints
    step: Ints
    doer: Ints
    who: Ints
    share: Floats
    new: Bools
    carrier: Ints

    def kept(self, tool: str) -> Bools:
        """Whether the group of each row keeps a tool."""
        return np.asarray(self.habit.run[tool][self.group] > 0)

    def thing(self, country: Country, tool: str, own: Ints, each: Ints) -> Ints:
        """The tool of each row: the group's while it lasts, else what each row has by itself."""
        fresh = country.keys.take(len(self.group))
        run = np.maximum(self.habit.run[tool][self.group], 1)
        turn = self.step // run
        shared = fresh[np.arange(len(fresh)) - self.step + turn * run]
        shared = np.where((turn == 0) & self.habit.own[tool][self.group], own, shared)
        return np.where(self.kept(tool), shared, fresh if self.habit.misuse else each)
