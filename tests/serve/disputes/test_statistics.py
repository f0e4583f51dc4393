"""Public counts: small ones are not told, and cannot be worked out from those that are."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from serve.disputes.page import Published, statistics_router
from serve.disputes.statistics import SMALLEST, Cell, statistics, told
from tests.builders import curp_of
from tests.serve.disputes.conftest import ALFA, Court
from tests.serve.engine.standing import question

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


def test_a_month_is_told_once_it_is_over(court: Court) -> None:
    five = [question(identity_value=curp_of(40 + n), place="09015") for n in range(5)]
    for told_ in court.standing.answered(*five):
        case = court.holder.answer(told_.assessment_id, "not_mine", "holder", court.at)
        court.carrier.resolve(case.id, ALFA, "confirmed_misuse")
        court.holder.answer(told_.assessment_id, "not_sure", "holder", court.at)  # opens it again

    assert statistics(court.own, court.at) == []
    [cell] = statistics(court.own, court.at + timedelta(days=31))
    assert (cell.state, cell.disputes, cell.confirmed_misuse) == ("09", 5, 5)


def test_a_single_case_is_in_no_cell(court: Court) -> None:
    court.holder.answer(court.line(), "not_mine", "holder", court.at)
    assert statistics(court.own, court.at) == []


def test_overdue_is_published_where_it_is_many(court: Court) -> None:
    asked = [question(), *(question(carrier_id="beta") for _ in range(5))]
    for told_ in court.standing.answered(*asked):
        court.holder.answer(told_.assessment_id, "not_mine", "folio", court.at)
    court.at += timedelta(days=9)

    assert Published(court.own, lambda: court.at).told().overdue == {"beta": 5}


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
    assert data.json() == {"smallest": SMALLEST, "cells": [], "overdue": []}
