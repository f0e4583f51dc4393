"""A clerk's folio: with its identity it opens one registration; alone it opens nothing."""

from __future__ import annotations

import pytest

from serve.portal import records
from serve.portal.locks import Locks
from tests.builders import curp_of
from tests.serve.engine.standing import Standing, question
from tests.serve.portal.people import AT, BOX, World, line, subject_of

pytestmark = pytest.mark.anyio
ROSA = curp_of(21)


@pytest.fixture
def folio(world: World, store_url: str) -> str:
    """Rosa, who is not enrolled, was asked for another proof and given this folio."""
    standing, locks = Standing(store_url), Locks(BOX)
    standing.engine.locked = locks.locked
    with standing.books.own.writing():
        locks.lock(standing.books.own, subject_of(ROSA), at=AT)
    [made] = standing.answered(question(identity_value=ROSA))
    standing.answered(question(identity_value=curp_of(22)))
    standing.close()
    assert made.folio is not None
    held = line(3, assessment=made.assessment_id, decision_open=True)
    world.holding.held[subject_of(ROSA)] = [held]
    return made.folio


async def test_who_is_not_enrolled_reads_the_reasons(world: World, folio: str) -> None:
    page = await world.visitor().claim(ROSA, folio=folio.lower())

    assert page.url.path == "/portal/registro"
    assert "La identidad se ha usado de una forma poco habitual." in page.text
    assert "Ciudad de México" in page.text
    assert "¿Compró la línea de buena fe?" in page.text


async def test_a_person_is_asked_to_look(world: World, folio: str) -> None:
    visitor = world.visitor()
    await visitor.claim(ROSA, folio=folio)
    page = await visitor.send("/revision")

    assert len(world.holding.looks) == 1
    assert "Ya pedimos que una persona lo revise" in page.text


async def test_a_folio_answers_for_its_own_line_only(world: World, folio: str) -> None:
    other = line(4)
    world.holding.held[subject_of(ROSA)].append(other)
    visitor = world.visitor()
    await visitor.claim(ROSA, folio=folio)
    await visitor.send("/respuesta", line=str(other.assessment), said="mine")

    [(answered, said, by)] = world.holding.said
    assert (answered != other.assessment, said, by) == (True, "mine", "folio")
    assert (await visitor.open("/lineas")).status_code == 403


async def test_somebody_else_s_identity_opens_no_folio(world: World, folio: str) -> None:
    page = await world.visitor().claim(curp_of(22), folio=folio)

    assert "No encontramos un registro con ese folio" in page.text


def test_a_folio_is_looked_up_over_an_index(world: World, folio: str) -> None:
    found = world.portal.books.beginning(records.prefix(folio))

    assert len(found) == 1
    assert world.portal.books.beginning(b"\xff" * 5) == []


@pytest.mark.parametrize(
    ("typed", "fine"),
    [("abcd-efgh", True), ("ABCD EFG1", True), ("ABC", False), ("ABCD-EFG9", False)],
)
def test_what_is_typed_is_read_kindly(typed: str, fine: bool) -> None:
    assert bool(records.prefix(typed)) is fine
