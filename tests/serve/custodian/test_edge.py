"""Rows tokenised through a custodian are the rows, to an engine that counts equal keys."""

import base64
import re
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from detector import intake
from detector.identity.groups import named
from detector.registration import KEYS
from serve.admission import raw_fields
from serve.custodian.client import CustodianRefused, CustodianTokens
from serve.custodian.edge import blinded
from serve.sealing import group_in
from tests import builders
from tests.builders import pseudonymiser, registration
from tests.serve.custodian.halves import Bent, application, remote, tokens

RAW = ("identity_value", "msisdn", "iccid", "imei", "device_id", "ip", "contact")


@pytest.fixture(scope="module")
def source() -> CustodianTokens:
    return tokens(proved=0.0)


def test_what_an_engine_reads_is_equal_where_the_raw_rows_are(source: CustodianTokens) -> None:
    rows = [registration(), registration(), registration(identity_type="rfc", identity_value="X")]
    rows[1] |= {name: rows[0][name] for name in ("imei", "ip", "identity_value")}
    table = builders.table(rows)

    raw = intake.read_registrations(table, pseudonymiser())
    blind = intake.read_registrations(blinded(table, source), pseudonymiser())

    assert len(blind.registrations) == len(raw.registrations) == 2
    for key in (*KEYS, "last_two", "block_offset", "notes"):
        one, other = (getattr(taken.registrations, key) for taken in (raw, blind))
        assert (one[0] == one[1]) == (other[0] == other[1]), key


def test_no_raw_value_is_left(source: CustodianTokens) -> None:
    row = registration()

    made = blinded(builders.table([row]), source).to_pylist()[0]

    assert raw_fields(row) == sorted(RAW)
    assert raw_fields(made) == []
    assert not {row[name] for name in RAW} & set(map(str, made.values()))


def test_who_is_named_is_sealed_to_the_audit_in_coarse_groups(source: CustodianTokens) -> None:
    audit = X25519PrivateKey.generate()
    rows = [registration(), registration(identity_type="passport", identity_value="ABC:X123456")]

    made = blinded(builders.table(rows), source, audit=audit.public_key()).to_pylist()

    box = made[0]["audit_box"]
    code = group_in(base64.urlsafe_b64decode(box + "="), audit)
    assert [name for _, name, _ in named(np.array([code]))] == [
        "men",
        "30 to 44",
        "another country",
    ]
    assert re.fullmatch("[A-Za-z0-9_-]{67}", box)
    assert made[1]["audit_box"] is None, "nothing is known of whoever has a passport"
    assert "audit_box" not in blinded(builders.table(rows), source).column_names


def test_a_value_that_occurs_often_is_asked_for_once() -> None:
    asked: list[int] = []
    row = registration()

    def noting(answer: list[bytes]) -> list[bytes]:
        asked.append(len(answer))
        return answer

    counting = Bent(remote(application()), noting)

    blinded(builders.table([row, row | {"registration_id": "R-2"}]), tokens(counting))

    assert asked == [12]


def test_breach_members_are_blinded_as_the_same_people(source: CustodianTokens) -> None:
    row = registration()
    member = {"breach_id": "b", "identity_type": "curp", "known_at": "2026-01-01T00:00:00Z"}
    member["identity_value"] = f" {row['identity_value'].lower()} "

    made = blinded(builders.table([member]), source)

    same = blinded(builders.table([row]), source)
    assert made["identity_value"].to_pylist() == same["identity_value"].to_pylist()


def test_where_the_custodian_fails_there_are_no_rows(tmp_path: Path) -> None:
    short = tokens(Bent(remote(application()), lambda answer: answer[1:]))

    with pytest.raises(CustodianRefused):
        blinded(builders.table([registration()]), short)
