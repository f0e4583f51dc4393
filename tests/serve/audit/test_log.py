"""What is written is there, committed to but not told, and signed for."""

from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from detector.errors import BadInput
from serve.audit.checkpoints import Checkpoint, opened, signed
from serve.audit.cli import audit
from serve.audit.log import Log, leaf_of
from serve.audit.records import Entry, commitment, opens
from serve.audit.storage import FileStorage, Storage, StoreStorage
from serve.audit.tree import extends, includes
from serve.store.database import connect
from tests.serve.audit.logs import AT, KEY, SALT, Memory, entry, log

PUBLIC = KEY.public_key()


def storages(folder: Path) -> list[Storage]:
    own = connect(f"sqlite:///{folder / 'db'}")
    return [FileStorage(folder / "log"), StoreStorage(own), Memory()]


def test_every_storage_holds_the_same_log(tmp_path: Path) -> None:
    for storage in storages(tmp_path):
        Log(storage).append([entry(0), entry(1)])
        again = Log(storage)
        assert again.append([entry(2)]) == 2

        assert [again.entry(i) for i in range(3)] == [entry(i) for i in range(3)]
        assert again.checkpoint("log", AT) == log(3)[0].checkpoint("log", AT)
        assert storage.read(0, storage.size()) == log(3)[1].held


def test_every_storage_drops_what_a_crash_cut_off(tmp_path: Path) -> None:
    for storage in storages(tmp_path):
        Log(storage).append([entry(0), entry(1)])
        storage.cut(storage.size() - 9)

        assert len(Log(storage)) == 1


def test_a_record_is_shown_to_be_under_a_checkpoint_and_only_grown_from_it() -> None:
    made, _ = log(11)
    earlier = Checkpoint("log", 7, made.checkpoint("log", AT).root, AT)
    later = made.checkpoint("log", AT)

    path = made.inclusion(4, 11)
    proof = made.consistency(7, 11)

    root = log(7)[0].checkpoint("log", AT).root
    assert includes(later.root, 11, 4, leaf_of(4, entry(4).packed()), path)
    assert extends((7, root), (later.size, later.root), proof)
    assert not extends((earlier.size, earlier.root), (later.size, later.root), proof)


def test_a_commitment_opens_with_its_salt_and_details_only() -> None:
    committed = commitment({"score": 0.25}, SALT)

    assert opens(committed, {"score": 0.25}, SALT)
    assert not opens(committed, {"score": 0.26}, SALT)
    assert not opens(committed, {"score": 0.25}, bytes(32))


def test_a_commitment_of_before_salts_were_shorter_opens_too() -> None:
    assert opens(commitment({"score": 0.25}, bytes(range(32))), {"score": 0.25}, bytes(range(32)))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Entry("gossip", date(2026, 1, 1), bytes(32)),
        lambda: Entry("decision", date(2026, 1, 1), bytes(31)),
        lambda: Entry("decision", date(2026, 1, 1), bytes(32), {"a": "b" * 5_000}).packed(),
        lambda: commitment({}, b"short"),
    ],
)
def test_what_is_no_entry_is_refused(make: object) -> None:
    with pytest.raises(BadInput):
        make()  # type: ignore[operator]


def test_a_signed_checkpoint_reads_as_it_was() -> None:
    checkpoint = log(3)[0].checkpoint("simvigia.example/audit", AT)

    assert opened(signed(checkpoint, KEY), PUBLIC) == checkpoint


@given(st.data())
def test_a_checkpoint_with_another_letter_is_refused(data: st.DataObject) -> None:
    note = signed(log(3)[0].checkpoint("log", AT), KEY)
    at = data.draw(st.integers(0, len(note) - 2))  # the last line break is no matter
    other = data.draw(st.characters(codec="ascii").filter(lambda c: c != note[at]))

    with pytest.raises(BadInput):
        opened(note[:at] + other + note[at + 1 :], PUBLIC)


def test_a_checkpoint_by_another_hand_is_refused() -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))

    with pytest.raises(BadInput, match="not signed"):
        opened(signed(log(3)[0].checkpoint("log", AT), other), PUBLIC)


def command(folder: Path, *checkpoints: Path) -> tuple[int, str]:
    """`audit verify` on the log of a folder."""
    (folder / "key").write_text(PUBLIC.public_bytes(Encoding.Raw, PublicFormat.Raw).hex())
    words = ["verify", "--log", str(folder / "log"), "--key", str(folder / "key")]
    for path in checkpoints:
        words += ["--checkpoint", str(path)]
    result = CliRunner().invoke(audit, words)
    return result.exit_code, result.output


def test_the_command_says_whole_or_names_the_place(tmp_path: Path) -> None:
    written = Log(FileStorage(tmp_path / "log"))
    written.append([entry(i) for i in range(4)])
    (tmp_path / "note").write_text(signed(written.checkpoint("log", AT), KEY))
    assert command(tmp_path, tmp_path / "note")[0] == 0

    held = (tmp_path / "log").read_bytes()
    (tmp_path / "log").write_bytes(held[: len(held) // 4])
    code, printed = command(tmp_path, tmp_path / "note")

    assert code == 1
    assert "records that a kept checkpoint signed are gone: 1–3" in printed


def test_the_command_refuses_what_is_no_checkpoint(tmp_path: Path) -> None:
    Log(FileStorage(tmp_path / "log")).append([entry(0)])
    (tmp_path / "note").write_text("a letter")

    assert command(tmp_path, tmp_path / "note") == (
        2,
        "simvigia: this is not a checkpoint of an audit log\n",
    )
