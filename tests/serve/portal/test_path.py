"""From a folio to an outcome, as somebody without a script in the browser walks it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from serve.portal.holding import SAID
from tests.serve.portal.people import AT, DANI, EVE, World, enrolled, line, subject_of, told

pytestmark = pytest.mark.anyio


async def test_the_enrolled_see_their_lines_after_a_code(world: World) -> None:
    page = await world.visitor().enter(world)

    assert page.status_code == 200
    assert "termina en 01" in page.text
    assert "termina en 02" in page.text
    assert "Aguascalientes" not in page.text
    assert "Baja California" in page.text


@pytest.mark.parametrize("said", SAID)
async def test_every_answer_becomes_a_case_that_is_shown(world: World, said: str) -> None:
    visitor = world.visitor()
    await visitor.enter(world)
    page = await visitor.send("/respuesta", line=str(line(1).assessment), said=said)

    assert world.holding.said == [(line(1).assessment, said, "holder")]
    assert "25 de marzo de 2026" in page.text
    assert page.url.path == "/portal/lineas"


async def test_an_answer_leads_back_to_its_own_line(world: World) -> None:
    world.holding.held[subject_of(DANI)] = [line(n) for n in range(40)]
    visitor = world.visitor()
    await visitor.enter(world)
    page = await visitor.send("/respuesta", line=str(line(30).assessment), said="mine")

    assert page.url.fragment == f"line-{line(30).assessment}"
    assert "Página 3 de 4" in page.text
    assert page.text.count('role="status"') == 1


async def test_who_asked_about_the_name_is_told_by_carrier_and_day(world: World) -> None:
    held = world.holding.held[subject_of(DANI)]
    held[:] = [line(3, carrier="beta")]
    page = await world.visitor().enter(world)

    told_of = page.text.partition("Quién preguntó por su nombre")[2]
    assert "<li><span>beta</span><span>4 de marzo de 2026</span></li>" in told_of


async def test_the_line_that_a_notice_is_about_comes_first_and_is_marked(world: World) -> None:
    folio = told(world, line(2).assessment)
    visitor = world.visitor()
    page = await visitor.enter(world, folio=folio)

    assert page.text.index("termina en 02") < page.text.index("termina en 01")
    assert page.text.count("Su aviso es de esta línea") == 1
    assert "no es de ningún aviso" not in page.text


async def test_a_folio_that_is_not_ours_is_said_after_the_proof(world: World) -> None:
    page = await world.visitor().enter(world, folio="K7PM-4TQX-9RHD")

    assert "ese mensaje no es nuestro" in page.text
    assert "termina en 01" in page.text


async def test_opting_out_leaves_every_case_open(world: World) -> None:
    visitor = world.visitor()
    await visitor.enter(world)
    await visitor.send("/respuesta", line=str(line(1).assessment), said="not_mine")
    for want in ("silence", "withdraw"):
        await visitor.open("/avisos")
        await visitor.send("/avisos", want=want, sure="1")

    ticket = world.holding.held[subject_of(DANI)][0].ticket
    assert ticket is not None
    assert ticket.state == "open"


async def test_a_line_of_somebody_else_cannot_be_answered_for(world: World) -> None:
    world.holding.held[subject_of(EVE)] = [line(9)]
    visitor = world.visitor()
    await visitor.enter(world)
    page = await visitor.send("/respuesta", line=str(line(9).assessment), said="mine")

    assert page.status_code == 404
    assert world.holding.said == []
    assert (await visitor.open("/lineas")).status_code == 200


async def test_a_delegate_gets_a_code_of_their_own_and_answers_as_such(world: World) -> None:
    world.enrol(EVE, contact="eve@congreso.example", delegate="oficina@congreso.example")
    world.holding.held[subject_of(EVE)] = [line(9)]
    visitor = world.visitor()
    await visitor.enter(world, EVE, by="delegate")
    await visitor.send("/respuesta", line=str(line(9).assessment), said="not_mine")

    assert "To: oficina@congreso.example" in world.letters()[-1]
    assert world.holding.said[0][2] == "delegate"
    assert (await visitor.open("/candado")).status_code == 403


async def test_two_answers_that_disagree_are_said_kindly(world: World) -> None:
    held = world.holding.held[subject_of(DANI)]
    held[0] = replace(held[0], said="mine", disagreed=True)

    page = await world.visitor().enter(world)

    assert "contestaron distinto. No pasa nada" in page.text
    assert "Usted contestó: <strong>Es mía</strong>" in page.text


async def test_what_became_of_a_case_is_told_in_words(world: World) -> None:
    ticket = world.holding.answer(line(1).assessment, "not_mine", "holder", AT)
    held = world.holding.held[subject_of(DANI)]
    done = replace(ticket, state="resolved", outcome="confirmed_misuse")
    held[0] = replace(held[0], ticket=done)

    page = await world.visitor().enter(world)

    assert "confirmó que la línea no era suya" in page.text


async def test_in_the_first_seven_days_only_the_number_of_lines_is_told(world: World) -> None:
    world.at = AT - timedelta(days=8)
    page = await world.visitor().enter(world)

    assert "Líneas a su nombre: 2" in page.text
    assert "termina en 01" not in page.text
    assert "18 de marzo de 2026" in page.text


async def test_the_lock_is_put_on_and_taken_off(world: World) -> None:
    visitor = world.visitor()
    await visitor.enter(world)
    await visitor.open("/candado")
    page = await visitor.send("/candado", want="on")
    locked = world.locks.locked(world.own, [subject_of(DANI), subject_of(EVE)])
    await visitor.send("/candado", want="off")

    assert "El candado está puesto" in page.text
    assert locked == {subject_of(DANI)}
    assert not world.locks.locked(world.own, [subject_of(DANI)])


async def test_an_enrolment_is_accepted_with_its_code(world: World) -> None:
    code = enrolled(world.own, EVE, at=AT, contact="eve@congreso.example", accept=False)
    visitor = world.visitor()
    await visitor.open("/aceptar")
    page = await visitor.send("/aceptar", kind="curp", value=EVE, code=code, want="yes")

    assert "Ya está inscrito" in page.text
    assert (await visitor.enter(world, EVE)).status_code == 200


async def test_an_enrolment_that_is_refused_cannot_be_made_again(world: World) -> None:
    code = enrolled(world.own, EVE, at=AT, contact="eve@congreso.example", accept=False)
    visitor = world.visitor()
    await visitor.open("/aceptar")
    page = await visitor.send("/aceptar", kind="curp", value=EVE, code=code, want="no")

    assert "No quedó inscrito" in page.text
    with pytest.raises(ValueError, match="unpack"):  # nobody is invited
        enrolled(world.own, EVE, at=AT, contact="eve@congreso.example")


@pytest.mark.parametrize("want", ["withdraw", "contest"])
async def test_who_ends_an_enrolment_is_out_at_once(world: World, want: str) -> None:
    visitor = world.visitor()
    await visitor.enter(world)
    await visitor.open("/avisos")
    unsure = await visitor.send("/avisos", want=want)
    page = await visitor.send("/avisos", want=want, sure="1")

    assert "No ha cambiado nada" in unsure.text
    assert "se dio de baja" in page.text
    assert (await visitor.open("/lineas")).status_code == 403


async def test_notices_are_silenced_and_the_lines_stay_open(world: World) -> None:
    visitor = world.visitor()
    await visitor.enter(world)
    await visitor.open("/avisos")
    page = await visitor.send("/avisos", want="silence")

    assert "Volver a recibir avisos" in page.text
    assert (await visitor.open("/lineas")).status_code == 200


async def test_everything_acted_on_is_in_the_audit_log(world: World) -> None:
    visitor = world.visitor()
    await visitor.enter(world)
    await visitor.send("/respuesta", line=str(line(1).assessment), said="mine")
    await visitor.open("/candado")
    await visitor.send("/candado", want="on")

    assert [act.act for act in world.acts] == ["code_asked", "code_right", "answered", "locked"]


async def test_every_page_speaks_english_where_asked(world: World) -> None:
    visitor = world.visitor(language="en-GB")
    page = await visitor.enter(world)

    assert '<html lang="en">' in page.text
    assert "Is this line yours?" in page.text
    assert 'lang="es-MX"' in (await visitor.open("/lineas?idioma=es")).text
    assert 'lang="es-MX"' in (await visitor.open("/candado")).text


async def test_many_lines_are_told_a_page_at_a_time(world: World) -> None:
    world.holding.held[subject_of(DANI)] = [line(n) for n in range(40)]
    visitor = world.visitor()
    first = await visitor.enter(world)
    last = await visitor.open("/lineas?pagina=4")

    assert "Página 1 de 4" in first.text
    assert len(re.findall("<section", last.text)) == 5
    assert len(first.content) < 60_000
