"""Public counts: small ones are not told, and cannot be worked out from those that are."""

from __future__ import annotations

from collections import Counter

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from serve.disputes.page import Published, statistics_router
from serve.disputes.statistics import SMALLEST, Cell, statistics, told
from tests.serve.disputes.conftest import Court

KEY = ("2026-03", "09", "alfa")


def one(disputes: int, confirmed: int = 0, overturned: int = 0) -> Cell | None:
    found = told(Counter({KEY: disputes}), Counter({KEY: confirmed}), Counter({KEY: overturned}))
    return found[0] if found else None


def test_four_cases_are_not_told_and_five_are() -> None:
    assert one(4) is None
    assert one(5) == Cell(*KEY, 5, 0, None)


def test_a_part_is_not_told_where_its_rest_would_be_small() -> None:
    assert one(20, 18) == Cell(*KEY, 20, None, None)
    assert one(20, 12) == Cell(*KEY, 20, 12, None)
    assert one(20, 20) == Cell(*KEY, 20, 20, None)


@given(st.integers(0, 30), st.integers(0, 30))
def test_no_number_that_is_told_gives_a_small_one_away(whole: int, part: int) -> None:
    cell = one(whole, min(part, whole))
    if cell is None or cell.confirmed_misuse is None:
        return
    assert cell.disputes is not None
    for count in (cell.confirmed_misuse, cell.disputes - cell.confirmed_misuse):
        assert count == 0 or count >= SMALLEST


def test_a_single_case_is_in_no_cell(court: Court) -> None:
    court.holder.answer(court.line(), "not_mine", "holder", court.at)
    assert statistics(court.own) == []


@pytest.mark.anyio
async def test_the_page_and_the_data_are_open_to_all(court: Court) -> None:
    app = FastAPI()
    app.include_router(statistics_router(Published(court.own, lambda: court.at)))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://statistics.test"
    ) as http:
        page = await http.get("/statistics")
        english = await http.get("/statistics", headers={"accept-language": "en"})
        data = await http.get("/statistics.json")

    assert "Casos en números" in page.text
    assert "Cases in numbers" in english.text
    assert data.json() == {"smallest": SMALLEST, "cells": []}
