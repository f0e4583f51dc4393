"""An engine that answers with the shipped champion, and a challenger that flags everything."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from detector.model import artefact
from detector.model.artefact import Model
from tests.serve.engine.standing import Standing
from tests.serve.stores import postgres, store_url
from tests.tiny import MODELS

__all__ = ["challenger", "postgres", "standing", "store_url"]


@cache
def champion() -> Model:
    return artefact.load(MODELS / "champion")


@pytest.fixture
def standing(store_url: str) -> Iterator[Standing]:
    made = Standing(store_url, champion)
    yield made
    made.close()


@pytest.fixture(scope="session")
def challenger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The champion with thresholds that every registration reaches."""
    out = tmp_path_factory.mktemp("challenger") / "model"
    lax = replace(
        champion().thresholds, table=dict.fromkeys(champion().thresholds.table, (0.0, 0.0, 2.0))
    )
    artefact.save(replace(champion(), thresholds=lax), out, card="lax")
    return out
