"""What may come in at all: tokens only with a custodian, one carrier without."""

from __future__ import annotations

from typing import Any

import pytest

from detector import intake
from detector.errors import BadInput
from detector.intake import tokenise
from detector.intake.tokenised import KEY_COLUMNS
from detector.pseudonym import Key
from serve.admission import CUSTODIAN, LOCAL, Admission, RawRefused, TokensOnly
from serve.answers import LineEvent, Refused
from tests import builders
from tests.builders import pseudonymiser, registration
from tests.serve.engine.standing import START, question

OTHERS = Key(bytes(32))


def admission(mode: str, *carriers: str, several: bool = False) -> Admission:
    return Admission(mode, several=several, carriers=lambda: carriers)


def blinded(**changes: Any) -> dict[str, Any]:
    made = tokenise(builders.table([registration(**changes)]), pseudonymiser()).to_pylist()[0]
    return {name: value for name, value in made.items() if value is not None}


@pytest.mark.parametrize("domain", KEY_COLUMNS)
def test_a_door_for_tokens_makes_none(domain: str) -> None:
    with pytest.raises(RawRefused, match=f"a raw value \\({domain}\\)"):
        TokensOnly(OTHERS).token(domain, "AAAA900203HNEAAX07")


def test_a_door_for_tokens_reads_them_as_any_other_does() -> None:
    event = blinded()

    one, other = (intake.registration(event, d) for d in (TokensOnly(OTHERS), pseudonymiser()))

    assert one.identity.tolist() == other.identity.tolist()
    with pytest.raises(RawRefused):
        intake.registration(registration(), TokensOnly(OTHERS))


@pytest.mark.parametrize("column", ["identity_value", "msisdn", "imei", "device_id", "contact"])
def test_a_raw_value_beside_tokens_is_refused_by_field_and_not_quoted(column: str) -> None:
    asked = question()
    asked.event.clear()
    asked.event.update(blinded())
    admission(CUSTODIAN).check(asked)
    asked.event[column] = "AAAA900203HNEAAX07"

    with pytest.raises(Refused) as refused:
        admission(CUSTODIAN).check(asked)

    assert refused.value.field == column
    assert "AAAA" not in str(refused.value)


def test_a_raw_handset_in_a_line_event_is_refused() -> None:
    with pytest.raises(Refused, match="imei"):
        admission(CUSTODIAN).check(LineEvent("alfa", "r", START, "attach", imei="490154203237518"))


def test_a_raw_value_among_the_tokens_of_the_last_key_is_refused() -> None:
    asked = question()
    asked.event.clear()
    asked.event.update(blinded() | {"previous": {"imei": "490154203237518"}})

    with pytest.raises(Refused, match=r"previous\.imei"):
        admission(CUSTODIAN).check(asked)


def test_a_second_carrier_in_local_mode_takes_a_setting() -> None:
    one, other = (question(carrier_id=name) for name in ("alfa", "beta"))
    alone, shared = admission(LOCAL), admission(LOCAL, several=True)

    alone.check(one)
    with pytest.raises(Refused, match="SIMVIGIA_SEVERAL_CARRIERS"):
        alone.check(other)
    alone.check(one)
    for asked in (one, other):
        shared.check(asked)
    assert (alone.state, shared.state) == ("local", "local, several carriers")


def test_a_store_of_several_carriers_is_not_served_without_it() -> None:
    with pytest.raises(BadInput, match="several carriers"):
        admission(LOCAL, "alfa", "beta")

    assert admission(CUSTODIAN, "alfa", "beta").state == "custodian"
