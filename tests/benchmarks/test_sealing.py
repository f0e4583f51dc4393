"""The benchmark of sealing measures what is there, which it cannot where a part has changed under it."""

from __future__ import annotations

import pytest

from benchmarks import sealing


def test_both_ciphers_answer_and_are_compared(capsys: pytest.CaptureFixture[str]) -> None:
    sealing.main(sealing.TURNS)

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["1", "16"]
    assert all(" times;" in line for line in lines)
