"""One case: from a flagged registration to what is tied to it, when, where, and a file to hand over."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from detector import folder as files
from detector.decision import DECISIONS
from detector.errors import BadInput
from detector.model.artefact import Model
from detector.registration import (
    CHANNELS,
    EVENT_KINDS,
    LABEL_SOURCES,
    LABELS,
    OPERATIONS,
    WITHDRAWN,
    Int64,
)
from detector.scoring import scores
from detector.signals import REASONS
from detector.workbench import charts
from detector.workbench.charts import Chart
from detector.workbench.country import Country, microseconds, moment

# Keys by which a registration is tied to others, as an analyst says them; hubs are left aside.
TIES = {
    "identity": "the same identity",
    "root": "nearly the same identity",
    "line": "the same line",
    "sim": "the same SIM",
    "block": "neighbouring SIMs",
    "handset": "the same handset",
    "device": "the same device",
    "contact": "the same contact",
    "agent": "the same agent",
    "ip": "the same address",
}
HUB = 300  # registrations; what so many share ties nobody to anybody
MARKS = {"fraud": charts.ALARM, "flagged": charts.SECOND, "other": charts.MUTED}


@dataclass(frozen=True)
class Case:
    """A registration, its answers at every stage, and what is tied to it."""

    registration_id: str
    carrier_id: str
    row: int
    answers: pd.DataFrame
    tied: pd.DataFrame
    country: Country


def answered(country: Country, model: Model, *, start: pd.Timestamp | str) -> pd.DataFrame:
    """The model's answers at every stage for registrations from a moment on, with reasons."""
    parts = scores(country.folder, model, start=microseconds(start))
    table: pd.DataFrame = pa.concat_tables(parts).to_pandas()
    table["registered_at"] = pd.to_datetime(
        country.folder.registrations.at[positions(country, table)], unit="us", utc=True
    )
    return table


def positions(country: Country, table: pd.DataFrame) -> Int64:
    """Where each row's registration stands in the country."""
    return files.positions(files.keys(table), country.keys)


def queue(answers: pd.DataFrame, *, most: int = 25, stage: str = "activation") -> pd.DataFrame:
    """What a reviewer would open first: the strictest decisions, then the highest scores."""
    flagged = answers[(answers["stage"] == stage) & (answers["decision"] != DECISIONS[0])].copy()
    flagged["level"] = flagged["decision"].map(DECISIONS.index)
    flagged = flagged.sort_values(["level", "score"], ascending=False).head(most)
    columns = ["registration_id", "carrier_id", "registered_at", "decision", "score", "reasons"]
    return flagged[[*columns, "ring_id"]].reset_index(drop=True)


def case(country: Country, answers: pd.DataFrame, registration_id: str, carrier_id: str) -> Case:
    """All about one registration. Raises BadInput where no such one is among the country's."""
    key = pa.scalar(f"{carrier_id}{files.SEPARATOR}{registration_id}", pa.large_string())
    row = pc.index(country.keys, key).as_py()
    if row < 0:
        raise BadInput(f"carrier {carrier_id} has no registration of that folio here")
    mine = answers[
        (answers["registration_id"] == registration_id) & (answers["carrier_id"] == carrier_id)
    ]
    mine = mine.reset_index(drop=True)
    tied = _tied(country, answers, int(row))
    return Case(registration_id, carrier_id, int(row), mine, tied, country)


def first(country: Country, answers: pd.DataFrame) -> Case:
    """The case on top of the queue. Raises BadInput where nothing was flagged."""
    waiting = queue(answers, most=1)
    if waiting.empty:
        raise BadInput("nothing was flagged in these weeks: choose an earlier start")
    top = waiting.iloc[0]
    return case(country, answers, str(top["registration_id"]), str(top["carrier_id"]))


def _tied(country: Country, answers: pd.DataFrame, row: int) -> pd.DataFrame:
    own = country.folder.registrations
    by: dict[int, list[str]] = {}
    for key, words in TIES.items():
        ids = getattr(own, key)
        rows = np.flatnonzero(ids == ids[row]) if ids[row] else np.empty(0, np.int64)
        if key == "root":  # the very same identity has been said
            rows = rows[own.identity[rows] != own.identity[row]]
        if len(rows) <= HUB:
            for other in rows[rows != row].tolist():
                by.setdefault(other, []).append(words)
    rows = np.array(sorted(by), np.int64)
    latest = answers[answers["stage"] == "activation"]
    said = pd.Series(latest["decision"].to_numpy(), positions(country, latest))
    return pd.DataFrame(
        {
            "row": rows,
            "registration_id": own.registration_id.take(rows).to_pylist(),
            "carrier_id": country.carrier_ids.take(rows).to_pylist(),
            "registered_at": pd.to_datetime(own.at[rows], unit="us", utc=True),
            "operation": np.array(OPERATIONS)[own.operation[rows]],
            "channel": np.array(CHANNELS)[own.channel[rows]],
            "tied by": [", ".join(by[other]) for other in rows.tolist()],
            "decision": said.reindex(rows).fillna("before these weeks").to_numpy(),
            "known": np.where(country.known.fraud[rows], "misuse", ""),
        }
    )


def reasons(found: Case) -> pd.DataFrame:
    """The reasons of every stage in words that the person concerned may read."""
    told = found.answers.explode("reasons").dropna(subset=["reasons"])
    said = [REASONS[str(code)] for code in told["reasons"]]
    words = [
        (stage, decision, reason.code, reason.es, reason.en)
        for stage, decision, reason in zip(told["stage"], told["decision"], said, strict=True)
    ]
    return pd.DataFrame(words, columns=["stage", "decision", "code", "es", "en"])


def ties(found: Case) -> pd.DataFrame:
    """How many registrations are tied to it in which way, and how many of them are known misuse."""
    each = found.tied.assign(way=found.tied["tied by"].str.split(", ")).explode("way")
    return each.groupby("way").agg(
        registrations=("row", "size"),
        carriers=("carrier_id", "nunique"),
        known_misuse=("known", lambda column: int((column == "misuse").sum())),
        first=("registered_at", "min"),
        last=("registered_at", "max"),
    )


def timeline(found: Case) -> pd.DataFrame:
    """What happened to the registration and to what is tied to it, in order of time."""
    own = found.country.folder
    carrier = found.carrier_id
    rows = [(moment(int(own.registrations.at[found.row])), "this registration", carrier)]
    events, labels = own.line_events, own.labels
    for at, kind in zip(*_of(events.row, found.row, events.at, events.kind), strict=True):
        rows.append((moment(at), f"line: {EVENT_KINDS[kind]}", carrier))
    said = np.where(labels.withdrawn, WITHDRAWN, np.array(LABELS)[labels.fraud.astype(int)])
    for at, verdict, source in zip(
        *_of(labels.row, found.row, labels.at, said, labels.source), strict=True
    ):
        rows.append((moment(at), f"verdict: {verdict} ({LABEL_SOURCES[source]})", carrier))
    rows += [(r[4], f"tied: {r[7]}", r[3]) for r in found.tied.itertuples()]
    table = pd.DataFrame(rows, columns=["when", "what", "carrier_id"])
    return table.sort_values("when", ignore_index=True)


def _of(rows: Any, row: int, *columns: Any) -> list[list[Any]]:
    mine = rows == row
    return [column[mine].tolist() for column in columns]


def timeline_chart(found: Case) -> Chart:
    """The tied registrations along time, one line for each way of being tied; a bar marks the case."""
    each = found.tied.assign(way=found.tied["tied by"].str.split(", ")).explode("way")
    ways = [words for words in TIES.values() if words in set(each["way"])]

    def draw(axes: Any) -> None:
        for place, way in enumerate(reversed(ways)):
            mine = each[each["way"] == way]
            for kind, colour in MARKS.items():
                shown = mine[_kind(mine) == kind]
                axes.plot(
                    shown["registered_at"], [place] * len(shown), "o", color=colour, alpha=0.75
                )
        axes.axvline(
            moment(int(found.country.folder.registrations.at[found.row])), color=charts.ALARM
        )
        axes.set_yticks(range(len(ways)), list(reversed(ways)))
        axes.set_ylim(-0.6, max(len(ways), 1) - 0.4)
        for kind, colour in MARKS.items():
            axes.plot([], [], "o", color=colour, label="known misuse" if kind == "fraud" else kind)
        axes.figure.legend(loc="outside lower center", ncols=3)
        charts.dates(axes)

    title = f"What is tied to {found.registration_id} ({found.carrier_id})"
    return charts.drawn(title, draw, size=(8.0, 1.8 + 0.35 * max(len(ways), 1)))


def _kind(tied: pd.DataFrame) -> np.ndarray:
    flagged = tied["decision"].isin(DECISIONS[1:])
    return np.where(tied["known"] == "misuse", "fraud", np.where(flagged, "flagged", "other"))


def map_chart(found: Case) -> Chart:
    """Where the case and what is tied to it were registered, by state."""
    own = found.country.folder.registrations
    state = own.place[np.append(found.tied["row"].to_numpy(np.int64), found.row)] // 1000
    codes, counts = np.unique(state[state > 0], return_counts=True)
    title = f"Where {found.registration_id} and what is tied to it were registered"
    return charts.state_map(title, dict(zip(codes.tolist(), counts.tolist(), strict=True)))


def export(found: Case, out: Path | str) -> list[str]:
    """Writes a case file: answers, reasons, ties and timeline as JSON, and the pictures. Its files' names.

    It holds folios and times, no identity, no number and no token.
    """
    home = Path(out)
    home.mkdir(parents=True, exist_ok=True)
    tables = {
        "answers": found.answers,
        "reasons": reasons(found),
        "ties": ties(found).reset_index(),
        "tied": found.tied.drop(columns="row"),
        "timeline": timeline(found),
    }
    told = {
        name: json.loads(t.to_json(orient="records", date_format="iso"))
        for name, t in tables.items()
    }
    head = {"registration_id": found.registration_id, "carrier_id": found.carrier_id}
    (home / "case.json").write_text(json.dumps(head | told, indent=1, ensure_ascii=False), "utf-8")
    timeline_chart(found).savefig(home / "timeline.png", dpi=150)
    map_chart(found).savefig(home / "map.png", dpi=150)
    return sorted(file.name for file in home.iterdir())
