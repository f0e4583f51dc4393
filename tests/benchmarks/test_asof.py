"""The benchmark of as-of tables fills a store, opens it and trains to the end, whatever changes under it."""

from __future__ import annotations

import sys

import pytest

from benchmarks import asof


def test_a_store_is_filled_opened_and_learned_from(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["asof", "--stored", "1500", "--verdicts", "150"])

    asof.main()

    printed = capsys.readouterr().out
    assert "1,500 rows; the table takes" in printed
    assert "refused" not in printed
