"""The custodian's keys: shown to nobody, replaced whole, destroyed for good."""

import json
import stat
from pathlib import Path

import pytest

from detector.errors import BadInput, KeyMissing
from serve.custodian import clients, group
from serve.custodian.keyring import EpochKey, Ring

KEY = EpochKey.fresh("2026q4")


def test_a_ring_is_read_as_it_was_saved_and_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    ring = Ring((KEY, EpochKey.fresh("2027q1")))

    ring.save(path)

    assert Ring.load(path) == ring
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["keys.json"]


def test_a_destroyed_key_is_gone_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    ring = Ring((KEY, EpochKey.fresh("2027q1")))
    ring.save(path)

    ring.without("2026q4").save(path)

    with pytest.raises(KeyMissing):
        Ring.load(path)["2026q4"]
    assert "2026q4" not in path.read_text()


def test_halves_add_up_to_the_key() -> None:
    one, other = KEY.halves()

    assert group.total(one.public, other.public) == KEY.public


def test_a_key_does_not_show_its_secret() -> None:
    assert repr(KEY.secret) not in f"{KEY!r} {Ring((KEY,))!r}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": 2, "keys": []}',
        '{"format": 1, "keys": [{"id": "A B", "secret": "AA=="}]}',
        '{"format": 1, "keys": [{"id": "a", "secret": "SECRETSECRET"}]}',
        json.dumps({"format": 1, "keys": [{"id": "a", "secret": "//" * 21 + "8="}]}),
    ],
)
def test_a_file_that_is_no_ring_is_refused_and_not_quoted(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(text)

    with pytest.raises(KeyMissing) as refused:
        Ring.load(path)
    assert "SECRET" not in str(refused.value)


def test_two_keys_of_one_id_are_refused() -> None:
    with pytest.raises(KeyMissing):
        Ring((KEY,)).with_key(EpochKey.fresh("2026q4"))


@pytest.mark.parametrize(
    "held",
    [
        {"clients": []},
        {"clients": [{"name": "a"}]},
        {"clients": [{"name": "a", "credential_sha256": "00", "rate": 1, "burst": 1}]},
        {"clients": [{"name": "a", "credential_sha256": "00" * 32, "rate": 0, "burst": 1}]},
    ],
)
def test_a_list_of_clients_without_limits_is_refused(tmp_path: Path, held: object) -> None:
    path = tmp_path / "clients.json"
    path.write_text(json.dumps(held))

    with pytest.raises(BadInput):
        clients.load(path)
