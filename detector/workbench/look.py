"""What is in the data: volumes, waves, quality, what everybody shares, how late verdicts come."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from detector.audit import HIDDEN_BELOW
from detector.model.dataset import patience
from detector.registration import (
    CHANNELS,
    KEYS,
    LABEL_SOURCES,
    MISSING,
    NO_DATE,
    NOTES,
    OPERATIONS,
    Labels,
)
from detector.workbench import charts
from detector.workbench.charts import Chart
from detector.workbench.country import Country

DAY = 86_400_000_000  # microseconds
PARTS = 6  # of a stacked picture
GRADES = ("in no breach", "name or number", "number and channel", "images", "images, fresh")
COLUMNS = {"document_type": MISSING, "validation_result": MISSING, "validation_attempts": 0,
           "place": 0, "line_first_seen": NO_DATE}  # fmt: skip


def summary(country: Country) -> pd.DataFrame:
    """The country in a few lines."""
    folder = country.folder
    span = f"{country.first:%d %b %Y} to {country.last:%d %b %Y}"
    facts = {
        "registrations": f"{len(country):,}",
        "carriers": f"{len(folder.registrations.carriers)}",
        "from, to": span,
        "line events": f"{len(folder.line_events):,}",
        "verdicts": f"{len(folder.labels):,}, {int(folder.labels.fraud.sum()):,} of misuse",
        "rows rejected": f"{len(folder.rejections):,}",
    }
    return pd.DataFrame({"what": facts.keys(), "there is": facts.values()})


def volumes(country: Country, *, by: str = "operation") -> pd.DataFrame:
    """Registrations a day (UTC) by `operation`, `channel` or `carrier`."""
    own = country.folder.registrations
    choices: dict[str, tuple[Any, tuple[str, ...]]] = {
        "operation": (own.operation, OPERATIONS),
        "channel": (own.channel, CHANNELS),
        "carrier": (own.carrier, own.carriers),
    }
    codes, names = choices[by]
    day = pd.to_datetime(own.at // DAY * DAY, unit="us", utc=True).rename("day")
    words = np.array(names)[codes]
    table = pd.crosstab(day, words)
    every = pd.date_range(table.index.min(), table.index.max(), freq="D", name="day")
    return table.reindex(every, fill_value=0).rename_axis(columns=by)


def volumes_chart(country: Country, *, by: str = "operation") -> Chart:
    """Registrations a day, stacked."""
    table = _with_others(volumes(country, by=by))
    return charts.stacked_days(f"Registrations a day, by {by}", table, y="registrations")


def _with_others(table: pd.DataFrame) -> pd.DataFrame:
    """The columns as they are, or the largest and one for all others where there are too many to tell apart."""
    if table.shape[1] <= PARTS:
        return table
    order = table.sum().sort_values(ascending=False).index
    kept = table[order[: PARTS - 1]].copy()
    kept["others"] = table[order[PARTS - 1 :]].sum(axis=1)
    return kept


def waves(country: Country, *, most: int = 10) -> pd.DataFrame:
    """The days on which most happened against the fortnight around them: deadlines, not fraud."""
    a_day = volumes(country).sum(axis=1).rename("registrations").to_frame()
    a_day["usual"] = a_day["registrations"].rolling(15, center=True, min_periods=5).median()
    a_day["times the usual"] = a_day["registrations"] / a_day["usual"]
    a_day.index = pd.DatetimeIndex(a_day.index).strftime("%a %d %b %Y")
    return a_day.sort_values("times the usual", ascending=False).head(most)


def quality(country: Country) -> pd.DataFrame:
    """Per column and carrier the share of rows that have nothing there; 1 is a carrier that never fills it."""
    own = country.folder.registrations
    empty = {name: getattr(own, name) == none for name, none in COLUMNS.items()}
    empty |= {"liveness": np.isnan(own.liveness)}
    empty |= {key: getattr(own, key) == 0 for key in KEYS if key not in ("identity", "line")}
    table = pd.DataFrame(empty).groupby(np.array(own.carriers)[own.carrier]).mean().T
    table.insert(0, "everybody", pd.DataFrame(empty).mean())
    return table.sort_values("everybody", ascending=False).rename_axis("column")


def notes(country: Country) -> pd.DataFrame:
    """How often the door noted something about a row, by carrier."""
    own = country.folder.registrations
    noted = {name: (own.notes >> bit) & 1 == 1 for bit, name in enumerate(NOTES)}
    table = pd.DataFrame(noted).groupby(np.array(own.carriers)[own.carrier]).mean().T
    table.insert(0, "everybody", pd.DataFrame(noted).mean())
    return table.sort_values("everybody", ascending=False)


def constants(country: Country, *, share: float = 0.5) -> pd.DataFrame:
    """Columns in which one value stands for at least a share of a carrier's filled rows: likely a default."""
    own, found = country.folder.registrations, []
    for code, carrier in enumerate(own.carriers):
        mine = own.carrier == code
        for key in ("device", "ip", "handset", "contact", "agent", "pos"):
            values = getattr(own, key)[mine]
            values = values[values != 0]
            most = int(np.unique(values, return_counts=True)[1].max(initial=0))
            if len(values) and most >= max(share * len(values), HIDDEN_BELOW):
                found.append((carrier, key, len(values), most / len(values)))
    return pd.DataFrame(found, columns=["carrier", "column", "filled rows", "share of one value"])


def shared_by_everybody(country: Country, *, most: int = 12) -> pd.DataFrame:
    """The keys that most different identities share: counters, CGNAT, default fingerprints. Never named."""
    own, found = country.folder.registrations, []
    for key in (k for k in KEYS if k not in ("identity", "root", "line")):
        pairs = pd.DataFrame({"key": getattr(own, key), "who": own.identity})
        pairs = pairs[pairs["key"] != 0]
        people = pairs.groupby("key")["who"].agg(["nunique", "size"]).nlargest(3, "nunique")
        for number, row in enumerate(people.itertuples(), start=1):
            found.append((f"{key} no. {number}", row.nunique, row.size))
    table = pd.DataFrame(found, columns=["key", "identities", "registrations"])
    return table.nlargest(most, "identities").reset_index(drop=True)


def rejected(country: Country) -> pd.DataFrame:
    """Rows that were not taken, by table, field and reason; never a value."""
    told = [(r.table, r.field, r.reason) for r in country.folder.rejections]
    table = pd.DataFrame(told, columns=["table", "field", "reason"])
    return table.value_counts().rename("rows").reset_index()


def _spoken(country: Country) -> Labels:
    """Verdicts without those that only take another back."""
    labels = country.folder.labels
    return labels.take(~labels.withdrawn)


def label_delays(country: Country) -> pd.DataFrame:
    """Verdicts by source: how many, of misuse, and after how many days half and nine in ten had come."""
    labels, own = _spoken(country), country.folder.registrations
    days = (labels.at - own.at[labels.row]) / DAY
    table = pd.DataFrame(
        {"source": np.array(LABEL_SOURCES)[labels.source], "days": days, "misuse": labels.fraud}
    )
    return table.groupby("source").agg(
        verdicts=("days", "size"),
        of_misuse=("misuse", "sum"),
        half_after_days=("days", "median"),
        nine_in_ten_after_days=("days", lambda column: column.quantile(0.9)),
    )


def label_delay_chart(country: Country) -> Chart:
    """Which share of the verdicts known now had come after how many days."""
    labels, own = _spoken(country), country.folder.registrations
    days = np.sort((labels.at - own.at[labels.row]) / DAY)
    waited = patience(country.folder, 0.8) / DAY

    def draw(axes: Any) -> None:
        axes.step(days, np.arange(1, len(days) + 1) / max(len(days), 1), color=charts.SECOND, lw=2)
        axes.axvline(waited, color=charts.ALARM, lw=1, ls=":")
        axes.text(waited, 0.03, f"  silence counts after {waited:.0f} days", color=charts.ALARM)
        axes.set(xlabel="days after the registration", ylabel="share of verdicts", ylim=(0, 1.02))
        axes.set_xlim(0, max(float(np.quantile(days, 0.99)), 1.0) if len(days) else 1.0)

    return charts.drawn("How late verdicts come", draw)


def exposed(country: Country) -> pd.DataFrame:
    """How many registrations are in the name of somebody whose data leaked, and how badly; and of officials."""
    exposure, n = country.past.exposure, len(country)
    counts = np.bincount(exposure.grade, minlength=len(GRADES))[: len(GRADES)]
    rows = [("breach: " + name, int(count)) for name, count in zip(GRADES, counts, strict=True)]
    rows.append(("in public office then", int((exposure.tier > 0).sum())))
    shown = [(what, count if count >= HIDDEN_BELOW or not count else None) for what, count in rows]
    table = pd.DataFrame(shown, columns=["registrations in a name that is", "how many"])
    table["share"] = table["how many"] / n
    return table


def places(country: Country) -> Chart:
    """Registrations by state."""
    state = country.folder.registrations.place // 1000
    codes, counts = np.unique(state[state > 0], return_counts=True)
    return charts.state_map(
        "Registrations by state", dict(zip(codes.tolist(), counts.tolist(), strict=True))
    )
