"""The catalogue's own laws: every feature, reason and rule says what it is and accuses nobody."""

from __future__ import annotations

import re

import numpy as np
import pytest

from detector import signals
from detector.decision import DECISIONS
from detector.lifecycle import STAGES
from detector.signals import REASONS, RULES, SIGNALS, features, fingerprint
from detector.signals.features import Feature
from detector.signals.reasons import FAMILIES, Reason
from detector.signals.rules import Rule
from detector.signals.signal import Signal
from tests import tiny

FEATURES = features(STAGES[-1])
# What nobody may learn from a reason: that they are called a criminal, that somebody is an official or
# in a breach, how many lines they have.
TELLING = re.compile(
    r"ofici[ao]l|official|funcionari|public (office|servant)|gobierno|government|"
    r"filtraci|breach|leak|vulnera|"
    r"fraud|delit|crim|culpable|guilt|sospech|suspect|robad|robo\b|stol|thief|fals[oa]|forg|"
    r"\d|\b(dos|tres|cuatro|cinco|diez|two|three|four|five|ten)\b",
    re.IGNORECASE,
)


def named(thing: Feature | Reason | Rule | Signal) -> str:
    return thing.code if isinstance(thing, Reason) else thing.name


@pytest.mark.parametrize("f", FEATURES, ids=named)
def test_a_feature_says_what_it_is_and_whom_it_speaks_for(f: Feature) -> None:
    assert f.name.isidentifier()
    assert f.doc.endswith(".")
    assert f.monotone in {-1, 0, 1}
    assert f.reason is None or f.reason in REASONS


@pytest.mark.parametrize("stage", STAGES)
def test_no_two_features_share_a_name(stage: str) -> None:
    names = [f.name for f in features(stage)]

    assert len(set(names)) == len(names)


def test_what_is_known_at_activation_comes_first_and_in_the_same_order_later() -> None:
    activation = [f.name for f in features("activation")]

    assert [f.name for f in FEATURES if f.name in set(activation)] == activation


@pytest.mark.parametrize("reason", REASONS.values(), ids=named)
def test_a_reason_has_words_in_both_languages_and_a_family(reason: Reason) -> None:
    assert reason.es.endswith(".")
    assert reason.en.endswith(".")
    assert reason.es != reason.en
    assert reason.family in FAMILIES


@pytest.mark.parametrize("reason", REASONS.values(), ids=named)
def test_a_reason_neither_accuses_nor_tells(reason: Reason) -> None:
    assert TELLING.findall(f"{reason.es} {reason.en}") == []


@pytest.mark.parametrize(
    "words", ["La persona es funcionaria.", "In a data breach.", "Tiene 7 líneas.", "A fraud."]
)
def test_words_that_tell_are_seen(words: str) -> None:
    assert TELLING.search(words)


def test_a_reason_belongs_to_one_signal_only() -> None:
    codes = [reason.code for signal in SIGNALS for reason in signal.reasons]

    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("signal", SIGNALS, ids=named)
def test_a_signal_says_what_it_sees_and_whom_it_could_hurt(signal: Signal) -> None:
    assert signal.sees
    assert signal.hurts
    assert signal.features


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_a_rule_hits_its_example_and_spares_its_near_miss(rule: Rule) -> None:
    assert holds(rule, rule.hit)
    assert not holds(rule, rule.near_miss)


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_a_rule_knows_only_what_every_stage_has(rule: Rule) -> None:
    known = {f.name for f in features("activation")}

    assert set(rule.hit) | set(rule.near_miss) <= known
    assert rule.at_least in DECISIONS
    assert rule.reason in REASONS


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_a_rule_says_nothing_of_a_registration_of_which_nothing_is_known(rule: Rule) -> None:
    assert not holds(rule, {})


@pytest.mark.parametrize("stage", STAGES)
def test_the_models_columns_are_the_features_in_their_order(stage: str) -> None:
    columns = tiny.model().stages[stage].booster.feature_name()

    assert columns == [f.name for f in features(stage)]


@pytest.mark.parametrize("signal", SIGNALS, ids=named)
def test_deleting_a_signal_makes_another_feature_set(
    signal: Signal, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = fingerprint()

    monkeypatch.setattr(signals, "SIGNALS", tuple(s for s in SIGNALS if s is not signal))

    assert fingerprint() != whole


def test_another_order_makes_another_feature_set(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = fingerprint()

    monkeypatch.setattr(signals, "SIGNALS", SIGNALS[::-1])

    assert fingerprint() != whole


def holds(rule: Rule, values: dict[str, float]) -> bool:
    columns = {f.name: np.array([np.nan], np.float32) for f in features("activation")}
    columns |= {name: np.array([value], np.float32) for name, value in values.items()}
    return bool(rule.condition(columns)[0])
