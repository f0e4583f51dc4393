"""What the signals say of people's lives and of attacks on them, told in rows and taken through the door."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.builders import (
    breach,
    breach_member,
    curp_of,
    iccid_of,
    imei_of,
    label,
    line_event,
    official,
    registration,
)
from tests.stories import Story, at

ANA = curp_of(900_001)
BETO = curp_of(900_002)


def lines_of(identity: str, count: int, *, apart: float = 10.0, **changes: Any) -> list[dict]:
    """Lines of one identity, so many minutes apart."""
    return [
        registration(identity_value=identity, registered_at=at(minutes=apart * i), **changes)
        for i in range(count)
    ]


def test_the_third_line_of_an_identity_in_an_hour_is_seen(tmp_path: Path) -> None:
    rows = lines_of(ANA, 3)

    story = Story(tmp_path, registrations=rows)

    assert [story[row]["identity_registrations_hour"] for row in rows] == [0, 1, 2]
    assert story[rows[2]]["open_lines"] == 2


def test_lines_at_several_carriers_are_counted_together(tmp_path: Path) -> None:
    rows = [*lines_of(ANA, 1), *lines_of(ANA, 1, apart=5, carrier_id="beta")]
    third = registration(identity_value=ANA, carrier_id="gama", registered_at=at(hours=2))

    told = Story(tmp_path, registrations=[*rows, third])[third]

    assert told["identity_carriers_week"] == 2
    assert told["open_lines"] == 2
    assert told["open_lines_here"] == 0


def test_a_young_business_is_younger_than_an_old_one(tmp_path: Path) -> None:
    old = registration(identity_type="rfc", identity_value="AAA930714AB1", registered_at=at())
    young = registration(identity_type="rfc", identity_value="AAA251201AB1", registered_at=at())
    person = registration(registered_at=at())

    story = Story(tmp_path, registrations=[old, young, person])

    assert story[young]["business_age"] == pytest.approx(91.6, abs=0.1)
    assert story[old]["business_age"] > 30 * 365
    assert np.isnan(story[person]["business_age"])


def test_a_tried_out_homoclave_is_seen_in_the_root(tmp_path: Path) -> None:
    near = curp_of(900_001 + 26**6)
    assert near[:16] == ANA[:16] != near
    rows = [
        registration(identity_value=ANA, registered_at=at()),
        registration(identity_value=near, registered_at=at(days=1)),
    ]

    story = Story(tmp_path, registrations=rows)

    assert [story[row]["root_identities"] for row in rows] == [0, 1]


def shared(count: int, *, minutes: float, **key: Any) -> list[dict]:
    """Registrations of as many people that share something."""
    return [registration(registered_at=at(minutes=minutes * i), **key) for i in range(count)]


def test_a_family_device_is_less_than_a_device_worked_through_a_list(tmp_path: Path) -> None:
    family = shared(4, minutes=24 * 60, device_id="kitchen")
    listed = shared(13, minutes=4, device_id="workshop")

    story = Story(tmp_path, registrations=family + listed)
    ours, theirs = story[family[-1]], story[listed[-1]]

    assert ours["device_identities_memory"] == 3
    assert ours["device_identities_hour"] == 0
    assert theirs["device_identities_memory"] == theirs["device_identities_hour"] == 12


def test_a_contact_left_in_many_names_links_them(tmp_path: Path) -> None:
    rows = shared(4, minutes=60 * 30, contact="same@example.org")

    assert Story(tmp_path, registrations=rows)[rows[-1]]["contact_identities_memory"] == 3


def sims(count: int, **changes: Any) -> list[dict]:
    """Registrations of SIMs in the order of their numbers."""
    return [
        registration(iccid=iccid_of(77_000 + i), registered_at=at(minutes=30 * i), **changes)
        for i in range(count)
    ]


def test_a_run_of_neighbouring_sims_in_unrelated_names_is_a_batch(tmp_path: Path) -> None:
    rows = sims(7)

    told = Story(tmp_path, registrations=rows)[rows[-1]]

    assert told["sim_run"] == 6
    assert told["near_sims"] == told["near_sim_identities"] == 5


def test_a_fleets_neighbouring_sims_are_its_own(tmp_path: Path) -> None:
    rows = sims(7, identity_type="rfc", identity_value="AAA930714AB1")

    told = Story(tmp_path, registrations=rows)[rows[-1]]

    assert told["sim_run"] == told["near_sims"] == 0


def test_years_of_life_are_told_and_their_absence_is_not_guessed(tmp_path: Path) -> None:
    kind = {"operation": "link_existing", "registered_at": at()}
    lived = registration(line_first_seen_on="2016-03-02", **kind)
    unknown = registration(line_first_seen_on=None, **kind)

    story = Story(tmp_path, registrations=[lived, unknown])

    assert story[lived]["line_age"] == pytest.approx(3_652, rel=1 / 256)
    assert np.isnan(story[unknown]["line_age"])


def test_the_dead_get_no_line_without_proof_and_keep_the_one_they_have(tmp_path: Path) -> None:
    gone = registration(validation_result="deceased")
    widow = registration(validation_result="deceased", operation="link_existing")
    unknown = registration(validation_result="not_found")
    silent = registration(validation_result="unavailable")

    story = Story(tmp_path, registrations=[gone, widow, unknown, silent])

    assert story.rules(gone) == {"reported_deceased"}
    assert story.rules(widow) == {"deceased_links_line"}
    assert story.rules(unknown) == set()
    assert story[gone]["validation_doubt"] > story[unknown]["validation_doubt"] > 0
    assert np.isnan(story[silent]["validation_doubt"])


def test_failed_check_digits_are_counted(tmp_path: Path) -> None:
    wrong = ANA[:-1] + str((int(ANA[-1]) + 1) % 10)
    one = registration(identity_value=wrong)

    assert Story(tmp_path, registrations=[one])[one]["failed_check_digits"] == 1


def test_a_sim_changed_the_day_before_a_relink_in_another_name_is_a_takeover(
    tmp_path: Path,
) -> None:
    held = registration(identity_value=ANA, registered_at=at())
    line = {"msisdn": held["msisdn"]}
    swapped = registration(
        identity_value=ANA, operation="sim_replacement", registered_at=at(days=40), **line
    )
    new_sim = {"iccid": swapped["iccid"], "operation": "relink", "registered_at": at(days=41)}
    taken = registration(identity_value=BETO, **line, **new_sim)

    told = Story(tmp_path, registrations=[held, swapped, taken])[taken]

    assert told["line_gap"] == pytest.approx(86_400, rel=1 / 256)
    assert told["line_sims_week"] == told["line_other_identities_week"] == 1
    assert told["line_same_identity_before"] == 0
    assert told["line_same_sim_before"] == 1


def test_relinking_ones_own_old_line_shows_no_change_of_hands(tmp_path: Path) -> None:
    held = registration(identity_value=ANA, registered_at=at())
    again = held | {"registration_id": "again", "operation": "relink", "registered_at": at(days=90)}

    told = Story(tmp_path, registrations=[held, again])[again]

    assert told["line_same_identity_before"] == told["line_same_handset_before"] == 1
    assert told["line_other_identities_week"] == 0


def test_a_disowned_neighbour_counts_only_once_the_verdict_is_known(tmp_path: Path) -> None:
    false, before, after = shared(3, minutes=24 * 60, device_id="shared")
    verdict = label(false, decided_at=at(hours=36))

    story = Story(tmp_path, registrations=[false, before, after], labels=[verdict])

    assert story[before]["linked_disowned_excess"] <= 0
    assert story[after]["linked_disowned_excess"] > 1


def test_a_verdict_taken_back_no_longer_counts(tmp_path: Path) -> None:
    false, after = shared(2, minutes=48 * 60, device_id="shared")
    labels = [
        label(false, decided_at=at(hours=12)),
        label(false, label="legitimate", decided_at=at(hours=24), source="analyst"),
    ]

    story = Story(tmp_path, registrations=[false, after], labels=labels)

    assert story[after]["linked_disowned_excess"] <= 0


def test_people_tied_in_a_chain_are_one_ring(tmp_path: Path) -> None:
    first = registration(device_id="d", registered_at=at())
    second = registration(device_id="d", contact="c@example.org", registered_at=at(days=1))
    third = registration(contact="c@example.org", registered_at=at(days=2))
    stranger = registration(registered_at=at(days=3))

    story = Story(tmp_path, registrations=[first, second, third, stranger])

    assert [story[r]["ring_identities"] for r in (first, second, third)] == [0, 1, 2]
    assert story[stranger]["ring_registrations"] == 0


def test_a_shared_hub_does_not_glue_people_into_one_ring(tmp_path: Path) -> None:
    rows = shared(60, minutes=10, device_id="tablet")

    story = Story(tmp_path, registrations=rows)

    assert max(story[row]["ring_identities"] for row in rows) < 15


def test_company_in_breaches_is_noticed(tmp_path: Path) -> None:
    rows = shared(5, minutes=60, device_id="shared")
    members = [breach_member(row) for row in rows[:4]]

    plain = Story(tmp_path / "plain", registrations=rows)[rows[4]]
    told = Story(tmp_path, registrations=rows, breaches=[breach()], breach_members=members)[rows[4]]

    assert told["linked_grave_excess"] > 2 > plain["linked_grave_excess"]


def test_ones_own_office_and_breaches_are_no_features(tmp_path: Path) -> None:
    rows = shared(5, minutes=60, device_id="shared")
    own = {
        "breaches": [breach()],
        "breach_members": [breach_member(rows[4])],
        "officials": [official(rows[4])],
    }

    plain = Story(tmp_path / "plain", registrations=rows)
    told = Story(tmp_path, registrations=rows, **own)

    np.testing.assert_array_equal(told.vector(rows[4]), plain.vector(rows[4]))


def test_a_member_who_became_known_later_is_not_exposed_yet(tmp_path: Path) -> None:
    rows = shared(2, minutes=60, device_id="shared")
    late = breach_member(rows[0], known_at=at(days=30))

    story = Story(tmp_path, registrations=rows, breaches=[breach()], breach_members=[late])

    assert story[rows[1]]["linked_grave_excess"] <= 0


def test_an_identity_far_from_its_usual_places_is_seen(tmp_path: Path) -> None:
    home = lines_of(ANA, 3, apart=24 * 60, place="09015")
    near = registration(identity_value=ANA, place="09015", registered_at=at(days=5))
    far = registration(identity_value=ANA, place="02004", registered_at=at(days=6))

    story = Story(tmp_path, registrations=[*home, near, far])

    assert story[near]["identity_usual_place"] == 1
    assert story[far]["identity_usual_place"] == 0


def test_a_line_woken_in_another_handset_was_handed_over(tmp_path: Path) -> None:
    sold, kept = registration(registered_at=at()), registration(registered_at=at())
    events = [
        line_event(sold, kind="first_attach", occurred_at=at(days=3), imei=imei_of(999_999)),
        line_event(kept, kind="first_attach", occurred_at=at(hours=1), imei=kept["imei"]),
    ]

    story = Story(tmp_path, stage="first_attach", registrations=[sold, kept], line_events=events)

    assert story[sold]["after_handset_changed"] == 1
    assert story[sold]["after_hours_to_attach"] == 72
    assert story[kept]["after_handset_changed"] == 0


def test_silence_is_information_where_the_carrier_reports_events(tmp_path: Path) -> None:
    silent, busy = registration(registered_at=at()), registration(registered_at=at())
    elsewhere = registration(registered_at=at(), carrier_id="mute")
    events = [
        line_event(busy, kind="first_attach", occurred_at=at(hours=2)),
        line_event(busy, occurred_at=at(days=8)),
    ]

    story = Story(
        tmp_path, stage="day_7", registrations=[silent, busy, elsewhere], line_events=events
    )

    assert story[silent]["after_attached"] == 0
    assert story[busy]["after_attached"] == 1
    assert np.isnan(story[elsewhere]["after_attached"])


def test_a_stage_is_reached_only_where_line_events_reach_it(tmp_path: Path) -> None:
    early, recent = registration(registered_at=at()), registration(registered_at=at(days=7))
    seen = [line_event(early, kind="first_attach", occurred_at=at(days=8))]

    day_7 = Story(tmp_path, stage="day_7", registrations=[early, recent], line_events=seen)
    day_1 = Story(tmp_path, stage="day_1", registrations=[early, recent], line_events=seen)

    assert (early in day_7, recent in day_7) == (True, False)
    assert (early in day_1, recent in day_1) == (True, True)


def test_a_handset_that_wakes_line_after_line_is_a_crowd(tmp_path: Path) -> None:
    rows = [registration(registered_at=at(hours=i)) for i in range(5)]
    farm = [
        line_event(row, kind="first_attach", occurred_at=at(days=1, hours=i), imei=imei_of(888_888))
        for i, row in enumerate(rows)
    ]

    story = Story(tmp_path, stage="first_attach", registrations=rows, line_events=farm)

    assert [story[row]["attach_handset_lines"] for row in rows] == [0, 1, 2, 3, 4]


def days_work(day: int, count: int, **changes: Any) -> list[dict]:
    """Evenly over twelve hours of a day."""
    return [
        registration(registered_at=at(days=day, minutes=720 * i / count), **changes)
        for i in range(count)
    ]


def test_a_service_centre_on_a_deadline_day_keeps_the_countrys_tempo(tmp_path: Path) -> None:
    """Both agents serve eight times as many on the last two days; with one so does the whole country."""
    rows = []
    for day in range(16):
        deadline = day >= 14
        for name in "abc":
            rows += days_work(day, 48 if deadline else 6, agent_id=f"agent-{name}")
        rows += days_work(day, 48 if deadline else 6, agent_id="keen", carrier_id="calm")
        rows += days_work(day, 40, carrier_id="calm")

    story = Story(tmp_path, registrations=rows)
    busy = max((r for r in rows if r["agent_id"] == "agent-a"), key=lambda r: r["registered_at"])
    keen = max((r for r in rows if r["agent_id"] == "keen"), key=lambda r: r["registered_at"])

    assert abs(story[busy]["agent_tempo_day"]) < 0.5
    assert story[keen]["agent_tempo_day"] > story[busy]["agent_tempo_day"] + 0.5


def test_who_comes_after_a_worked_off_list_is_in_bad_company(tmp_path: Path) -> None:
    def on(device: str, i: int, **columns: Any) -> dict[str, Any]:
        moment = at(minutes=3 * i)
        return registration(device_id=device, registered_at=moment, channel="app", **columns)

    listed = [on("ring", i, identity_value=curp_of(910_000 + i)) for i in range(12)]
    own = [on("own", 300 * i, identity_value=ANA, operation="link_existing") for i in range(4)]
    alone = on("mine", 1, identity_value=BETO)

    story = Story(tmp_path, registrations=[*listed, *own, alone])

    last, calm = story[listed[-1]], story[own[-1]]
    assert last["device_impression"] > calm["device_impression"]
    assert last["device_worst_impression"] > calm["device_worst_impression"]
    assert np.isnan(story[alone]["device_impression"])
    assert np.isnan(story[listed[0]]["device_impression"])  # nobody was there before
