"""The service takes up what was promoted, and nothing else, from a real MLflow registry."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from detector.errors import BadInput, KeyMissing
from detector.model import artefact
from detector.model.signing import Signer
from serve import assembly
from serve import champion as champions
from serve import promoted as promotions
from serve.champion import Champion
from serve.promoted import Promoted
from tests.model.promoting import Desk, desk, proof, runs, versions

__all__ = ["desk", "runs"]


def service(desk: Desk, *, store: str | None = None) -> Promoted:
    uri = store or desk.registry.client._registry_uri
    return Promoted(uri, desk.signer.seal, shipped=desk.shipped, kept=desk.into)


def in_force(found: Promoted) -> str:
    return artefact.load(found()[0]).version


def test_a_promoted_model_is_taken_up_and_rolled_back_without_a_restart(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(champions, "verified", artefact.load)  # its own tests are in test_models.py
    found = service(desk)
    champion = Champion(found)
    seen = [champion().version]
    desk.promote(1, proof(desk, 1))
    for step in (lambda: None, lambda: desk.promote(2, proof(desk, 2, versions(desk)[0]))):
        step()
        found.look()
        champion.look()
        seen.append(champion().version)
    desk.roll_back()
    found.look()
    champion.look()
    seen.append(champion().version)

    one, two = versions(desk)
    assert seen == [artefact.load(desk.shipped).version, one, two, one]
    assert (found.number, found.state(), champion.state) == (3, "ok", "ok")


def test_an_alias_moved_by_hand_changes_nothing(desk: Desk) -> None:
    desk.promote(1, proof(desk, 1))
    found = service(desk)
    found.look()
    before = found()
    desk.registry.client.set_registered_model_alias("simvigia", "champion", "2")
    found.look()

    assert found() == before
    assert in_force(found) == versions(desk)[0]
    assert found.state() == "ok"


def test_with_nothing_promoted_the_shipped_model_answers_whatever_the_alias(desk: Desk) -> None:
    desk.registry.client.set_registered_model_alias("simvigia", "champion", "2")
    found = service(desk)
    found.look()

    assert found() == (desk.shipped, "")


def test_a_statement_of_another_key_is_not_taken_up(desk: Desk, tmp_path: Path) -> None:
    forger = replace(desk, signer=Signer.generate(tmp_path / "other"))
    forger.promote(2, proof(desk, 2))
    found = service(desk)
    found.look()

    assert found() == (desk.shipped, "")


def test_a_registry_that_is_down_changes_nothing_and_readiness_says_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.promote(1, proof(desk, 1))
    service(desk).look()
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    after_a_restart = service(desk, store="http://127.0.0.1:9")
    after_a_restart.look()

    assert in_force(after_a_restart) == versions(desk)[0]
    assert after_a_restart.state() == "degraded"
    assert "cannot be used now" in after_a_restart.fault


def test_a_registry_that_no_longer_answers_is_told_from_one_that_does(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = service(desk)
    assert found.state() == "degraded"
    found.look()
    assert found.state() == "ok"
    monkeypatch.setattr(promotions, "SILENT", -1.0)  # a thread that hangs says nothing
    assert found.state() == "degraded"


def test_forgetting_the_newest_promotion_brings_no_older_one_back_not_even_after_a_restart(
    desk: Desk,
) -> None:
    desk.promote(1, proof(desk, 1))
    desk.promote(2, proof(desk, 2, versions(desk)[0]))
    service(desk).look()
    desk.registry.client.delete_registered_model_tag("simvigia", "promotion.000002")
    again = service(desk)
    again.look()

    assert in_force(again) == versions(desk)[1]
    assert "promotion 2 is in use" in again.fault
    assert again.state() == "degraded"


def test_a_kept_promotion_whose_statement_is_not_genuine_is_not_believed(desk: Desk) -> None:
    desk.promote(1, proof(desk, 1))
    found = service(desk)
    found.look()
    (desk.into / "1" / "statement.json").write_text("{}")

    assert service(desk)() == (desk.shipped, "")


def test_a_folder_changed_after_it_was_taken_up_is_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(champions, "verified", artefact.load)
    desk.promote(1, proof(desk, 1))
    found = service(desk)
    found.look()
    champion = Champion(found)
    for path in desk.shipped.iterdir():
        (found()[0] / path.name).write_bytes(path.read_bytes())
    champion.look()

    assert champion().version == versions(desk)[0]
    assert champion.state == "degraded"


def test_two_workers_may_take_it_up_at_once(desk: Desk) -> None:
    desk.promote(1, proof(desk, 1))
    workers = [service(desk), service(desk)]
    for worker in workers:
        worker.look()

    assert {worker() for worker in workers} == {workers[0]()}
    assert sorted(path.name for path in desk.into.iterdir()) == ["1"]


@pytest.mark.parametrize(
    ("more", "fault", "words"),
    [
        ({}, BadInput, "SIMVIGIA_SEAL"),
        ({"SIMVIGIA_SEAL": "nothing"}, KeyMissing, "not an Ed25519 public key"),
    ],
)
def test_a_registry_without_a_seal_is_refused_at_the_start(
    more: dict[str, str], fault: type[Exception], words: str
) -> None:
    with pytest.raises(fault, match=words):
        assembly.promotions({"SIMVIGIA_REGISTRY": "sqlite:///mlflow.db"} | more)


def test_with_postgresql_a_place_for_promoted_models_is_asked_for(desk: Desk) -> None:
    told = {"SIMVIGIA_REGISTRY": "x", "SIMVIGIA_SEAL": desk.signer.seal.text()}

    with pytest.raises(BadInput, match="SIMVIGIA_PROMOTED"):
        assembly.promotions(told | {"SIMVIGIA_STORE": "postgresql://one/two"})
    assert assembly.promotions({}) is None
