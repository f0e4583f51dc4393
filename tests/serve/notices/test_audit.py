"""Who signed, who asked for a delay, what was done at the portal: in the audit log, and naming nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest

from serve.notices.manners import hold
from serve.portal.acts import Act, kept
from serve.store.database import Connection
from tests.serve.audit.keeping import Clock, keeper, recorded
from tests.serve.engine.standing import Standing
from tests.serve.notices.people import AT, BOX, DANI, accepted


@pytest.fixture
def standing(store_url: str, own: Connection) -> Standing:
    accepted(own)
    with own.writing():
        asked = {"authority": "FGR", "reference": "FED/1/2026", "entered_by": "ana"}
        hold(own, BOX.row(DANI).name, **asked, until=AT + timedelta(days=2), at=AT)
        kept(own, Act("answered", AT, BOX.mark("act", "dani"), "holder not_mine"))
    return Standing(store_url)


def test_what_is_done_with_enrolments_delays_and_the_portal_is_recorded_once(
    standing: Standing,
) -> None:
    log = keeper(standing, Clock())
    told = [(e.kind, dict(e.facts)) for e in recorded(log, standing.books)]

    assert ("enrolment", {"signature": "first"}) in told
    assert ("enrolment", {"signature": "second"}) in told
    assert ("delay", {}) in told
    assert ("portal", {"act": "answered"}) in told
    assert len(recorded(log, standing.books)) == len(told)
    standing.close()


def test_no_record_names_the_person_the_authority_or_a_signer(standing: Standing) -> None:
    packed = b"".join(e.packed() for e in recorded(keeper(standing, Clock()), standing.books))
    [(content,)] = standing.books.own.rows("SELECT COUNT(*) FROM notice_holds")

    assert content == 1
    assert not any(word in packed for word in (b"FGR", b"FED", b"ana", b"congreso", DANI))
    standing.close()
