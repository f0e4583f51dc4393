"""From a folio to proof: the pages that everybody may open, and that look the same for everybody."""

from __future__ import annotations

from dataclasses import replace

from serve.notices import folios
from serve.portal import records
from serve.portal.calls import Call, Reply, led, shown, stale
from serve.portal.proof import CODE_DIGITS, RIGHT, Claim, person
from serve.portal.service import Portal
from serve.portal.visits import FOLIO, MEMBER, Visit, asking_anew, begun


def home(_: Portal, call: Call) -> Reply:
    """Where it begins."""
    return shown(call, "home", call.visit or begun(call.at))


def folio(_: Portal, call: Call) -> Reply:
    """A folio of a notice (12 letters), of a clerk (8), or none for who is enrolled."""
    visit = _visit(call)
    typed = "" if call.form.get("none") else call.form.get("folio", "")[:24]
    plain = folios.plain_folio(typed)
    letters = len(plain.replace("-", ""))
    fine = letters == folios.LETTERS or records.prefix(typed) or call.form.get("none")
    if not fine or not plain.isascii():
        return shown(call, "home", visit, complaint=call.word("home", "bad"))
    return led("/identidad", replace(begun(call.at), token=visit.token, folio=plain, named=True))


def identity_page(_: Portal, call: Call) -> Reply:
    """Who somebody says to be."""
    visit = _asked(call)
    return shown(call, "identity", asking_anew(visit), coded=_is_coded(visit))


def identity(portal: Portal, call: Call) -> Reply:
    """A code is on its way, or not; or the clerk's folio opens."""
    visit = _asked(call)
    portal.guesses.take(call.address)
    subject, coded = portal.subject(call), _is_coded(visit)
    if not subject:
        bad = call.word("identity", "bad")
        return shown(call, "identity", visit, coded=coded, complaint=bad)
    return (
        _coded(portal, call, visit, subject) if coded else _by_folio(portal, call, visit, subject)
    )


def _coded(portal: Portal, call: Call, visit: Visit, subject: int) -> Reply:
    by = "delegate" if call.form.get("by") == "delegate" else "holder"
    claim = Claim(subject, by, visit.folio, visit.once)
    with portal.writing(call, "code_asked", subject=subject):
        name = portal.prover.begin(portal.books.own, claim, at=call.at)
    return led("/clave", replace(visit, subject=subject, by=by, challenge=name))


def _by_folio(portal: Portal, call: Call, visit: Visit, subject: int) -> Reply:
    found = records.found(portal.books, visit.folio, subject)
    with portal.writing(call, "folio_opened" if found else "folio_refused", subject=subject):
        pass
    if found is None:
        said = call.word("identity", "unmatched")
        return shown(call, "identity", visit, coded=False, complaint=said)
    proved = visit.proved_as(FOLIO, at=call.at)
    opened = replace(proved, subject=subject, by="folio", assessment=str(found.assessment))
    return led("/registro", opened)


def code_page(_: Portal, call: Call) -> Reply:
    """Where the code is typed."""
    return shown(call, "code", _challenged(call))


def code(portal: Portal, call: Call) -> Reply:
    """The right code opens the lines; ten wrong ones close it."""
    visit = _challenged(call)
    if visit.proved == MEMBER:  # the second of a double click
        return led("/lineas", visit)
    portal.guesses.take(call.address)
    typed = "".join(c for c in call.form.get("code", "")[:16] if c.isdecimal())[:CODE_DIGITS]
    own = portal.books.own
    with own.writing():
        found = portal.prover.check(own, visit.challenge, typed, at=call.at)
        if found == RIGHT and portal.register.member(own, person(visit.subject)) is None:
            found = "over"
        portal.note(call, f"code_{found}", subject=visit.subject)
    if found != RIGHT:
        return shown(call, "code", visit, complaint=call.word("code", found))
    return led("/lineas", visit.proved_as(MEMBER, at=call.at))


def another(portal: Portal, call: Call) -> Reply:
    """Another code for the same claim."""
    visit = _challenged(call)
    portal.guesses.take(call.address)
    claim = Claim(visit.subject, visit.by, visit.folio, visit.challenge)
    with portal.writing(call, "code_asked", subject=visit.subject):
        name = portal.prover.begin(portal.books.own, claim, at=call.at)
    return led("/clave", replace(visit, challenge=name, said="code_again"))


def accept_page(_: Portal, call: Call) -> Reply:
    """Where an enrolment is accepted or refused."""
    return shown(call, "accept", call.visit or begun(call.at))


def accept(portal: Portal, call: Call) -> Reply:
    """Yes or no to an enrolment, with the code that came to the contact."""
    visit, subject = _visit(call), portal.subject(call)
    portal.guesses.take(call.address)
    typed = "".join(c for c in call.form.get("code", "")[:16] if c.isdecimal())
    no = call.form.get("want") == "no"
    own = portal.books.own
    with own.writing():
        right = portal.prover.accept(own, person(subject), typed, no=no, at=call.at)
        did = ("refused" if no else "accepted") if right else "accept_wrong"
        portal.note(call, did, subject=subject)
    if not right:
        return shown(call, "accept", visit, complaint=call.word("accept", "bad"))
    texts = {"title": call.word("accept", "refused" if no else "done")}
    texts["text"] = call.word("accept", "refused_text" if no else "done_text")
    return shown(call, "word", replace(begun(call.at), token=visit.token), **texts)


def help_page(_: Portal, call: Call) -> Reply:
    """What somebody can do, with or without a folio."""
    return shown(call, "help", call.visit or begun(call.at))


def leave(_: Portal, call: Call) -> Reply:
    """The end of a visit."""
    texts = {"title": call.word("problem", "left"), "text": call.word("problem", "left_text")}
    return replace(shown(call, "word", begun(call.at), **texts), visit=None)


def _visit(call: Call) -> Visit:
    if call.visit is None:
        raise stale()
    return call.visit


def _asked(call: Call) -> Visit:
    """The visit of somebody who has said which folio, or that there is none."""
    visit = _visit(call)
    if not visit.named:
        raise stale()
    return visit


def _challenged(call: Call) -> Visit:
    visit = _visit(call)
    if not visit.challenge:
        raise stale()
    return visit


def _is_coded(visit: Visit) -> bool:
    return not records.prefix(visit.folio)
