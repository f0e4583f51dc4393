"""A record opens for its token under its key, and for nothing else; its size tells a class, no more."""

import stat
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from detector.errors import BadInput, KeyMissing
from serve import sealing, vault
from serve.enginekeys import EngineKey, EngineKeys
from serve.vault import NotOpened, Vault

KEY = EngineKey(1, bytes(range(32)))
NEXT = EngineKey(2, bytes(range(1, 33)))
TOKENS = st.binary(min_size=16, max_size=16)
ANA, EVA = b"A" * 16, b"E" * 16


@given(st.binary(max_size=3_000), TOKENS)
def test_what_was_sealed_opens(content: bytes, token: bytes) -> None:
    row = vault.row(KEY, "identity", token)

    assert row.open(row.seal(content)) == content


@pytest.mark.parametrize("length", [0, 1, 508, 509, 2_044, 2_045, 8_188, 32_764])
def test_a_box_has_one_of_a_few_sizes(length: int) -> None:
    box = vault.row(KEY, "identity", ANA).seal(bytes(length))

    assert len(box) - vault.OVERHEAD in vault.SIZES


def test_what_is_too_long_is_refused() -> None:
    with pytest.raises(BadInput):
        vault.row(KEY, "identity", ANA).seal(bytes(vault.LARGEST + 1))


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


@given(st.integers(0, 543), st.integers(0, 7))
def test_a_bent_box_does_not_open(byte: int, bit: int) -> None:
    row = vault.row(KEY, "identity", ANA)
    box = bytearray(row.seal(b"history"))
    box[byte] ^= 1 << bit

    with pytest.raises(NotOpened):
        row.open(bytes(box))


@pytest.mark.parametrize("length", [0, 3, 15, 31, 32, 100, 543])
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

    assert repr(row.key) not in repr(row)
    assert repr(KEY.secret) not in repr(EngineKeys((KEY,)))


def test_a_record_moves_to_the_newest_epoch_when_touched() -> None:
    old, both = Vault(EngineKeys((KEY,))), Vault(EngineKeys((KEY, NEXT)))
    before = old.rows("identity", ANA)[0]
    store = {before.id: before.seal(b"one line")}

    rows = both.rows("identity", ANA)
    found = both.found(rows, store)

    assert (found.content, found.stale) == (b"one line", (before.id,))
    store = {rows[0].id: rows[0].seal(b"two lines")}
    assert both.found(rows, store) == vault.Found(b"two lines", ())


def test_a_record_of_a_destroyed_key_is_gone() -> None:
    keys = EngineKeys((KEY, NEXT))
    old = Vault(keys).rows("identity", ANA)[1]
    store = {old.id: old.seal(b"history")}

    left = Vault(keys.destroyed(1))

    assert left.found(left.rows("identity", ANA), store).content is None


def test_of_two_records_the_newer_counts() -> None:
    both = Vault(EngineKeys((KEY, NEXT)))
    rows = both.rows("identity", ANA)
    store = {row.id: row.seal(b"epoch %d" % row.epoch) for row in rows}

    assert both.found(rows, store) == vault.Found(b"epoch 2", (rows[1].id,))


def test_a_store_knows_its_keys_again() -> None:
    keys = EngineKeys((KEY, NEXT))
    marks = {key.epoch: key.mark for key in keys.keys}

    keys.check(marks)
    keys.rotated().check(marks)
    for wrong in (EngineKeys((EngineKey(2, KEY.secret),)), EngineKeys((KEY,))):
        with pytest.raises(KeyMissing):
            wrong.check(marks)


def test_keys_are_kept_by_their_owner_alone_and_read_as_they_were(tmp_path: Path) -> None:
    keys = EngineKeys.fresh().rotated()

    keys.save(tmp_path / "keys")

    assert EngineKeys.load(tmp_path / "keys") == keys
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SECRET",
        "[]",
        '{"format": 1}',
        '{"format": 1, "keys": [{"epoch": 1, "secret": "U0VDUkVU"}]}',
    ],
)
def test_a_file_that_is_no_key_ring_is_refused_and_not_quoted(tmp_path: Path, text: str) -> None:
    (tmp_path / "keys").write_text(text)

    with pytest.raises(KeyMissing) as refused:
        EngineKeys.load(tmp_path / "keys")
    assert "SECRET" not in str(refused.value)


@pytest.mark.parametrize("epoch", [2, 3])
def test_only_an_older_key_can_be_destroyed(epoch: int) -> None:
    with pytest.raises(KeyMissing):
        EngineKeys((KEY, NEXT)).destroyed(epoch)


IDS = st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=40, unique=True)


@given(IDS)
def test_fingerprints_are_equal_where_ids_are_and_short(ids: list[int]) -> None:
    row = vault.row(KEY, "line", ANA)

    made = vault.fingerprints(row.prints, np.array(ids, np.int64))

    again = vault.fingerprints(row.prints, np.array(ids[::-1], np.int64))[::-1]
    assert made.tolist() == again.tolist()
    assert len(set(made.tolist())) == len(ids)
    assert ((made > 0) | (np.array(ids) == 0)).all()
    assert (made < 2**48).all()


def test_a_missing_id_has_no_fingerprint() -> None:
    assert vault.fingerprints(bytes(16), np.zeros(2, np.int64)).tolist() == [0, 0]


def test_one_id_is_another_fingerprint_in_another_record() -> None:
    ids = np.arange(1, 200, dtype=np.int64)
    one, other = (
        vault.fingerprints(vault.row(KEY, "line", token).prints, ids) for token in (ANA, EVA)
    )

    assert not set(one.tolist()) & set(other.tolist())


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
    sealer = sealing.Sealer.fresh(WORKER.public_key())
    boxes = [sealer.seal(event) for event in events]

    opener = sealing.Opener.of(sealer.header, WORKER)

    assert [opener.open(box) for box in boxes] == events


def test_events_of_a_stream_have_coarse_sizes() -> None:
    sealer = sealing.Sealer.fresh(WORKER.public_key())

    assert len({len(sealer.seal(bytes(length))) for length in range(253, 508, 17)}) == 1


def test_a_stream_opens_for_nobody_else_and_not_bent() -> None:
    sealer = sealing.Sealer.fresh(WORKER.public_key())
    one, two = sealer.seal(b"event"), sealer.seal(b"event")
    opener = sealing.Opener.of(sealer.header, WORKER)

    with pytest.raises(NotOpened):
        sealing.Opener.of(sealer.header, OTHER)
    for box in (one[:12] + two[12:], one[:-1], b"", bytes(40)):
        with pytest.raises(NotOpened):
            opener.open(box)


def test_a_private_key_is_read_as_it_was_saved(tmp_path: Path) -> None:
    sealing.save_private(tmp_path / "key", WORKER)

    assert sealing.private_key(tmp_path / "key").private_bytes_raw() == WORKER.private_bytes_raw()
    (tmp_path / "key").write_text('{"format": 1, "private": "SECRET"}')
    with pytest.raises(KeyMissing):
        sealing.private_key(tmp_path / "key")
