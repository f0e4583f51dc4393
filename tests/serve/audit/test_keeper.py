"""What happens at a live service is recorded once, whoever is killed when, and names nobody."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from serve.answers import Outcome
from serve.api.audit import audit_routers
from serve.app import create_app
from serve.audit import keeper as keeping
from serve.audit import ledger
from serve.audit.checkpoints import opened
from serve.audit.keeper import Keeper
from serve.audit.storage import StoreStorage
from serve.audit.tree import Tree, grown, leaf_hash, root_of
from serve.audit.verify import verify
from serve.store.books import Books
from serve.store.database import connect
from serve.witness import Witness
from tests.serve.audit.keeping import Clock, entries, keeper, recorded
from tests.serve.audit.logs import KEY
from tests.serve.counter import Caller, FakeDesk, issuer, settings
from tests.serve.counter import question as asked_over_http
from tests.serve.engine.standing import START, Standing, later, question, seen


def kinds(of: Keeper, books: Books) -> Counter[str]:
    return Counter(entry.kind for entry in recorded(of, books))


def test_decisions_labels_look_ups_promotions_and_keys_are_recorded_once(
    standing: Standing,
) -> None:
    one, other = question(), question()
    standing.answered(one, other)
    standing.take(Outcome("alfa", str(one.event["registration_id"]), "fraud", "holder"))
    kept = keeper(standing, Clock())
    kept.looked_up(b"f" * 16, "alfa-client", "getAssessment")

    first = kinds(kept, standing.books)

    assert first == {"decision": 2, "label": 1, "look_up": 1, "promotion": 1, "key": 1}
    assert kinds(kept, standing.books) == first
    assert kinds(keeper(standing, Clock()), standing.books) == first  # after a restart


def test_what_was_decided_in_a_quiet_hour_is_recorded_at_once_and_once(standing: Standing) -> None:
    one = question()
    standing.answered(one)
    standing.take(seen(one, later(hours=1)), at=later(hours=1))
    kept = keeper(standing, Clock())
    recorded(kept, standing.books)

    standing.settle(later(days=8))
    stages = Counter(
        e.facts["stage"] for e in recorded(kept, standing.books) if e.kind == "decision"
    )
    standing.answered(question(later(days=9)), at=later(days=9))

    assert stages == {"activation": 1, "first_attach": 1, "day_1": 1, "day_7": 1}
    assert kinds(kept, standing.books)["decision"] == 5


def test_a_long_backlog_is_recorded_in_turns_and_whole(
    standing: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "TOGETHER", 3)
    asked = [question(START + timedelta(minutes=i)) for i in range(10)]
    standing.answered(*asked, at=later(hours=1))
    standing.settle(later(days=8))

    found = kinds(keeper(standing, Clock()), standing.books)

    assert found["decision"] == sum(len(standing.stages(one)) for one in asked)


def test_a_fault_in_the_middle_records_nothing_twice_and_loses_nothing(
    standing: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    standing.answered(question(), question())
    kept = keeper(standing, Clock())
    with monkeypatch.context() as broken:
        broken.setattr(ledger.State, "packed", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            kept.turn(standing.books)
    assert entries(standing.books.own) == []

    assert kinds(kept, standing.books)["decision"] == 2


def test_two_workers_record_each_thing_once(standing: Standing) -> None:
    clock = Clock()
    one, other = keeper(standing, clock), keeper(standing, clock)
    second = Books(connect(standing.url))
    for _ in range(3):
        standing.answered(question())
        one.turn(standing.books)
        other.turn(second)

    assert kinds(other, second)["decision"] == 3
    assert kinds(other, second)["key"] == 1
    second.own.close()


def test_the_log_of_a_store_is_whole_and_says_when_it_is_not(standing: Standing) -> None:
    standing.answered(question(), question())
    clock = Clock()
    kept = keeper(standing, clock)
    recorded(kept, standing.books)
    note = opened(kept.latest, KEY.public_key())
    storage = StoreStorage(standing.books.own)
    assert verify(storage, [note]).findings == ()

    held = bytearray(storage.read(0, storage.size()))
    held[30] ^= 1
    standing.books.own.run("DELETE FROM audit_log")
    storage.put(0, bytes(held))

    assert [f.fault for f in verify(storage, [note]).findings] == ["changed", "rewritten"]


def test_a_checkpoint_is_signed_a_minute_after_the_last_one_and_only_over_news(
    standing: Standing,
) -> None:
    clock = Clock()
    kept = keeper(standing, clock)
    recorded(kept, standing.books)
    first = kept.latest
    standing.answered(question())
    clock.later(seconds=30)
    recorded(kept, standing.books)
    assert kept.latest == first

    clock.later(seconds=30)
    recorded(kept, standing.books)
    second = kept.latest
    clock.later(days=1)
    recorded(kept, standing.books)

    assert opened(second, KEY.public_key()).size > opened(first, KEY.public_key()).size
    assert kept.latest == second


def test_a_record_names_nobody(standing: Standing) -> None:
    one = question()
    found = standing.answered(one)[0]
    kept = keeper(standing, Clock())
    kept.looked_up(found.assessment_id.bytes, "alfa-client", "getAssessment")
    recorded(kept, standing.books)
    storage = StoreStorage(standing.books.own)
    held = storage.read(0, storage.size())

    values = [str(v).encode() for v in one.event.values() if v and len(str(v)) > 5]
    values += [found.assessment_id.hex.encode(), found.assessment_id.bytes, b"alfa-client"]
    assert [value for value in values if value in held] == []


def test_another_model_in_force_is_recorded_and_a_restart_is_not(standing: Standing) -> None:
    in_force = ["m1"]
    kept = keeper(standing, Clock(), lambda: in_force[0])
    recorded(kept, standing.books)
    in_force[0] = "m2"
    recorded(kept, standing.books)

    found = recorded(keeper(standing, Clock(), lambda: "m2"), standing.books)

    assert [e.facts["in force"] for e in found if e.kind == "promotion"] == ["m1", "m2"]


@pytest.mark.parametrize("size", range(1, 20))
def test_peaks_have_the_root_of_the_whole_tree(size: int) -> None:
    tree, peaks = Tree(), list[bytes]()
    for i in range(size):
        leaf = leaf_hash(bytes([i]))
        tree.append(leaf)
        peaks = grown(peaks, i, leaf)

    assert root_of(peaks) == tree.root()


def test_a_client_fetches_the_checkpoint_and_its_look_ups_are_recorded(standing: Standing) -> None:
    kept = keeper(standing, Clock())
    recorded(kept, standing.books)
    app = create_app(
        FakeDesk(),
        settings(),
        development=issuer(),
        routers=audit_routers(kept),
        witness=Witness(kept),
    )
    body = asked_over_http()

    async def call() -> tuple[httpx.Response, httpx.Response]:
        caller = Caller(app)
        made = (await caller.post("/assessments", body)).json()
        await caller.get(f"/assessments/{made['assessmentId']}")
        await caller.post("/assessments", body)  # the first answer again
        return await caller.get("/audit/checkpoint"), await caller.http.get(
            "http://api.test/.well-known/audit-key"
        )

    note, key = asyncio.run(call())

    signer = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key.json()["key"]))
    assert opened(note.text, signer).size == 2
    looked = [e.facts["operation"] for e in recorded(kept, standing.books) if e.kind == "look_up"]
    assert looked == ["getAssessment", "assessRegistration"]


def test_a_checkpoint_is_for_clients_only(standing: Standing) -> None:
    app = create_app(
        FakeDesk(),
        settings(),
        development=issuer(),
        routers=audit_routers(keeper(standing, Clock())),
    )
    answer = asyncio.run(Caller(app, client="").get("/audit/checkpoint"))

    assert answer.status_code == 401
