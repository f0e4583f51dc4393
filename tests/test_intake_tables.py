"""Line events, labels, breaches and officials at the door."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detector import intake
from detector.registration import BREACH_FIELDS, EVENT_KINDS, LABEL_SOURCES, NEVER, DataFolder
from tests import builders
from tests.builders import breach, breach_member, folder, label, line_event, official, registration

DAY = 86_400_000_000


def read(at: Path, own: Mapping[str, Any], **tables: list[Mapping[str, Any]]) -> DataFolder:
    """A folder with this registration between two others, and these tables."""
    others = [registration(registered_at=f"202{n}-01-01T00:00:00Z") for n in (5, 7)]
    path = folder(at, registrations=[own, *others], **tables)
    return intake.read_folder(path, builders.pseudonymiser())


def test_a_line_event_points_at_its_registration(tmp_path: Path) -> None:
    own = registration()

    seen = read(tmp_path, own, line_events=[line_event(own, imei=own["imei"], place="20067")])

    assert seen.line_events.row.tolist() == [1]
    assert seen.line_events.handset[0] == seen.registrations.handset[1]
    assert EVENT_KINDS[seen.line_events.kind[0]] == "attach"
    assert seen.line_events.place[0] == 20067


def test_line_events_are_in_order_of_registration_and_time(tmp_path: Path) -> None:
    own = registration()
    times = ["2026-03-05T00:00:00Z", "2026-03-03T00:00:00Z", "2026-03-04T00:00:00Z"]

    seen = read(tmp_path, own, line_events=[line_event(own, occurred_at=at) for at in times])

    assert seen.line_events.at.tolist() == sorted(seen.line_events.at.tolist())


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"registration_id": "unheard-of"}, "registration_id"),
        ({"carrier_id": "beta"}, "registration_id"),
        ({"occurred_at": "noon"}, "occurred_at"),
        ({"kind": "call"}, "kind"),
        ({"kind": None}, "kind"),
    ],
)
def test_a_bad_line_event_is_rejected_alone(
    changes: dict[str, Any], field: str, tmp_path: Path
) -> None:
    own = registration()

    seen = read(tmp_path, own, line_events=[line_event(own), line_event(own, **changes)])

    assert len(seen.line_events) == 1
    assert [(r.table, r.row, r.field) for r in seen.rejections] == [("line_events", 2, field)]


def test_what_belongs_to_a_rejected_registration_is_rejected_too(tmp_path: Path) -> None:
    own = registration(plan="free")

    seen = read(tmp_path, own, labels=[label(own)])

    assert [(r.table, r.reason) for r in seen.rejections] == [
        ("registrations", "not one of the contract's words"),
        ("labels", "registration unknown"),
    ]


def test_a_label_is_a_verdict_from_somebody_at_a_time(tmp_path: Path) -> None:
    own = registration()
    later = label(own, label="legitimate", decided_at="2026-05-01T00:00:00Z", source="analyst")

    known = read(tmp_path, own, labels=[later, label(own, confidence=0.5)]).labels

    assert known.fraud.tolist() == [True, False]
    assert [LABEL_SOURCES[code] for code in known.source] == ["holder", "analyst"]
    assert known.confidence[0] == 0.5
    assert np.isnan(known.confidence[1])


def test_verdicts_of_one_moment_that_contradict_are_both_rejected(tmp_path: Path) -> None:
    own = registration()
    told = [label(own), label(own), label(own, label="legitimate")]
    later = label(own, label="legitimate", decided_at="2026-05-01T00:00:00Z")

    seen = read(tmp_path, own, labels=[*told, later])

    assert seen.labels.fraud.tolist() == [False]
    assert [(r.row, r.field, r.reason) for r in seen.rejections] == [
        (number, "label", "contradicts another verdict of the same moment") for number in (1, 2, 3)
    ]


def test_a_breach_says_what_leaked_and_when(tmp_path: Path) -> None:
    own = registration()

    known = read(tmp_path, own, breaches=[breach(fields="photo| CURP|shoe_size")]).breaches

    bits = {name for bit, name in enumerate(BREACH_FIELDS) if known.fields_leaked[0] >> bit & 1}
    assert bits == {"curp", "photo"}
    assert known.occurred_on[0] == (date(2025, 6, 1) - date(1970, 1, 1)).days


def test_breaches_of_one_name_and_two_contents_are_rejected(tmp_path: Path) -> None:
    own = registration()
    rows = [breach(), breach(breach_id="b2"), breach(breach_id="b2"), breach(fields="phone")]

    seen = read(tmp_path, own, breaches=rows)

    assert seen.breaches.breach_id == ("b2",)
    assert [(r.row, r.field) for r in seen.rejections] == [(1, "breach_id"), (4, "breach_id")]


def test_a_member_is_the_person_who_registers(tmp_path: Path) -> None:
    own = registration()
    leaked = [breach(), breach(breach_id="b0")]
    spelt = own | {"identity_value": own["identity_value"].lower()}

    seen = read(tmp_path, own, breaches=leaked, breach_members=[breach_member(spelt)])

    assert seen.breach_members.identity[0] == seen.registrations.identity[1]
    assert seen.breaches.breach_id[seen.breach_members.breach[0]] == "b1"


def test_a_member_of_no_known_breach_is_rejected(tmp_path: Path) -> None:
    own = registration()

    seen = read(tmp_path, own, breach_members=[breach_member(own)])

    assert [(r.table, r.field) for r in seen.rejections] == [("breach_members", "breach_id")]


@pytest.mark.parametrize("since", ["2024-10-01", date(2024, 10, 1), "2024-10-01T00:00:00Z"])
def test_an_official_is_one_from_a_day_on(since: object, tmp_path: Path) -> None:
    own = registration()

    known = read(tmp_path, own, officials=[official(own, since=since)]).officials

    assert known.since[0] == (date(2024, 10, 1) - date(1970, 1, 1)).days * DAY
    assert known.until[0] == NEVER


def test_an_officials_end_that_is_no_date_is_rejected(tmp_path: Path) -> None:
    own = registration()
    rows = [official(own), official(own, until="soon")]

    seen = read(tmp_path, own, officials=rows)

    assert [(r.row, r.field) for r in seen.rejections] == [(2, "until")]
