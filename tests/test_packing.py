"""How records are kept: nothing is lost, the key itself is not in them, and what was kept before is read."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.packing import packed, unpacked
from detector.records import ENTRY, FINGERPRINT, KNOWN_LATER, SIZE, TOKENS
from detector.windows import NOT_YET
from serve.store.seals import SALT_BYTES
from serve.vault import LENGTH_BYTES, SIZES

OWN = 0x0000_5EED_0BAD_CAFE
stand_ins = st.sampled_from([0, OWN, 1, 2**40 + 7, 2**48 - 1])
lines = st.tuples(
    st.integers(0, 2**55),
    st.integers(0, 2**39),
    st.lists(stand_ins, min_size=len(TOKENS), max_size=len(TOKENS)),
    st.integers(0, 32_999),
    st.integers(0, 3),
    st.integers(-1, 999),
    st.booleans(),
    st.booleans(),
    st.sampled_from([0, 1, 96, 255]),
)
Line = tuple[int, int, list[int], int, int, int, bool, bool, int]


def record(told: list[Line]) -> bytes:
    made = np.zeros(len(told), ENTRY)
    for name in (*KNOWN_LATER, "verdicts"):
        made[name] = NOT_YET
    for entry, line in zip(made, told, strict=True):
        at, sequence, tokens, place, carrier, offset, spoke, closed, impression = line
        entry["at"], entry["sequence"], entry["place"] = at, sequence, place
        entry["carrier"], entry["flags"], entry["offset"] = carrier, carrier << 4, offset
        entry["bits"], entry["impression"] = spoke, impression
        for i, token in enumerate(tokens):
            entry["tokens"][i] = np.frombuffer(token.to_bytes(8, "little")[:FINGERPRINT], np.uint8)
        if closed:
            entry["closed"], entry["verdicts"][0] = 7, 9
    return made.tobytes()


def own(count: int, key: int = OWN) -> np.ndarray:
    return np.full(count, key, np.int64)


@given(st.lists(st.lists(lines, max_size=5), max_size=4))
def test_records_packed_are_the_records_again(told: list[list[Line]]) -> None:
    held = [record(one) for one in told]

    assert unpacked(packed(held, own(len(held))), own(len(held))) == held


@given(st.lists(lines, max_size=4))
def test_a_record_does_not_hold_the_key_that_it_is_about(told: list[Line]) -> None:
    [text] = packed([record(told)], own(1))

    assert OWN.to_bytes(8, "little")[:FINGERPRINT] not in text


@given(st.lists(lines, min_size=1, max_size=6))
def test_a_record_is_read_as_it_was_kept_whole(told: list[Line]) -> None:
    held = record(told)

    assert unpacked([held], own(1)) == [held]


@given(st.lists(lines, min_size=1, max_size=20))
def test_a_record_is_read_as_it_was_kept_before(told: list[Line]) -> None:
    held = record(told)

    assert unpacked([kept_before(held)], own(1)) == [held]


def kept_before(held: bytes) -> bytes:
    """The count, a bit for each entry of which nothing is known, then the entries without that."""
    nothing = np.full(10, NOT_YET, "<i4").tobytes()
    each = [held[low : low + SIZE] for low in range(0, len(held), SIZE)]
    blank = [entry.endswith(nothing) for entry in each]
    text = len(each).to_bytes(2, "little") + np.packbits(blank, bitorder="little").tobytes()
    text += b"".join(e[: -len(nothing)] if b else e for e, b in zip(each, blank, strict=True))
    return text if len(text) % SIZE else text + b"\0"


@pytest.mark.parametrize(
    ("name", "value"),
    [("at", -1), ("at", 2**56), ("sequence", 2**40), ("carrier", 256), ("bits", 2)],
)
def test_numbers_without_room_are_kept_whole(name: str, value: int) -> None:
    made = np.frombuffer(
        record([(1, 2, [3] * len(TOKENS), 4, 0, 5, False, False, 6)] * 2), ENTRY
    ).copy()
    made[name][1] = value
    held = made.tobytes()

    assert packed([held], own(1)) == [held]


def test_a_record_of_one_entry_fits_the_smallest_box_whatever_it_holds() -> None:
    tokens = [OWN, *(2**40 + i for i in range(len(TOKENS) - 1))]
    [text] = packed([record([(2**55, 2**39, tokens, 32_999, 3, 999, True, False, 255)])], own(1))

    assert len(text) <= SIZES[0] - SALT_BYTES - LENGTH_BYTES
