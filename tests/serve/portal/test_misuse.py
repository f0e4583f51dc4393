"""Wrong codes, old pages, double clicks, other people's forms: a sentence, and nothing lost."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from detector.intake import identity
from serve.limits import Rate
from serve.portal.calls import Call
from serve.portal.proof import MOST_TRIES, forget
from serve.portal.service import Guesses
from tests.builders import curp_of, pseudonymiser
from tests.serve.portal import people
from tests.serve.portal.people import AT, DANI, EVE, World, enrolled, line, subject_of

pytestmark = pytest.mark.anyio


async def test_ten_wrong_codes_lock_even_the_right_one_out(world: World) -> None:
    visitor = world.visitor()
    await visitor.claim()
    for _ in range(MOST_TRIES):
        await visitor.send("/clave", code="00000000")
    page = await visitor.send("/clave", code=world.code())

    assert "demasiados intentos" in page.text
    assert (await visitor.open("/lineas")).status_code == 403


async def test_a_code_ends_after_fifteen_minutes(world: World) -> None:
    visitor = world.visitor()
    await visitor.claim()
    world.at += timedelta(minutes=16)
    page = await visitor.send("/clave", code=world.code())

    assert "ya venció" in page.text


async def test_a_code_works_once(world: World) -> None:
    first = world.visitor()
    await first.claim()
    second = world.visitor()
    second.http.cookies = first.http.cookies.__class__(first.http.cookies)
    second.page = first.page
    code = world.code()
    await first.send("/clave", code=code)
    world.at += timedelta(minutes=1)

    assert "ya venció o ya se usó" in (await second.send("/clave", code=code)).text


async def test_another_code_replaces_one_that_did_not_arrive(world: World) -> None:
    visitor = world.visitor()
    await visitor.claim()
    first = world.code()
    page = await visitor.send("/otra")

    assert "Pedimos otra clave" in page.text
    assert world.code() != first
    assert (await visitor.send("/clave", code=world.code())).url.path == "/portal/lineas"


async def test_a_double_click_sends_one_code(world: World) -> None:
    visitor = world.visitor()
    await visitor.open()
    await visitor.send("/folio", none="1")
    before, jar = visitor.page, dict(visitor.http.cookies)
    await visitor.send("/identidad", kind="curp", value=DANI)
    visitor.page = before
    visitor.http.cookies.clear()
    visitor.http.cookies.update(jar)
    page = await visitor.send("/identidad", kind="curp", value=DANI)

    assert len(world.letters()) == 1
    assert page.url.path == "/portal/clave"


async def test_a_double_click_on_an_enrolment_says_yes_twice(world: World) -> None:
    code = enrolled(world.own, EVE, at=AT, contact="eve@congreso.example", accept=False)
    visitor = world.visitor()
    await visitor.open("/aceptar")
    before = visitor.page
    await visitor.send("/aceptar", kind="curp", value=EVE, code=code, want="yes")
    visitor.page = before
    page = await visitor.send("/aceptar", kind="curp", value=EVE, code=code, want="yes")

    assert "Ya está inscrito" in page.text


async def test_a_double_click_on_goodbye_says_goodbye_twice(world: World) -> None:
    visitor = world.visitor()
    await visitor.enter(world)
    before = await visitor.open("/avisos")
    jar = dict(visitor.http.cookies)
    await visitor.send("/avisos", want="withdraw", sure="1")
    visitor.page = before
    visitor.http.cookies.update(jar)
    page = await visitor.send("/avisos", want="withdraw", sure="1")

    assert "se dio de baja" in page.text


async def test_no_more_than_ten_codes_a_day_reach_one_person(world: World) -> None:
    for _ in range(13):
        await world.visitor().claim()

    assert len(world.letters()) == 10


async def test_a_number_with_a_new_sim_gets_no_code(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "MOVED", {b"mark-dani@congreso.example"})
    page = await world.visitor().claim()

    assert page.url.path == "/portal/clave"
    assert world.letters() == []
    assert len(world.letters("nobody")) == 1


async def test_letters_to_nobody_and_old_codes_are_forgotten(world: World) -> None:
    await world.visitor().claim(EVE)
    with world.own.writing():
        forget(world.own, world.at + timedelta(days=2))

    assert world.letters("nobody") == []
    assert world.own.rows("SELECT COUNT(*) FROM portal_challenges") == [(0,)]


async def test_a_page_left_open_overnight_says_so_kindly(world: World) -> None:
    visitor = world.visitor()
    await visitor.enter(world)
    world.at += timedelta(hours=9)
    page = await visitor.send("/respuesta", line=str(line(1).assessment), said="mine")

    assert page.status_code == 403
    assert "La página estuvo abierta mucho tiempo" in page.text
    assert world.holding.said == []


async def test_a_form_of_another_site_is_not_taken(world: World) -> None:
    visitor = world.visitor()
    await visitor.enter(world)
    page = await visitor.send(
        "/respuesta", line=str(line(1).assessment), said="mine", token="guessed"
    )

    assert page.status_code == 403
    assert world.holding.said == []


@pytest.mark.parametrize("folio", ["K7PM-4TQX-9RHD", "ABCD-EFGH"])
async def test_an_unknown_folio_gets_a_kind_sentence(world: World, folio: str) -> None:
    page = await world.visitor().claim(EVE, folio=folio)

    assert page.status_code == 200
    assert "Revise" in page.text


@pytest.mark.parametrize("folio", ["", "abc", "ñ" * 12, "<script>"])
async def test_what_cannot_be_a_folio_is_said_and_not_echoed(world: World, folio: str) -> None:
    visitor = world.visitor()
    await visitor.open()
    page = await visitor.send("/folio", folio=folio)

    assert "no tiene la forma esperada" in page.text
    assert "<script" not in page.text


async def test_what_is_typed_is_neither_stored_nor_echoed(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    visitor = world.visitor()
    pages = [await visitor.claim(), await visitor.send("/clave", code="12345678")]
    pages.append(await world.visitor().claim(DANI[:-3]))
    kept = [
        bytes(cell) if isinstance(cell, bytes | memoryview) else str(cell).encode()
        for table in ("portal_challenges", "portal_acts", "outbox", "enrolments")
        for row in world.own.rows(f"SELECT * FROM {table}")
        for cell in row
    ]
    said = "".join(page.text for page in pages) + json.dumps(str(visitor.http.cookies))

    assert DANI[:10] not in said + "".join(capsys.readouterr())
    assert not any(DANI[:10].encode() in cell for cell in kept)


@pytest.mark.parametrize(
    ("kind", "typed", "meant"),
    [
        ("curp", DANI.lower(), DANI),
        ("curp", f"{DANI[:4]}-{DANI[4:]}", DANI),
        ("passport", "g12345678", "MEX:G12345678"),
        ("passport", "usa 123456789", "USA:123456789"),
    ],
)
def test_an_identity_is_read_kindly(world: World, kind: str, typed: str, meant: str) -> None:
    key = identity(kind, meant, pseudonymiser(), day=20_000)

    assert world.portal.subject(_typed(kind, typed)) == key


def test_a_token_is_no_proof_of_identity(world: World) -> None:
    token = pseudonymiser().token("identity", f"curp|{DANI}")

    assert identity("curp", token, pseudonymiser(), day=20_000) == subject_of(DANI)
    assert world.portal.subject(_typed("curp", token)) == 0
    assert world.portal.subject(_typed("passport", token)) != subject_of(DANI)


def _typed(kind: str, value: str) -> Call:
    return Call(None, {"kind": kind, "value": value}, {}, "es", "", AT)


async def test_the_patience_with_one_address_ends(world: World) -> None:
    object.__setattr__(world.portal, "guesses", Guesses(Rate(0.001, 3), Rate(1, 100)))
    pages = [await world.visitor().claim(curp_of(50 + n)) for n in range(4)]

    assert [page.status_code for page in pages] == [200, 200, 200, 429]
    assert "No se perdió nada" in pages[-1].text


async def test_a_fault_on_our_side_is_a_sentence(world: World) -> None:
    visitor = world.visitor()
    await visitor.enter(world)
    world.holding.held = None  # type: ignore[assignment]
    page = await visitor.open("/lineas")

    assert page.status_code == 500
    assert "No es culpa suya" in page.text


@pytest.mark.parametrize(("method", "path"), [("GET", "/nada"), ("DELETE", ""), ("GET", "/otra")])
async def test_no_page_is_a_page(world: World, method: str, path: str) -> None:
    page = await world.visitor().http.request(method, f"/portal{path}")

    assert page.status_code == 404
    assert "Esta página no existe" in page.text


async def test_headers_let_nothing_in_and_nothing_out(world: World) -> None:
    page = await world.visitor().open()
    cookie = page.headers["set-cookie"]

    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "strict-transport-security" in page.headers
    assert cookie.startswith("__Host-visit=")
    assert {"HttpOnly", "Secure", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert "<script" not in page.text
    assert world.at == AT
