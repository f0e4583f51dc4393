"""What a challenger in the shadow said beside the champion's answers on live traffic, as tables.

Nobody saw the challenger's answers, so nothing they would have changed has changed: a registration
that the champion stopped stays stopped on both sides. Verdicts are those known when this was read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.stats import spearmanr

from detector.audit import HIDDEN_BELOW
from detector.decision import DECISIONS, NOTIFY, STEP_UP
from detector.errors import BadInput, TooLittleData
from detector.intervals import Interval, wilson
from detector.lifecycle import STAGES
from detector.registration import OPERATIONS

FILE = "shadow.parquet"
ABOUT = b"simvigia shadow"
NAMES = ("champion", "challenger")
LEAST = 100  # answers of a stage before its scores are compared
COLUMNS = ("at", "stage", "carrier", "operation", "live_model", "live_score", "live_decision",
           "score", "decision", "fraud")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shadowed:
    """A challenger's answers beside the champion's.

    `table` has a row for each answer that both gave: `at` (moment), `stage`, `carrier`, `operation` and
    decisions as words, `live_*` what the service answered, `fraud` the last verdict, missing where nobody
    has spoken. `answered` counts what the service answered meanwhile, scored in the shadow or not.
    """

    model: str
    answered: int
    table: pd.DataFrame

    def __post_init__(self) -> None:
        if self.table.empty:
            raise TooLittleData("the shadow has seen no answer yet: wait until there is traffic")

    @property
    def share(self) -> float:
        """Share of the service's answers that have their shadow result."""
        return len(self.table) / max(self.answered, 1)

    def flagged(self, least: int = NOTIFY) -> dict[str, np.ndarray]:
        """Which rows either model flags with a decision of at least this strength."""
        return {
            name: np.isin(self.table[column], DECISIONS[least:])
            for name, column in zip(NAMES, ("live_decision", "decision"), strict=True)
        }


def agreement(seen: Shadowed) -> pd.DataFrame:
    """By stage: answers, the share with the same decision, mean scores, and Spearman's rank correlation."""
    rows = []
    for stage in STAGES:
        mine = seen.table[seen.table["stage"] == stage]
        if len(mine) < LEAST:
            continue
        same = float((mine["live_decision"] == mine["decision"]).mean())
        means = mine["live_score"].mean(), mine["score"].mean()
        varied = mine["live_score"].nunique() > 1 and mine["score"].nunique() > 1
        ranks = spearmanr(mine["live_score"], mine["score"]).statistic if varied else np.nan
        rows.append((stage, len(mine), same, *means, float(ranks)))
    columns = ["stage", "answers", "same decision", *(f"mean score, {n}" for n in NAMES), "rank"]
    return pd.DataFrame(rows, columns=columns)


def flips(seen: Shadowed) -> pd.DataFrame:
    """How many answers go from which decision of the champion (rows) to which of the challenger."""
    table = pd.crosstab(seen.table["live_decision"], seen.table["decision"])
    whole = table.reindex(index=list(DECISIONS), columns=list(DECISIONS), fill_value=0)
    return whole.rename_axis(index=NAMES[0], columns=NAMES[1])


def burden(seen: Shadowed, budgets: Mapping[str, tuple[float, float, float]]) -> pd.DataFrame:
    """At activation, by operation: the share that meets each decision or a stricter one, and its budget.

    A share behind which fewer than ten answers stand is not shown.
    """
    rows = []
    mine = seen.table[seen.table["stage"] == STAGES[0]]
    for operation in OPERATIONS:
        here = mine[mine["operation"] == operation]
        for code, budget in enumerate(budgets[operation], start=1):
            counts = [
                int(np.isin(here[column], DECISIONS[code:]).sum())
                for column in ("live_decision", "decision")
            ]
            shares = (
                [n / len(here) if n == 0 or n >= HIDDEN_BELOW else None for n in counts]
                if len(here)
                else []
            )
            if shares:
                rows.append((operation, DECISIONS[code], len(here), budget, *shares))
    columns = ["operation", "decision or stricter", "answers", "budget", *NAMES]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(NAMES, float))


def by_day(seen: Shadowed, *, least: int = NOTIFY) -> pd.DataFrame:
    """Answers a day, and how many of them either model flags."""
    flagged = seen.flagged(least)
    table = pd.DataFrame({"day": seen.table["at"].dt.floor("D"), "answers": 1} | flagged)
    return table.groupby("day").sum().reset_index()


def known(seen: Shadowed) -> pd.DataFrame:
    """Of activations with a verdict: how many of misuse, and of honest ones, either model flags.

    Those who were asked are not everybody, and what the champion stopped is asked about more; so this
    compares the two models, and says little about either alone. Counts of honest people below ten stay
    hidden.
    """
    spoken = (seen.table["stage"] == STAGES[0]) & seen.table["fraud"].notna()
    rows = []
    for word, truth in (("misuse", True), ("honest", False)):
        which = (spoken & (seen.table["fraud"] == truth)).to_numpy(bool)
        for least in (NOTIFY, STEP_UP):
            hits = [int((hit & which).sum()) for hit in seen.flagged(least).values()]
            shown = [n if truth or n == 0 or n >= HIDDEN_BELOW else None for n in hits]
            rows.append((word, f"{DECISIONS[least]} or stricter", int(which.sum()), *shown))
    columns = ["verdict", "decision", "with a verdict", *NAMES]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(NAMES, float))


def words(seen: Shadowed) -> str:
    """What the shadow showed, in a few sentences, and what to look at."""
    one, two = (int(hit.sum()) for hit in seen.flagged().values())
    differ = float((seen.table["live_decision"] != seen.table["decision"]).mean())
    told = [
        f"{len(seen.table):,} of {seen.answered:,} answers ({seen.share:.1%}) have their shadow result.",
        f"The challenger {seen.model} would have flagged {two:,} where the service flagged {one:,}; "
        f"{differ:.2%} of decisions differ.",
    ]
    sure = _more(one, two)
    if sure and sure.low > 0.5:
        told.append(
            "It flags clearly more: look at its thresholds before you look at what it finds."
        )
    if sure and sure.high < 0.5:
        told.append("It flags clearly fewer: look at whether it still finds what was reported.")
    if seen.table["live_model"].nunique() > 1:
        told.append("The champion changed meanwhile: compare with each by `live_model`.")
    return " ".join(told)


def _more(one: int, two: int) -> Interval | None:
    return wilson(two, one + two)


def summary(seen: Shadowed) -> dict[str, Any]:
    """The same as plain values, for machines."""
    flagged = {name: int(hit.sum()) for name, hit in seen.flagged().items()}
    return {
        "challenger": seen.model,
        "champions": sorted(seen.table["live_model"].unique()),
        "answered": seen.answered,
        "scored": len(seen.table),
        "share": seen.share,
        "first": str(seen.table["at"].min()),
        "last": str(seen.table["at"].max()),
        "flagged": flagged,
        "agreement": agreement(seen).to_dict("records"),
        "words": words(seen),
    }


def write(seen: Shadowed, path: Path) -> None:
    """As Parquet, for a notebook: no folio, no token, no identity."""
    about = json.dumps({"model": seen.model, "answered": seen.answered}).encode()
    table = pa.Table.from_pandas(seen.table[list(COLUMNS)], preserve_index=False)
    pq.write_table(table.replace_schema_metadata({ABOUT: about}), path)


def read(path: Path | str) -> Shadowed:
    """What `write` wrote, from the file or from the folder it lies in. Raises BadInput."""
    path = Path(path) / FILE if Path(path).is_dir() else Path(path)
    try:
        table = pq.read_table(path)
        about = json.loads((table.schema.metadata or {})[ABOUT])
    except (OSError, pa.ArrowInvalid, KeyError, ValueError) as fault:
        raise BadInput(
            f"{path.name} holds no shadow: `simvigia shadow report --out {FILE}` writes one"
        ) from fault
    return Shadowed(about["model"], about["answered"], table.to_pandas())
