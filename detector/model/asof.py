"""The training table for people: one stage as it was known at a date, as a pandas table and as Parquet.

It holds no identifier and no token. Identities and points of sale are numbers drawn afresh for each
export, so that a split can keep them apart and nobody can follow a person from one export to another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from detector.errors import BadInput, TooLittleData
from detector.lifecycle import STAGES
from detector.model.dataset import (
    FRAUD,
    UNLABELLED,
    as_known,
    batches,
    drawn,
    patience,
    verdicts,
)
from detector.model.impressions import prepared
from detector.registration import (
    LABEL_SOURCES,
    NO_KEY,
    OPERATIONS,
    DataFolder,
    Labels,
)
from detector.signals import features, fingerprint

Array = NDArray[Any]
GROUPS = ("identity", "pos")
FACTS = ("at", "carrier_id", "operation", *GROUPS, "fraud", "decided_at", "source", "matured")
LEAST_FRAUDS = 10
ABOUT = b"simvigia"


@dataclass(frozen=True, slots=True)
class AsOfTable:
    """What could be learned from at a date.

    `frame` has the stage's features, then FACTS. `fraud` is true, false or empty: nobody has spoken.
    `matured` says that a verdict would usually be there by now. `fingerprint` is the same for the same
    data at the same date, whatever the key of the pseudonyms and whatever numbers groups have.
    """

    frame: pd.DataFrame
    stage: str
    until: pd.Timestamp
    patience: pd.Timedelta
    fingerprint: str

    @property
    def columns(self) -> list[str]:
        """Names of the features."""
        return [f.name for f in features(self.stage)]

    def usable(self) -> AsOfTable:
        """Only rows that say something: those with a verdict, and silent ones that have matured.

        Raises TooLittleData where fewer than ten of them are known misuse.
        """
        kept = self.frame[self.frame["fraud"].notna() | self.frame["matured"]]
        frauds = int((kept["fraud"] == True).sum())  # noqa: E712  an empty cell is neither
        if frauds < LEAST_FRAUDS:
            raise TooLittleData(
                f"the table as of {self.until:%Y-%m-%d} knows {frauds} cases of misuse; learning and "
                f"testing need at least {LEAST_FRAUDS}: take a later date or more weeks"
            )
        return AsOfTable(
            kept.reset_index(drop=True), self.stage, self.until, self.patience, self.fingerprint
        )

    def x(self) -> pd.DataFrame:
        """The features."""
        return self.frame[self.columns]

    def y(self) -> NDArray[np.int8]:
        """1 where a verdict says misuse, 0 elsewhere; `weights` say how much a 0 is worth."""
        misuse: NDArray[np.int8] = self.frame["fraud"].fillna(False).to_numpy(np.int8)
        return misuse

    def groups(self) -> pd.DataFrame:
        """What a RollingGroupSplit asks for: when, and who must not be on both sides."""
        return self.frame[["at", *GROUPS]]

    def weights(self, *, verdict: float = 5.0, silence: float = 0.5) -> NDArray[np.float64]:
        """Weight of a row with a verdict and of a silent one; 0 while silence says nothing yet."""
        spoken = self.frame["fraud"].notna().to_numpy()
        return np.where(spoken, verdict, np.where(self.frame["matured"], silence, 0.0))


def table_as_of(
    folder: DataFolder,
    until: pd.Timestamp,
    *,
    rng: np.random.Generator,
    stage: str = STAGES[0],
    maturity: float = 0.8,
    most: int = 400_000,
) -> AsOfTable:
    """A stage's rows before `until`, with what was known by then and nothing later.

    All rows with a verdict are in it and at most `most` others, the same ones for the same data.
    `maturity` is the share of known verdicts that had come after the time called patience. `rng` gives
    groups their numbers; a fresh one makes exports that cannot be joined. Raises TooLittleData where
    nothing was registered before the date.
    """
    moment = int(until.value // 1000)
    known = as_known(folder, moment)
    if not len(known.registrations):
        raise TooLittleData(f"nothing was registered before {until:%Y-%m-%d}")
    waited = patience(known, maturity)
    past = prepared(known)
    verdict = verdicts(known.labels, len(known.registrations))
    asked = past.queries(stage)
    kept = drawn(asked, verdict, most=most, rng=np.random.default_rng(0))
    queries, tied = asked.pick(kept), past.rings({stage: asked})[stage].pick(kept)
    names = [f.name for f in features(stage)]
    pieces = [batch.vectors for batch in batches(past, stage, queries, tied)]
    vectors = np.concatenate([np.empty((0, len(names)), np.float32), *pieces])
    facts = _facts(known, queries.rows, verdict, rng=rng)
    facts["matured"] = queries.moments <= moment - waited
    frame = pd.concat([pd.DataFrame(vectors, columns=names), facts[list(FACTS)]], axis=1)
    return AsOfTable(
        frame, stage, until, pd.Timedelta(waited, "us"), _fingerprint(frame, stage, until)
    )


def with_rows(table: AsOfTable, rows: pd.DataFrame) -> AsOfTable:
    """The table behind other rows of the same columns, such as older ones that were kept as vectors."""
    frame = pd.concat([_as_in(table.frame, rows), table.frame], ignore_index=True)
    for name in ("carrier_id", "operation", "source"):
        frame[name] = frame[name].astype(_named(table.frame[name], rows[name]))
    made = _fingerprint(frame, table.stage, table.until)
    return AsOfTable(frame, table.stage, table.until, table.patience, made)


def _as_in(frame: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    plain = {n: t for n, t in frame.dtypes.items() if not isinstance(t, pd.CategoricalDtype)}
    return rows[list(frame.columns)].astype(plain)


def _named(column: pd.Series[Any], more: pd.Series[Any]) -> pd.CategoricalDtype:
    known = list(column.cat.categories)
    return pd.CategoricalDtype([*known, *sorted(set(more.dropna()) - set(known))])


def _facts(
    folder: DataFolder, rows: Array, verdict: Array, *, rng: np.random.Generator
) -> pd.DataFrame:
    own = folder.registrations
    decided, source = _last_words(folder.labels, len(own))
    fraud = pd.array(verdict[rows] == FRAUD, "boolean")
    fraud[verdict[rows] == UNLABELLED] = pd.NA
    groups = {name: _renumbered(getattr(own, name)[rows], rng) for name in GROUPS}
    times = {"at": own.at[rows], "decided_at": decided[rows]}
    return pd.DataFrame(
        {name: pd.to_datetime(_moments(at), utc=True) for name, at in times.items()}
        | {
            "carrier_id": pd.Categorical.from_codes(own.carrier[rows], pd.Index(own.carriers)),
            "operation": pd.Categorical.from_codes(own.operation[rows], pd.Index(OPERATIONS)),
            **groups,
            "fraud": fraud,
            "source": pd.Categorical.from_codes(source[rows], pd.Index(LABEL_SOURCES)),
        }
    )


def _moments(at: Array) -> Array:
    return np.where(at == 0, np.datetime64("NaT"), at.astype("datetime64[us]"))


def _last_words(labels: Labels, n: int) -> tuple[Array, Array]:
    """When the last verdict on each row came (0: never) and whose it was."""
    decided, source = np.zeros(n, np.int64), np.full(n, -1, np.int8)
    # Sorted by time within a row: the last assignment stays.
    decided[labels.row] = np.where(labels.withdrawn, 0, labels.at)
    source[labels.row] = np.where(labels.withdrawn, -1, labels.source)
    return decided, source


def _renumbered(ids: Array, rng: np.random.Generator) -> Any:
    """The same partition under numbers drawn afresh; no group stays none."""
    groups, code = np.unique(ids, return_inverse=True)
    column = pd.array(rng.permutation(len(groups))[code], "Int64")
    column[ids == NO_KEY] = pd.NA
    return column


def _fingerprint(frame: pd.DataFrame, stage: str, until: pd.Timestamp) -> str:
    """A hash of the table in which groups count by who is together, not by number."""
    digest = hashlib.sha256(f"{fingerprint()} {stage} {until.isoformat()}".encode())
    for column in _plain(frame):
        digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()[:16]


def _plain(frame: pd.DataFrame) -> Iterable[Array]:
    for name in frame:
        column = frame[name]
        if name in GROUPS:
            yield np.asarray(pd.factorize(column)[0], np.int64)
        elif isinstance(column.dtype, pd.CategoricalDtype):
            yield column.cat.codes.to_numpy(np.int16)
        elif isinstance(column.dtype, pd.DatetimeTZDtype):
            yield column.dt.tz_localize(None).to_numpy("datetime64[us]").astype(np.int64)
        elif column.dtype == "boolean":
            yield column.astype("Int8").fillna(UNLABELLED).to_numpy(np.int8)
        else:
            yield column.to_numpy()


def write_table(table: AsOfTable, out: Path) -> Path:
    """The table as one Parquet file that also says what it is. Raises BadInput unless `.parquet`."""
    if out.suffix != ".parquet":
        raise BadInput(f"{out.name} must end in .parquet")
    about = {
        "stage": table.stage,
        "until": table.until.isoformat(),
        "patience_hours": table.patience.total_seconds() / 3600,
        "fingerprint": table.fingerprint,
        "features": fingerprint(),
    }
    arrow = pa.Table.from_pandas(table.frame, preserve_index=False)
    metadata = {**(arrow.schema.metadata or {}), ABOUT: json.dumps(about).encode()}
    part = out.with_suffix(".part")
    pq.write_table(arrow.replace_schema_metadata(metadata), part)
    return part.replace(out)


def read_table(path: Path) -> AsOfTable:
    """What `write_table` wrote. Raises BadInput if it is not that, or was made for other features."""
    try:
        arrow = pq.read_table(path)
        about = json.loads((arrow.schema.metadata or {})[ABOUT])
    except (OSError, pa.ArrowInvalid, KeyError, ValueError) as fault:
        raise BadInput(f"{path.name} is not a training table of ours") from fault
    if about["features"] != fingerprint():
        raise BadInput(f"{path.name} was made for other features: export it again")
    frame = arrow.to_pandas()
    until = pd.Timestamp(about["until"])
    if _fingerprint(frame, about["stage"], until) != about["fingerprint"]:
        raise BadInput(f"{path.name} was changed after it was written: export it again")
    waited = pd.Timedelta(about["patience_hours"], "h")
    return AsOfTable(frame, about["stage"], until, waited, about["fingerprint"])
