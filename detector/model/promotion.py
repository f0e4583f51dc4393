"""Promotion: evidence, who and why, a signature, and only then the alias; and the way back.

The registry's alias `champion` is what everybody sees; what a service believes is the signed list of
promotions beside it. An alias that somebody moved by hand changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from detector.errors import BadInput
from detector.model.artefact import load
from detector.model.backtest import Backtest, pattern_table, recall_table, segment_table
from detector.model.desk import flips, officials_warned, workload
from detector.model.gates import Gate, Limits, gates
from detector.model.signing import Seal, Signer, canonical
from detector.model.tracking import Registry

LEAST_WORDS = 10  # letters of a reason


class PromotionRefused(BadInput):
    """The challenger stays where it is; the message says by which rule."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The written comparison: which models, on which replay, what each rule found, and the tables."""

    champion: str
    challenger: str
    replay: str
    start: int
    end: int
    truth: str
    gates: tuple[Gate, ...]
    tables: dict[str, Any]

    @property
    def refusals(self) -> tuple[Gate, ...]:
        """The rules that do not hold."""
        return tuple(gate for gate in self.gates if not gate.passed)

    def frame(self) -> pd.DataFrame:
        """The rules as a table."""
        return pd.DataFrame([asdict(gate) for gate in self.gates])

    def to_json(self) -> dict[str, Any]:
        """As it is kept beside the model."""
        return asdict(self) | {"gates": [asdict(gate) for gate in self.gates]}

    @property
    def fingerprint(self) -> str:
        """A hash of all of it."""
        return hashlib.sha256(canonical(self.to_json())).hexdigest()


def evidence(test: Backtest, *, rng: np.random.Generator, limits: Limits | None = None) -> Evidence:
    """What a backtest says for and against promotion."""
    tables = {
        "recall": recall_table(test, rng=rng),
        "patterns": pattern_table(test),
        "segments": segment_table(test),
        "flips": flips(test).reset_index(),
        "officials_warned": officials_warned(test),
        "workload": workload(test),
    }
    return Evidence(
        test.champion.version,
        test.challenger.version,
        test.fingerprint,
        test.start,
        test.end,
        test.truth,
        gates(test, rng=rng, limits=limits),
        {name: _records(table) for name, table in tables.items()},
    )


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    plain = table.astype(object).where(table.notna(), None)
    return [{str(k): _value(v) for k, v in row.items()} for row in plain.to_dict("records")]


def _value(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody promotes against a rule: who and why, and the second person who confirms it."""

    by: str
    why: str
    confirmed_by: str


def promote(
    found: Evidence,
    *,
    registry: Registry,
    version: int,
    by: str,
    why: str,
    at: datetime,
    signer: Signer,
    override: Override | None = None,
) -> dict[str, Any]:
    """Make a registered version the champion; the signed statement of it.

    Raises PromotionRefused with every rule that does not hold unless an override is complete, where
    the evidence is about other models, or where who or why is missing.
    """
    _check_words(by, why)
    _check_models(found, registry, version, signer.seal)
    if found.refusals:
        _check_override(found, override, by)
    statement = _statement("promote", registry, version, by=by, why=why, at=at, seal=signer.seal)
    statement |= {
        "model": found.challenger,
        "replay": found.replay,
        "evidence": found.fingerprint,
        "refused_by": [gate.name for gate in found.refusals],
        "override": asdict(override) if override and found.refusals else None,
    }
    registry.attach(version, f"promotion/{statement['number']}.json", found.to_json())
    return _recorded(statement, registry, signer)


def roll_back(
    *, registry: Registry, by: str, why: str, at: datetime, signer: Signer
) -> dict[str, Any]:
    """Back to the champion before the present one, in one call; the signed statement of it.

    Raises PromotionRefused where there is none before it.
    """
    _check_words(by, why)
    told = history(registry, signer.seal)
    now = told[-1] if told else None
    past = [s for s in told if now and s["version"] != now["version"]]
    if not past:
        raise PromotionRefused("there is no champion before the present one to go back to")
    target = past[-1]
    statement = _statement(
        "roll back", registry, target["version"], by=by, why=why, at=at, seal=signer.seal
    )
    statement |= {"model": target["model"], "evidence": target["evidence"]}
    return _recorded(statement, registry, signer)


def _recorded(statement: dict[str, Any], registry: Registry, signer: Signer) -> dict[str, Any]:
    """First the signed word, then the alias: dying in between leaves what a service can repair."""
    registry.record(statement["number"], signer.signed(statement))
    registry.point(statement["version"])
    return statement


def _statement(
    act: str, registry: Registry, version: int, *, by: str, why: str, at: datetime, seal: Seal
) -> dict[str, Any]:
    told = history(registry, seal)
    return {
        "act": act,
        "number": told[-1]["number"] + 1 if told else 1,
        "version": version,
        "before": told[-1]["version"] if told else None,
        "by": by,
        "why": why,
        "at": at.isoformat(),
    }


def _check_words(by: str, why: str) -> None:
    if not by.strip() or len(why.strip()) < LEAST_WORDS:
        raise PromotionRefused("a promotion needs who does it and a sentence on why")


def _check_models(found: Evidence, registry: Registry, version: int, seal: Seal) -> None:
    named = registry.model_version(version)
    if named != found.challenger:
        raise PromotionRefused(
            f"the comparison is about model {found.challenger}, version {version} is model {named}"
        )
    told = history(registry, seal)
    if told and told[-1]["model"] != found.champion:
        raise PromotionRefused(
            f"the comparison is with model {found.champion}, but the champion is "
            f"{told[-1]['model']} by now: compare again"
        )


def _check_override(found: Evidence, override: Override | None, by: str) -> None:
    reasons = "; ".join(f"{gate.name}: {gate.reason}" for gate in found.refusals)
    if override is None:
        raise PromotionRefused(f"refused by rule. {reasons}")
    _check_words(override.by, override.why)
    second = override.confirmed_by.strip()
    if not second or second.casefold() in {by.strip().casefold(), override.by.strip().casefold()}:
        raise PromotionRefused("an override needs a second person who confirms it")


def history(registry: Registry, seal: Seal) -> list[dict[str, Any]]:
    """All genuine promotions and returns, oldest first; what is not signed is not among them."""
    told = []
    for number, signed in registry.records():
        try:
            statement = seal.opened(signed)
        except BadInput:
            continue  # somebody wrote it by hand: it says nothing
        if statement.get("number") == number:
            told.append(statement)
    return told


def history_table(registry: Registry, seal: Seal) -> pd.DataFrame:
    """Who made which model the champion, when and why."""
    columns = ["number", "at", "act", "version", "model", "by", "why", "refused_by", "override"]
    return pd.DataFrame(history(registry, seal), columns=columns)


@dataclass(frozen=True, slots=True)
class Champion:
    """The model that answers, and why it is this one."""

    folder: Path
    number: int  # of the promotion; 0 for the folder that was shipped
    why: str


def standing(registry: Registry, seal: Seal, *, least: int = 0) -> dict[str, Any] | None:
    """The last genuine statement; none where nothing was ever promoted.

    `least` is the number of the promotion in use. Raises BadInput where the registry knows only older
    ones, so that deleting the newest word brings nothing back.
    """
    told = history(registry, seal)
    number = told[-1]["number"] if told else 0
    if number < least:
        raise BadInput(f"promotion {least} is in use, the registry knows only {number}")
    return told[-1] if told else None


def champion(
    registry: Registry | None, seal: Seal | None, *, shipped: Path, into: Path, least: int = 0
) -> Champion:
    """What a service should answer with: the model of the last genuine promotion, else the shipped one.

    An older promotion than `least` is never taken up again. The model's own hashes are checked before
    it is used. Raises BadInput where the registry cannot be used or holds another model than promoted.
    """
    last = standing(registry, seal, least=least) if registry and seal else None
    if not registry or not last:
        return Champion(shipped, 0, "no promotion is on record: the shipped champion answers")
    folder = registry.download(last["version"], into)
    if load(folder).version != last["model"]:
        raise BadInput(f"version {last['version']} does not hold the model that was promoted")
    aliased = registry.pointed()
    note = "" if aliased == last["version"] else f"; the alias names version {aliased}, unsigned"
    return Champion(folder, last["number"], f"{last['act']} {last['number']} by {last['by']}{note}")


def refusals_in_words(gates_: Sequence[Gate]) -> str:
    """One line for each rule that does not hold; empty where all hold."""
    return "\n".join(f"{gate.name}: {gate.reason}" for gate in gates_ if not gate.passed)
