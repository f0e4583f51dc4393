"""Whatever is done to the log is seen, and the place is named."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve.audit.checkpoints import Checkpoint
from serve.audit.log import START, Log, chained, header, leaf_of
from serve.audit.records import AuditBroken
from serve.audit.verify import Report, verify
from tests.serve.audit.logs import AT, Memory, entry, log, pieces

COUNT = 24
KEPT_AT = (5, 12, 20)


def kept() -> list[Checkpoint]:
    made = Log(Memory())
    out = []
    for i in range(COUNT):
        made.append([entry(i)])
        if len(made) in KEPT_AT:
            out.append(made.checkpoint("log", AT))
    return out


KEPT = kept()


def report(held: bytes) -> Report:
    return verify(Memory(held), KEPT)


def forged(entries: list[bytes]) -> bytes:
    """A log that somebody with all keys but the carriers' checkpoints wrote anew."""
    chain, out = START, b""
    for number, each in enumerate(entries):
        chain = chained(chain, leaf_of(number, each))
        out += header(len(each), number) + each + chain
    return out


def entries() -> list[bytes]:
    return [entry(i).packed() for i in range(COUNT)]


def test_a_log_as_written_is_whole() -> None:
    made, storage = log(COUNT)

    told = verify(storage, KEPT)

    assert (told.records, told.findings) == (COUNT, ())
    assert told.root == made.checkpoint("log", AT).root


@given(st.data())
def test_a_flipped_bit_is_found_at_its_record(data: st.DataObject) -> None:
    parts = pieces(bytes(log(COUNT)[1].held))
    number = data.draw(st.integers(0, COUNT - 1))
    byte = data.draw(st.integers(0, len(parts[number]) - 1))
    bent = bytearray(parts[number])
    bent[byte] ^= 1 << data.draw(st.integers(0, 7))

    findings = report(b"".join([*parts[:number], bytes(bent), *parts[number + 1 :]])).findings

    assert findings[0].first == number


@given(st.integers(0, COUNT - 2))
def test_a_deleted_record_is_found_at_its_place(number: int) -> None:
    parts = pieces(bytes(log(COUNT)[1].held))

    findings = report(b"".join([*parts[:number], *parts[number + 1 :]])).findings

    assert (findings[0].fault, findings[0].first) == ("moved", number)


@given(st.integers(0, COUNT), st.integers(0, COUNT - 1))
def test_an_inserted_record_is_found_at_its_place(place: int, copied: int) -> None:
    parts = pieces(bytes(log(COUNT)[1].held))

    findings = report(b"".join([*parts[:place], parts[copied], *parts[place:]])).findings

    assert findings[0].first in {place, place + 1}
    assert findings[0].first == place or copied == place


@given(st.integers(0, COUNT - 2), st.data())
def test_a_changed_order_is_found_at_its_first_place(first: int, data: st.DataObject) -> None:
    second = data.draw(st.integers(first + 1, COUNT - 1))
    parts = pieces(bytes(log(COUNT)[1].held))
    parts[first], parts[second] = parts[second], parts[first]

    findings = report(b"".join(parts)).findings

    assert (findings[0].fault, findings[0].first) == ("moved", first)


@given(st.data())
def test_a_truncated_log_is_found_by_a_kept_checkpoint(data: st.DataObject) -> None:
    held = bytes(log(COUNT)[1].held)
    parts = pieces(held)
    end = data.draw(st.integers(0, sum(map(len, parts[: KEPT_AT[-1]])) - 1))

    findings = report(held[:end]).findings

    assert "shortened" in {finding.fault for finding in findings}


@given(st.integers(0, KEPT_AT[-1] - 1), st.sampled_from(["change", "delete", "insert"]))
def test_a_log_written_anew_is_bounded_by_kept_checkpoints(number: int, how: str) -> None:
    held = entries()
    match how:
        case "change":
            held[number] = entry(number, "erasure").packed()
        case "delete":
            del held[number]
        case _:
            held.insert(number, entry(number, "erasure").packed())

    findings = report(forged(held)).findings

    assert [finding.fault for finding in findings] == ["rewritten"]
    assert findings[0].first <= number <= findings[0].last
    assert findings[0].last + 1 in KEPT_AT


@given(st.integers(0, KEPT_AT[-1] - 1))
def test_a_rolled_back_log_is_found_by_any_newer_checkpoint(size: int) -> None:
    held = bytes(log(COUNT)[1].held)
    back = b"".join(pieces(held)[:size])

    findings = report(back).findings

    assert findings[0].fault == "shortened"
    assert findings[0].first == size
    assert verify(Memory(back)).findings == ()  # without a checkpoint nobody could know


def test_a_rolled_back_log_that_grew_again_is_found() -> None:
    held = [*entries()[:8], *(entry(i + 100).packed() for i in range(30))]

    findings = report(forged(held)).findings

    assert [(f.fault, f.first, f.last) for f in findings] == [("rewritten", 5, 11)]


def test_records_chained_under_wrong_numbers_are_found() -> None:
    chain, out = START, b""
    for number, each in zip((0, 1, 5, 3), entries()[:4], strict=True):
        chain = chained(chain, leaf_of(number, each))
        out += header(len(each), number) + each + chain

    findings = verify(Memory(out)).findings

    assert [(f.fault, f.first) for f in findings] == [("moved", 2)]


def test_a_log_read_in_many_blocks_is_the_same_log(monkeypatch: pytest.MonkeyPatch) -> None:
    _, storage = log(200)
    whole = verify(storage)

    monkeypatch.setattr("serve.audit.log.BLOCK", 5_000)

    assert verify(storage) == whole
    assert whole.records == 200


def test_a_log_that_was_bent_is_not_written_on() -> None:
    for number in random.Random(7).sample(range(COUNT), 5):
        parts = pieces(bytes(log(COUNT)[1].held))
        parts[number] = parts[number][:-1] + bytes([parts[number][-1] ^ 1])
        with pytest.raises(AuditBroken, match=f"record {number} "):
            Log(Memory(b"".join(parts)))


@pytest.mark.parametrize("lost", [1, 30, 60, 200])
def test_a_record_that_a_crash_cut_off_is_dropped_and_written_on(lost: int) -> None:
    _, storage = log(3)
    lost = min(lost, len(pieces(bytes(storage.held))[-1]) - 1)
    storage.cut(storage.size() - lost)
    assert [f.fault for f in verify(storage).findings] == ["torn"]

    assert Log(storage).append([entry(2)]) == 2
    assert storage.held == log(3)[1].held


def test_a_bent_length_near_the_end_is_not_taken_for_a_crash() -> None:
    parts = pieces(bytes(log(3)[1].held))
    bent = bytearray(parts[1])
    bent[2] ^= 4

    with pytest.raises(AuditBroken, match="record 1 "):
        Log(Memory(parts[0] + bytes(bent) + parts[2]))
