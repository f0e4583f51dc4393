"""Both stores, and a bench over each, under rules that ask for proof."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from detector import scoring
from tests.serve.review.bench import Bench
from tests.serve.stores import postgres, store_url

__all__ = ["bench", "postgres", "store_url"]


@pytest.fixture(autouse=True)
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cases to look at without a model: whoever would hold too many lines proves more."""
    proving = [replace(r, at_least="step_up") if "cap" in r.name else r for r in scoring.RULES]
    monkeypatch.setattr(scoring, "RULES", tuple(proving))


@pytest.fixture
def bench(store_url: str) -> Iterator[Bench]:
    made = Bench(store_url)
    yield made
    made.close()
