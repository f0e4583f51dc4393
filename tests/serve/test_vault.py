"""A record opens for its token under its key, and for nothing else; its size tells a class, no more."""

import hashlib
import hmac
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from detector.errors import BadInput, KeyMissing
from serve import sealing, vault
from serve.enginekeys import EngineKey, EngineKeys, WorkerKeys, fresh, rotated
from serve.keyed import Keyed
from serve.vault import NotOpened

KEY = EngineKey(1, bytes(range(32)))
NEXT = EngineKey(2, bytes(range(1, 33)))
TOKENS = st.binary(min_size=16, max_size=16)
ANA, EVA = b"A" * 16, b"E" * 16
INDEX = bytes(range(2, 34))


@given(st.binary(max_size=64), st.binary(max_size=300))
def test_a_kept_key_makes_the_codes_that_the_library_makes(secret: bytes, text: bytes) -> None:
    for algorithm in (hashlib.sha256, hashlib.sha512):
        keyed = Keyed(secret, algorithm)

        assert keyed.digest(text) == hmac.digest(secret, text, algorithm)
        assert keyed.digest(text) == keyed.digest(text)


def test_a_key_longer_than_a_block_is_refused() -> None:
    with pytest.raises(ValueError, match="one block"):
        Keyed(bytes(65), hashlib.sha256)


def ring(*keys: EngineKey) -> EngineKeys:
    return EngineKeys(keys, INDEX)


@given(st.binary(max_size=3_000), TOKENS)
def test_what_was_sealed_opens(content: bytes, token: bytes) -> None:
    row = vault.row(KEY, "identity", token)

    assert row.open(row.seal(content)) == content


@pytest.mark.parametrize("length", [0, 1, 124, 125, 508, 509, 8_604, 40_956])
def test_a_box_has_one_of_a_few_sizes(length: int) -> None:
    box = vault.row(KEY, "identity", ANA).seal(bytes(length))

    assert len(box) - vault.OVERHEAD in vault.SIZES


def test_what_is_longer_than_the_largest_size_fills_it_several_times() -> None:
    box = vault.row(KEY, "identity", ANA).seal(bytes(vault.SIZES[-1]))

    assert len(box) - vault.OVERHEAD == 2 * vault.SIZES[-1]


@pytest.mark.parametrize(
    "other",
    [
        vault.row(KEY, "identity", EVA),
        vault.row(KEY, "line", ANA),
        vault.row(NEXT, "identity", ANA),
        vault.row(EngineKey(1, NEXT.secret), "identity", ANA),
        vault.row(EngineKey(2, KEY.secret), "identity", ANA),
    ],
)
def test_a_box_opens_in_no_other_row(other: vault.Row) -> None:
    with pytest.raises(NotOpened):
        other.open(vault.row(KEY, "identity", ANA).seal(b"history"))


@given(st.integers(0, vault.SIZES[0] + vault.OVERHEAD - 1), st.integers(0, 7))
def test_a_bent_box_does_not_open(byte: int, bit: int) -> None:
    row = vault.row(KEY, "identity", ANA)
    box = bytearray(row.seal(b"history"))
    box[byte] ^= 1 << bit

    with pytest.raises(NotOpened):
        row.open(bytes(box))


@pytest.mark.parametrize("length", [0, 3, 15, 31, 32, 100, vault.SIZES[0] + vault.OVERHEAD - 1])
def test_a_box_cut_short_does_not_open(length: int) -> None:
    row = vault.row(KEY, "identity", ANA)

    with pytest.raises(NotOpened):
        row.open(row.seal(b"history")[:length])


def test_no_two_boxes_of_one_content_are_equal() -> None:
    row = vault.row(KEY, "identity", ANA)

    assert len({row.seal(b"history") for _ in range(50)}) == 50


@given(TOKENS, TOKENS)
def test_rows_differ_by_token_kind_and_epoch(one: bytes, other: bytes) -> None:
    made = [
        vault.row(key, kind, token).id
        for token in {one, other}
        for kind in ("identity", "line", "lin")
        for key in (KEY, NEXT)
    ]

    assert len(set(made)) == len(made)


def test_a_kind_and_a_token_cannot_run_into_each_other() -> None:
    assert vault.row(KEY, "line", b"xAAAAAAAAAAAAAAA").id != vault.row(KEY, "linex", b"A" * 15).id


def test_a_row_shows_no_key() -> None:
    row = vault.row(KEY, "identity", ANA)

    assert repr(row) == f"Row(epoch={KEY.epoch}, id={row.id!r})"
    assert repr(KEY.secret) not in repr(ring(KEY))
    assert repr(INDEX) not in repr(ring(KEY))


def test_a_store_knows_its_keys_again() -> None:
    keys = ring(KEY, NEXT)
    marks = {key.epoch: key.mark for key in keys.keys}

    keys.check(marks)
    ring(KEY, NEXT, EngineKey(3, bytes(32))).check(marks)
    for wrong in (ring(EngineKey(2, KEY.secret)), ring(KEY)):
        with pytest.raises(KeyMissing):
            wrong.check(marks)


def test_both_rings_are_kept_by_their_owner_alone_and_read_as_they_were(tmp_path: Path) -> None:
    for made in rotated(*fresh()):
        made.save(tmp_path / "keys")

        kept = type(made).load(tmp_path / "keys")
        kept.save(tmp_path / "again")
        assert (tmp_path / "again").read_text() == (tmp_path / "keys").read_text()
        assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o600


def test_a_rotated_ring_seals_with_the_new_key_and_opens_with_the_old() -> None:
    engine, worker = rotated(*fresh())

    assert [key.epoch for key in engine.keys] == [1, 2]
    assert sorted(worker.private) == [("frozen", 1), ("frozen", 2), ("log", 1), ("log", 2)]
    assert sorted(worker.destroyed(1).private) == [("frozen", 1), ("frozen", 2), ("log", 2)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SECRET",
        "[]",
        '{"format": 2}',
        '{"format": 2, "index": "U0VDUkVU", "keys": [{"epoch": 1, "secret": "U0VDUkVU"}]}',
    ],
)
def test_a_file_that_is_no_key_ring_is_refused_and_not_quoted(tmp_path: Path, text: str) -> None:
    (tmp_path / "keys").write_text(text)

    for made in (EngineKeys, WorkerKeys):
        with pytest.raises(KeyMissing) as refused:
            made.load(tmp_path / "keys")
        assert "SECRET" not in str(refused.value)


@pytest.mark.parametrize("epoch", [2, 3])
def test_only_an_older_key_can_be_destroyed(epoch: int) -> None:
    with pytest.raises(KeyMissing):
        ring(KEY, NEXT).destroyed(epoch)


WORKER, OTHER = X25519PrivateKey.generate(), X25519PrivateKey.generate()


def test_contacts_have_one_size_and_open_for_the_notifier_alone() -> None:
    boxes = [sealing.sealed_contact(c, WORKER.public_key()) for c in ("a@b.mx", "+525512345678")]

    assert len({len(box) for box in boxes}) == 1
    assert sealing.contact_in(boxes[0], WORKER) == "a@b.mx"
    with pytest.raises(NotOpened):
        sealing.contact_in(boxes[0], OTHER)
    with pytest.raises(NotOpened):
        sealing.unsealed(boxes[0], WORKER, "event")


def test_a_contact_that_is_too_long_is_refused() -> None:
    with pytest.raises(BadInput):
        sealing.sealed_contact("a" * 128, WORKER.public_key())


@given(st.lists(st.binary(max_size=600), max_size=5))
def test_a_stream_opens_for_the_worker(events: list[bytes]) -> None:
    sealer = sealing.Sealer.fresh(WORKER.public_key(), "log")
    boxes = [sealer.seal(event, b"row", 64) for event in events]

    opener = sealing.Opener.of(sealer.header, WORKER, "log")

    assert [opener.open(box, b"row") for box in boxes] == events


def test_boxes_of_a_stream_have_coarse_sizes() -> None:
    sealer = sealing.Sealer.fresh(WORKER.public_key(), "log")

    assert (
        len({len(sealer.seal(bytes(length), b"row", 256)) for length in range(253, 508, 17)}) == 1
    )


def test_a_stream_opens_for_nobody_else_not_bent_and_not_as_another_row() -> None:
    sealer = sealing.Sealer.fresh(WORKER.public_key(), "log")
    one, two = sealer.seal(b"event", b"row", 64), sealer.seal(b"event", b"row", 64)
    opener = sealing.Opener.of(sealer.header, WORKER, "log")

    for private, purpose in ((OTHER, "log"), (WORKER, "frozen")):
        with pytest.raises(NotOpened):
            sealing.Opener.of(sealer.header, private, purpose)
    for box in (one[:12] + two[12:], one[:-1], b"", bytes(40)):
        with pytest.raises(NotOpened):
            opener.open(box, b"row")
    with pytest.raises(NotOpened):
        opener.open(one, b"other row")
