"""After the log has expired there is still something to learn from: vectors, and the verdicts on them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from click.testing import CliRunner

from detector.model.asof import AsOfTable, read_table
from serve.answers import Outcome
from serve.judge import stored_vector
from serve.learning.cli import asof
from serve.store.retention import Retention, expired
from tests.serve.engine.standing import Standing, later, micros, question

UNTIL = later(days=120)


def test_rows_whose_log_has_expired_are_what_was_answered_from(
    store_url: str, tmp_path: Path
) -> None:
    standing = Standing(store_url)
    old = [question(later(minutes=n), carrier_id=("alfa", "beta")[n % 2]) for n in range(6)]
    standing.answered(*old, at=later(hours=1))
    name = str(old[0].event["carrier_id"]), str(old[0].event["registration_id"])
    standing.answered(Outcome(*name, "fraud", "holder"), at=later(days=2))
    standing.answered(
        *(question(later(days=100, minutes=n)) for n in range(4)), at=later(days=100, hours=1)
    )
    standing.quiet()
    vectors = [stored_vector(standing.books.answers([n])[n][0]) for n in range(1, 7)]
    Retention(lambda: micros(later(days=101)))(standing.books.own, datetime.now(UTC))
    assert expired(standing.books) == 6

    whole, alfas = exported(store_url, tmp_path), exported(store_url, tmp_path, "alfa")
    standing.close()

    assert len(whole.frame) == 10
    rows = whole.frame.iloc[:6]
    np.testing.assert_array_equal(rows[whole.columns].to_numpy(), np.stack(vectors))
    assert set(rows["at"]) == {pd.Timestamp("2026-03-01", tz="UTC")}
    assert rows["fraud"].dropna().tolist() == [True]
    assert rows["source"].dropna().tolist() == ["holder"]
    assert rows["identity"].isna().all()
    assert set(alfas.frame["carrier_id"].iloc[:3]) == {"alfa"}


def exported(url: str, folder: Path, carrier: str = "") -> AsOfTable:
    out = folder / f"table{carrier}.parquet"
    options = ["--store", url, "--as-of", f"{UNTIL:%Y-%m-%dT%H:%M:%SZ}", "--out", str(out)]
    done = CliRunner().invoke(asof, [*options, *(["--carrier", carrier] if carrier else [])])
    assert done.exit_code == 0, done.output
    return read_table(out)
