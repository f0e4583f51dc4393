"""Promotion needs evidence, a name, a reason and a signature; an alias alone changes nothing."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from detector.errors import BadInput, KeyMissing
from detector.model.backtest import Backtest
from detector.model.gates import gates
from detector.model.promotion import (
    Override,
    PromotionRefused,
    champion,
    history,
    history_table,
    refusals_in_words,
)
from detector.model.signing import Seal, Signer
from detector.model.tracking import registry
from tests.model.backtests import backtest
from tests.model.promoting import WHY, Desk, desk, judged, proof, runs, versions

__all__ = ["desk", "runs"]


def failed(test: Backtest) -> set[str]:
    found = gates(test, rng=np.random.default_rng(1))
    return {gate.name for gate in found if not gate.passed}


def test_a_better_challenger_passes_every_gate() -> None:
    assert failed(backtest()) == set()


def test_a_worse_challenger_is_refused_for_its_recall() -> None:
    assert "recall" in failed(backtest(challenger=1.6))


def test_a_challenger_harsher_on_one_group_is_refused_for_it_however_much_it_finds() -> None:
    test = backtest(challenger=4.0, harsh_on=0.7)

    words = refusals_in_words(gates(test, rng=np.random.default_rng(1)))

    assert "town (place)" in words
    assert "segments" in words


def test_a_group_too_small_to_show_still_counts_in_the_gate() -> None:
    """The champion bothers nobody of it and the challenger many: hidden in tables, seen by the rule."""
    test = backtest()
    spared = np.flatnonzero(~test.fraud & (test.champion.decision == 0))[:400]
    decision = test.challenger.decision.copy()
    decision[spared[:60]] = 1
    alone = replace(test.segments, member=(spared, test.segments.member[1]))
    harsher = replace(test, segments=alone, challenger=replace(test.challenger, decision=decision))

    assert "segments, allow_notify or stronger" in failed(harsher)


@pytest.mark.parametrize("who", ["champion", "challenger"])
def test_a_model_that_learned_from_the_frozen_weeks_is_refused(who: str) -> None:
    test = backtest()
    told = replace(getattr(test, who), learned_until=test.start)

    words = refusals_in_words(gates(replace(test, **{who: told}), rng=np.random.default_rng(1)))

    assert words == f"later weeks: the {who} learned from registrations of the frozen weeks"


def test_a_challenger_must_say_until_when_it_learned_and_an_old_champion_need_not() -> None:
    test = backtest()
    silent = {
        who: replace(getattr(test, who), learned_until=None) for who in ("champion", "challenger")
    }

    assert failed(replace(test, champion=silent["champion"])) == set()
    assert failed(replace(test, challenger=silent["challenger"])) == {"later weeks"}


def test_the_same_model_is_no_challenger() -> None:
    assert "another model" in failed(backtest(version="old"))


def test_few_cases_prove_nothing() -> None:
    assert "enough cases" in failed(backtest(frauds=20))


def test_an_attack_given_up_is_named() -> None:
    test = backtest(challenger=4.0)
    score = np.where(test.pattern == 0, 0.0, test.challenger.score)
    blind = replace(test, challenger=replace(test.challenger, score=score))

    assert "recall falls on star" in refusals_in_words(gates(blind, rng=np.random.default_rng(1)))


def test_promotion_moves_the_alias_and_says_who_why_and_on_what(desk: Desk) -> None:
    desk.promote(1, proof(desk, 1))

    assert desk.registry.pointed() == 1
    told = history_table(desk.registry, desk.signer.seal).iloc[-1]
    assert (told["by"], told["why"], told["version"]) == ("Ana", WHY, 1)
    assert desk.champion().why.startswith("promote 1 by Ana")
    assert (desk.champion().folder / "manifest.json").is_file()


def test_an_alias_moved_by_hand_changes_nothing(desk: Desk) -> None:
    desk.promote(1, proof(desk, 1))
    desk.registry.client.set_registered_model_alias("simvigia", "champion", "2")

    found = desk.champion()

    assert found.folder.parent.name == "1"
    assert "the alias names version 2, unsigned" in found.why


def test_with_nothing_signed_the_shipped_champion_answers(desk: Desk) -> None:
    desk.registry.client.set_registered_model_alias("simvigia", "champion", "2")

    assert desk.champion().folder == desk.shipped


def test_a_record_signed_with_another_key_says_nothing(desk: Desk, tmp_path: Path) -> None:
    forger = replace(desk, signer=Signer.generate(tmp_path / "other"))
    forger.promote(2, proof(desk, 2))

    assert history(desk.registry, desk.signer.seal) == []
    assert desk.champion().number == 0


def test_deleting_the_newest_record_brings_nothing_back(desk: Desk) -> None:
    desk.promote(1, proof(desk, 1))
    desk.promote(2, proof(desk, 2, against=versions(desk)[0]))
    desk.registry.client.delete_registered_model_tag("simvigia", "promotion.000002")

    with pytest.raises(BadInput, match="promotion 2 is in use"):
        desk.champion(least=2)


def test_roll_back_is_one_call_and_recorded(desk: Desk) -> None:
    desk.promote(1, proof(desk, 1))
    desk.promote(2, proof(desk, 2, against=versions(desk)[0]))

    desk.roll_back()

    assert desk.registry.pointed() == 1
    assert desk.champion().why.startswith("roll back 3 by Luis")


def test_with_nothing_before_it_there_is_no_way_back(desk: Desk) -> None:
    desk.promote(1, proof(desk, 1))

    with pytest.raises(PromotionRefused, match="no champion before"):
        desk.roll_back()


def test_a_refusal_prints_its_reason_and_moves_nothing(desk: Desk) -> None:
    worse = replace(judged(backtest(challenger=1.6)), challenger=versions(desk)[0])

    with pytest.raises(PromotionRefused, match=r"refused by rule\. recall: when one honest"):
        desk.promote(1, worse)
    assert desk.registry.pointed() is None


def test_an_override_needs_a_second_person_and_is_recorded(desk: Desk) -> None:
    worse = replace(judged(backtest(challenger=1.6)), challenger=versions(desk)[0])
    alone = Override("Ana", WHY, "ana ")

    with pytest.raises(PromotionRefused, match="second person"):
        desk.promote(1, worse, override=alone)
    desk.promote(1, worse, override=replace(alone, confirmed_by="Luis"))

    told = history(desk.registry, desk.signer.seal)[-1]
    assert told["override"]["confirmed_by"] == "Luis"
    assert "recall" in told["refused_by"]


@pytest.mark.parametrize("how", [{"by": " "}, {"why": "better"}])
def test_without_who_or_why_nothing_is_promoted(desk: Desk, how: dict[str, str]) -> None:
    with pytest.raises(PromotionRefused, match="who does it and a sentence on why"):
        desk.promote(1, proof(desk, 1), **how)


def test_a_comparison_about_another_model_is_no_evidence(desk: Desk) -> None:
    with pytest.raises(PromotionRefused, match="the comparison is about model"):
        desk.promote(2, proof(desk, 1))


def test_a_comparison_with_a_champion_of_yesterday_is_made_again(desk: Desk) -> None:
    desk.promote(1, proof(desk, 1))

    with pytest.raises(PromotionRefused, match="compare again"):
        desk.promote(2, proof(desk, 2))


def test_a_registry_that_is_down_is_one_clear_sentence_and_soon() -> None:
    began = time.monotonic()

    with pytest.raises(
        BadInput, match=r"^the model registry cannot be used now .* nothing changed$"
    ):
        registry("http://127.0.0.1:9")
    assert time.monotonic() - began < 60  # MLflow's own patience is four minutes


def test_without_a_registry_the_shipped_champion_answers(tmp_path: Path) -> None:
    assert champion(None, None, shipped=tmp_path, into=tmp_path).folder == tmp_path


def test_a_key_is_never_overwritten_nor_shown(tmp_path: Path) -> None:
    signer = Signer.generate(tmp_path / "key")

    assert (tmp_path / "key").stat().st_mode & 0o077 == 0
    assert repr(signer) == "Signer()"
    with pytest.raises(BadInput, match="never overwritten"):
        Signer.generate(tmp_path / "key")


def test_a_seal_opens_only_what_its_key_signed(tmp_path: Path) -> None:
    signer = Signer.generate(tmp_path / "key")
    signed = Signer.load(tmp_path / "key").signed({"a": 1})

    assert Seal.of(signer.seal.text()).opened(signed) == {"a": 1}
    with pytest.raises(BadInput, match="not signed"):
        signer.seal.opened(signed.replace('"a": 1', '"a": 2'))
    with pytest.raises(KeyMissing):
        Seal.of("nothing")
