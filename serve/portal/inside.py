"""Behind the proof: lines and answers, the lock, the enrolment, and a clerk's folio."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from math import ceil
from typing import cast
from uuid import UUID

from serve.answers import Unknown
from serve.deliveries.queue import moment
from serve.notices.enrolment import PATIENCE, Member
from serve.portal import records
from serve.portal.calls import Call, Reply, led, shown, stale
from serve.portal.holding import SAID, By, HeldLine
from serve.portal.proof import person
from serve.portal.records import MEXICO, Record
from serve.portal.service import Portal
from serve.portal.visits import FOLIO, MEMBER, Visit
from serve.words import ENGLISH, FAMILIES, SPANISH

PER_PAGE = 12  # lines; a page stays below 60 KB
ENDS = ("withdraw", "contest")  # what is asked twice
MOST_ASKED = 60  # of who asked about a name, the newest
TONGUES = {"es": SPANISH, "en": ENGLISH}


def lines(portal: Portal, call: Call) -> Reply:
    """The lines in this name, and who asked about it."""
    visit, member = _member(portal, call)
    held = portal.holding.lines(visit.subject, call.at)
    own, plain = portal.books.own, visit.folio
    about = portal.notifier.about(own, person(visit.subject), plain) if plain else []
    told = {"about": [str(one) for one in about], "strange": bool(plain) and not about}
    if not member.full_detail(call.at):
        begins = (moment(member.accepted_at) + PATIENCE).astimezone(MEXICO) + timedelta(days=1)
        return shown(
            call,
            "lines",
            visit,
            here="lineas",
            detail_from=begins.date(),
            total=len(held),
            strange=told["strange"],
        )
    held = sorted(held, key=lambda line: line.assessment not in about)
    pages = max(1, ceil(len(held) / PER_PAGE))
    page = min(max(_number(call.query.get("pagina", "1")), 1), pages)
    values: dict[str, object] = told | {
        "detail_from": None,
        "lines": held[(page - 1) * PER_PAGE : page * PER_PAGE],
        "asked": portal.holding.asked(visit.subject, call.at)[:MOST_ASKED],
        "page": page,
        "pages": pages,
        "answered": "",
    }
    if visit.said in SAID:  # said at the line itself, where the browser has gone
        values |= {"flash": "", "answered": visit.assessment}
        values["thanks"] = call.word("flash", visit.said)
    return shown(call, "lines", visit, here="lineas", **values)


def answer(portal: Portal, call: Call) -> Reply:
    """What somebody says of a line: of any in their name, or of the one that their folio opens."""
    visit, said = _proved(call), call.form.get("said", "")
    if said not in SAID:
        raise Unknown
    if visit.proved == MEMBER:
        _, member = _member(portal, call)
        if not member.full_detail(call.at):
            raise stale()
        page, line = _line(portal, call, visit, call.form.get("line", ""))
    else:
        page, line = 0, UUID(visit.assessment)
    with portal.writing(call, "answered", subject=visit.subject, detail=f"{visit.by} {said}"):
        pass  # said before it is done: nothing is done that the log does not know
    portal.holding.answer(line, said, cast("By", visit.by), call.at)
    path = f"/lineas?pagina={page}#line-{line}" if page else "/registro"
    return led(path, replace(visit, said=said, assessment=str(line)))


def record(portal: Portal, call: Call) -> Reply:
    """What a clerk's folio opens: the one registration, its reasons, and what can be done."""
    visit = _proved(call)
    found = _record(portal, visit)
    line = _filed(portal, call, visit, found)
    reasons = [FAMILIES[family][TONGUES[call.language]] for family in found.families]
    values = {"record": found, "line": line, "reasons": reasons}
    return shown(call, "record", visit, **values)


def review(portal: Portal, call: Call) -> Reply:
    """That a person looks. Asked twice it is asked once."""
    visit = _proved(call)
    found = _record(portal, visit)
    with portal.writing(call, "review_asked", subject=visit.subject):
        pass
    portal.holding.ask_to_look(found.assessment, call.at)
    return led("/registro", replace(visit, said="reviewed"))


def lock_page(portal: Portal, call: Call) -> Reply:
    """Whether new lines wait for this person."""
    visit, _ = _holder(portal, call)
    locked = bool(portal.locks.locked(portal.books.own, [visit.subject]))
    return shown(call, "lock", visit, here="candado", locked=locked)


def lock(portal: Portal, call: Call) -> Reply:
    """On or off."""
    visit, _ = _holder(portal, call)
    want = call.form.get("want") == "on"
    with portal.writing(call, "locked" if want else "unlocked", subject=visit.subject):
        if want:
            portal.locks.lock(portal.books.own, visit.subject, at=call.at)
        else:
            portal.locks.unlock(portal.books.own, visit.subject)
    return led("/candado", replace(visit, said="locked" if want else "unlocked"))


def enrolment_page(portal: Portal, call: Call) -> Reply:
    """Who enrolled this person, and how to end it."""
    visit, member = _holder(portal, call)
    return _choices(call, visit, member)


def _choices(call: Call, visit: Visit, member: Member, complaint: str = "") -> Reply:
    values = {"institution": member.institution, "silent": member.silent, "complaint": complaint}
    return shown(call, "enrolment", visit, here="avisos", **values)


def enrolment(portal: Portal, call: Call) -> Reply:
    """Silence, speech, or an end to it."""
    visit, want, register = _proved(call), call.form.get("want", ""), portal.register
    if visit.proved == MEMBER and register.member(portal.books.own, person(visit.subject)) is None:
        return _gone(call, visit)  # the second of a double click
    _, member = _holder(portal, call)
    if want in ENDS and not call.form.get("sure"):
        return _choices(call, visit, member, call.word("enrolment", "unsure"))
    acts = {
        "silence": register.silence,
        "speak": register.speak,
        "withdraw": register.withdraw,
        "contest": register.contest,
    }
    if want not in acts:
        raise Unknown
    own = portal.books.own
    with portal.writing(call, want, subject=visit.subject):
        acts[want](own, person(visit.subject))
        if want in ENDS:
            portal.locks.unlock(own, visit.subject)  # nobody could take it off any more
    if want in ("silence", "speak"):
        return led("/avisos", replace(visit, said="silent" if want == "silence" else "speaking"))
    return _gone(call, visit)


def _gone(call: Call, visit: Visit) -> Reply:
    texts = {"title": call.word("enrolment", "gone"), "text": call.word("enrolment", "gone_text")}
    return replace(shown(call, "word", replace(visit, proved=""), **texts), visit=None)


def _proved(call: Call) -> Visit:
    if call.visit is None or call.visit.proved not in (MEMBER, FOLIO):
        raise stale()
    return call.visit


def _member(portal: Portal, call: Call) -> tuple[Visit, Member]:
    """The visit of somebody enrolled, asked of the register each time: who has left is out."""
    visit = _proved(call)
    found = portal.register.member(portal.books.own, person(visit.subject))
    if visit.proved != MEMBER or found is None:
        raise stale()
    return visit, found


def _holder(portal: Portal, call: Call) -> tuple[Visit, Member]:
    """The person; a delegate answers for lines and changes nothing else."""
    visit, member = _member(portal, call)
    if visit.by != "holder":
        raise stale()
    return visit, member


def _line(portal: Portal, call: Call, visit: Visit, name: str) -> tuple[int, UUID]:
    """One of the lines in this name and the page it is on. Raises Unknown for any other."""
    for place, line in enumerate(portal.holding.lines(visit.subject, call.at)):
        if str(line.assessment) == name:
            return place // PER_PAGE + 1, line.assessment
    raise Unknown


def _filed(portal: Portal, call: Call, visit: Visit, found: Record) -> HeldLine | None:
    held = portal.holding.lines(visit.subject, call.at)
    return next((line for line in held if line.assessment == found.assessment), None)


def _record(portal: Portal, visit: Visit) -> Record:
    found = records.found(portal.books, visit.folio, visit.subject)
    if visit.proved != FOLIO or found is None:
        raise stale()
    return found


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 1
