"""The page: works without a script, in two languages and on a phone, and takes forms from nobody else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, sync_playwright

from serve.answers import Assessment
from serve.replay import exported
from serve.review.page_words import WORDS
from serve.words import ENGLISH, SPANISH
from tests.builders import curp_of
from tests.serve import counter
from tests.serve.portal.browser import launched
from tests.serve.review.bench import BETO, Bench
from tests.serve.review.desk import Person, application, served

Flagged = tuple[Bench, FastAPI, Assessment]
WIDTHS = {"phone": 360, "desktop": 1280}


@pytest.fixture
def flagged(tmp_path: Path) -> Iterator[Flagged]:
    bench = Bench(f"sqlite:///{tmp_path / 'store.db'}")
    told = bench.over_the_cap(device_id="one tablet")
    with application(bench) as app:
        yield bench, app, told
    bench.close()


def test_who_is_not_signed_in_goes_to_sign_in(flagged: Flagged) -> None:
    _, app, told = flagged
    nobody = Person(app)

    for path in ("/review", f"/review/cases/{told.assessment_id}", "/review/allowed"):
        answer = nobody.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/review/sign-in")


def test_a_wrong_secret_is_refused_and_the_right_one_begins_a_short_session(
    flagged: Flagged,
) -> None:
    _, app, _ = flagged
    ana = Person(app)

    assert ana.sign_in("ana", "guess").status_code == 403
    answer = ana.sign_in("ana")

    assert answer.status_code == 303
    cookie = next(c for c in answer.headers.get_list("set-cookie") if "review_session" in c)
    assert all(word in cookie for word in ("HttpOnly", "SameSite=strict", "Max-Age=900"))
    assert ana.get("/review").status_code == 200


def test_a_case_is_decided_with_forms_alone(flagged: Flagged) -> None:
    bench, app, told = flagged
    ana, path = Person(app), f"/review/cases/{told.assessment_id}"
    ana.sign_in("ana")

    ana.send(path, path, act="claim")
    ana.send(path, path, act="note", text="Es una familia.")
    answer = ana.send(path, path, act="legitimate")
    assert answer.headers["location"].endswith("done=done")
    ana.send(path, path, act="allow", kind="person", days="30", why="familia")

    assert exported(bench.standing.books).labels.fraud.tolist() == [False]
    assert "familia" in ana.get("/review/allowed").text
    assert "familia" in ana.get(path).text


def test_a_form_from_another_site_does_nothing(flagged: Flagged) -> None:
    bench, app, told = flagged
    ana, path = Person(app), f"/review/cases/{told.assessment_id}"
    ana.sign_in("ana")
    other = Person(app)
    other.sign_in("beto")

    theirs = other.get(path).text.split('name="form" value="')[1][:64]
    for form in ({}, {"form": "0" * 64}, {"form": theirs}):
        assert ana.ask("POST", path, data={"act": "claim"} | form).status_code == 403
    mark = ana.get(path).text.split('name="form" value="')[1][:64]
    crossed = ana.ask(
        "POST", path, data={"act": "claim", "form": mark}, headers={"sec-fetch-site": "cross-site"}
    )
    assert crossed.status_code == 403
    assert bench.room.queue(BETO, order="risk", page=1, most=1)[0][0].claimed_by == ""


def test_a_gateway_may_say_who_it_is(flagged: Flagged) -> None:
    _, app, told = flagged

    assert Person(app, "ana").get(f"/review/cases/{told.assessment_id}").status_code == 200
    assert Person(app, "carrier").get("/review").status_code == 403
    assert Person(app, "stranger").get(f"/review/cases/{told.assessment_id}").status_code == 404


def test_it_answers_in_the_readers_language(flagged: Flagged) -> None:
    _, app, _ = flagged

    assert "Casos por revisar" in Person(app, "ana").get("/review").text
    english = Person(app, "ana", **{"accept-language": "en"}).get("/review")
    assert "Cases to review" in english.text
    assert '<html lang="en">' in english.text
    assert WORDS[SPANISH].keys() == WORDS[ENGLISH].keys()


def test_no_page_runs_a_script_or_may_be_framed(flagged: Flagged) -> None:
    _, app, told = flagged
    for path in ("/review", f"/review/cases/{told.assessment_id}", "/review/sign-in"):
        answer = Person(app, "ana").get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "<script" not in answer.text
        assert curp_of(31) not in answer.text
        assert answer.headers["cache-control"] == "no-store"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        made = launched(play)
        yield made
        made.close()


@pytest.mark.parametrize("width", WIDTHS.values(), ids=list(WIDTHS))
def test_it_can_be_used_and_read_by_everybody(
    flagged: Flagged, browser: Browser, width: int
) -> None:
    """axe finds nothing; nothing is wider than the screen; a whole case is decided without a script."""
    _, app, told = flagged
    with served(app) as url:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, java_script_enabled=True, locale="es-MX"
        )
        page = context.new_page()
        page.goto(f"{url}/review/sign-in")
        looked_at(page, f"sign-in-{width}")
        page.get_by_label("Identificador").fill("ana")
        page.get_by_label("Clave").fill(counter.SECRET)
        page.get_by_role("button", name="Iniciar sesión").click()
        looked_at(page, f"queue-{width}")
        page.get_by_role("link", name=f"Caso {told.folio}").click()
        page.get_by_role("button", name="Tomar el caso").click()
        looked_at(page, f"case-{width}")
        page.get_by_role("button", name="Es legítimo").click()
        looked_at(page, f"decided-{width}")
        context.close()


@pytest.mark.parametrize("width", WIDTHS.values(), ids=list(WIDTHS))
def test_evidence_comes_before_the_verdict(flagged: Flagged, browser: Browser, width: int) -> None:
    """Down a phone, and for whoever hears the page; a link leads past it."""
    _, app, told = flagged
    with served(app) as url:
        page = browser.new_page(viewport={"width": width, "height": 900}, locale="es-MX")
        page.goto(f"{url}/review/sign-in")
        page.get_by_label("Identificador").fill("ana")
        page.get_by_label("Clave").fill(counter.SECRET)
        page.get_by_role("button", name="Iniciar sesión").click()
        page.get_by_role("link", name=f"Caso {told.folio}").click()
        heard = page.locator("main h2").all_inner_texts()
        tops = [h.bounding_box()["y"] for h in page.locator("main h2").all()]  # type: ignore[index]
        jump = page.get_by_role("link", name="Su veredicto")
        page.close() if width > 600 else jump.click()

    assert heard.index("Su veredicto") > heard.index("Qué se supo después")
    assert (tops == sorted(tops)) == (width == WIDTHS["phone"])


def looked_at(page: Page, name: str) -> None:
    page.wait_for_load_state()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    wide: Any = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, name
    if folder := os.environ.get("SIMVIGIA_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
