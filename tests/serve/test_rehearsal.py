"""A rehearsal's parts: a data folder as requests, what is counted of the answers, what a viewer sees."""

from __future__ import annotations

import asyncio
import io
import json
import stat
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from detector.errors import BadInput
from serve.liveview import line, picture
from serve.parcels import ASSESS, LINE_EVENTS, Parcel, read
from serve.schemas import LineEventReport, OutcomeReport, RegistrationQuestion
from serve.streaming import Client, Tally
from serve.tryout import prepared
from tests.builders import folder, label, line_event, registration

HELD = {
    "stage": "ACTIVATION",
    "decision": "HOLD",
    "riskScore": 90,
    "reasons": [{"family": "SIM", "message": "Palabras."}],
}


def parcel(number: int = 1, *, at: int = 0, path: str = ASSESS) -> Parcel:
    return Parcel(at, path, ("alfa", f"r{number}"), b"{}")


def told(**changes: object) -> httpx.Response:
    return httpx.Response(201, json=HELD | changes)


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_a_data_folder_becomes_bodies_that_the_api_takes(ending: str, tmp_path: Path) -> None:
    own = registration(line_first_seen_on="2020-01-31")
    later = registration(registered_at="2026-03-05T00:00:00Z")
    tables = {"line_events": [line_event(own)], "labels": [label(own)]}
    parcels = read(folder(tmp_path, ending, registrations=[later, own], **tables))

    first, second = (
        RegistrationQuestion.model_validate_json(p.content) for p in parcels.registrations
    )
    assert (first.registration_id, second.registration_id) == (
        own["registration_id"],
        later["registration_id"],
    )
    assert (first.validation_attempts, first.line_first_seen_on) == (1, "2020-01-31")
    assert second.line_first_seen_on is None
    assert LineEventReport.model_validate_json(parcels.line_events[0].content).kind == "ATTACH"
    assert OutcomeReport.model_validate_json(parcels.outcomes[0].content).label == "FRAUD"


def test_what_is_left_out_takes_its_events_and_verdicts_along(tmp_path: Path) -> None:
    old, new = registration(), registration(registered_at="2026-04-01T00:00:00Z")
    tables = {"line_events": [line_event(old), line_event(new)], "labels": [label(old)]}
    everything = read(folder(tmp_path, registrations=[old, new], **tables))

    kept = everything.since(everything.registrations[1].at)

    assert [len(kept.registrations), len(kept.line_events), len(kept.outcomes)] == [1, 1, 0]


def test_a_folder_without_registrations_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        read(tmp_path)


def test_answers_are_counted_and_flags_kept_once_a_stage() -> None:
    tally = Tally()
    tally.take(parcel(1), told(), 0.010)
    tally.take(parcel(1, path=LINE_EVENTS), told(), 0.5)
    tally.take(parcel(2), told(decision="ALLOW", reasons=[]), 0.030)
    tally.take(parcel(3), httpx.Response(503), 0.020)

    assert (tally.asked, tally.reported, dict(tally.refused)) == (2, 1, {"503": 1})
    assert tally.decisions == {"HOLD": 1, "ALLOW": 1}
    assert [flag.carrier for flag in tally.flags] == ["alfa"]
    assert tally.latency(0.99) == pytest.approx(30)


def test_a_viewer_sees_the_figures_and_why_in_the_carriers_words() -> None:
    tally = Tally()
    tally.take(parcel(), told(), 0.010)
    console = Console(width=140, record=True, file=io.StringIO())

    console.print(picture(tally, 0, title="a stream"))

    seen = console.export_text()
    assert "SIM: Palabras." in seen
    assert "p50 10.0 ms" in seen
    assert "1 HOLD" in line(tally, 0)


def test_what_concerns_one_line_is_sent_in_its_order_and_not_before_its_moment(
    tmp_path: Path,
) -> None:
    order: list[str] = []
    clock = [0]

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == ASSESS:
            await asyncio.sleep(0.02)
        order.append(request.url.path)
        return told()

    def now() -> int:
        clock[0] += 400_000
        return clock[0]

    async def run() -> Tally:
        tally, client = Tally(), Client("http://test", tmp_path, language="en")
        transport = httpx.MockTransport(answer)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as own:
            client._http = own
            parcels = [parcel(at=0), parcel(at=1_000_000, path=LINE_EVENTS)]
            await client.stream(parcels, tally, now=now, pace=1_000)
        return tally

    tally = asyncio.run(run())

    assert order == [ASSESS, LINE_EVENTS]
    assert clock[0] >= 1_000_000
    assert (tally.asked, tally.reported) == (1, 1)


def test_what_to_try_next_hides_the_secret_from_other_users(tmp_path: Path) -> None:
    known = {"client_id": "c", "client_secret": "open sesame"}
    (tmp_path / "credentials.json").write_text(json.dumps(known))

    text = prepared(tmp_path, store="sqlite:///x.db", shown=("alfa", "r1"))

    assert "open sesame" not in text
    assert stat.S_IMODE((tmp_path / "client.curl").stat().st_mode) == 0o600
    question = RegistrationQuestion.model_validate_json((tmp_path / "question.json").read_text())
    assert question.identity_value == "ZZZ:TESTHOLD"
