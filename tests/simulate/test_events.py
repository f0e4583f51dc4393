from tests.simulate.conftest import Frames


def test_most_lines_are_used_soon(default: Frames) -> None:
    used = default["joined"].merge(
        default["line_events"][lambda events: events.kind == "first_attach"],
        on=["carrier_id", "registration_id"],
    )
    wait = (used.occurred_at - used.registered_at).dt.total_seconds()

    assert len(used) > 0.85 * len(default["joined"])
    assert 120 < wait.median() < 86_400


def test_each_line_is_first_used_once(default: Frames) -> None:
    first = default["line_events"][lambda events: events.kind == "first_attach"]

    assert first.registration_id.is_unique


def test_honest_people_leave_and_unlink_too(default: Frames) -> None:
    ended = default["joined"].merge(default["line_events"], on=["carrier_id", "registration_id"])
    kinds = ended[~ended.fraud].groupby("kind").size()

    assert kinds["abandoned"] > 100
    assert kinds["unlinked"] > 100


def test_a_line_that_was_given_up_is_not_used(default: Frames) -> None:
    events = default["line_events"]
    left = set(events.registration_id[events.kind == "abandoned"])
    used = set(events.registration_id[events.kind == "first_attach"])

    both, ended = len(left & used), len(left)

    assert both < 0.05 * ended


def test_handset_and_place_come_with_sightings_only(default: Frames) -> None:
    events = default["line_events"]
    seen = events.kind.isin(["first_attach", "attach"])

    assert events.place[seen].notna().all()
    assert events.place[~seen].isna().all()
    assert events.imei[~seen].isna().all()
