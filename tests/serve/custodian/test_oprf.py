"""The oblivious function says what RFC 9497 says, and takes nothing that RFC 9497 refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve.custodian import group, oprf, proofs
from serve.custodian.group import BadElement
from tests.serve.custodian.rfc9497 import INFO, KEYS, PUBLIC, SEED, VECTORS, Vector

KEY = group.random_scalar()
ELEMENT = group.base_product(KEY)


def unpacked(texts: tuple[str, ...]) -> list[bytes]:
    return [bytes.fromhex(text) for text in texts]


@pytest.mark.parametrize("mode", [oprf.OPRF, oprf.VOPRF])
def test_the_key_of_a_seed_is_the_rfcs(mode: int) -> None:
    assert oprf.derived_key(SEED, INFO, mode).hex() == KEYS[mode]


def test_the_public_key_is_the_rfcs() -> None:
    assert group.base_product(bytes.fromhex(KEYS[oprf.VOPRF])).hex() == PUBLIC


@pytest.mark.parametrize("vector", VECTORS)
def test_what_crosses_the_wire_and_what_comes_out_is_the_rfcs(vector: Vector) -> None:
    key, inputs = bytes.fromhex(KEYS[vector.mode]), unpacked(vector.inputs)
    blinds = unpacked(vector.blinds)

    blinded = [oprf.blinded(i, b, vector.mode) for i, b in zip(inputs, blinds, strict=True)]
    evaluated = [oprf.evaluated(key, element) for element in blinded]

    assert blinded == unpacked(vector.blinded)
    assert evaluated == unpacked(vector.evaluated)
    assert oprf.outputs(inputs, blinds, evaluated) == unpacked(vector.outputs)
    assert [oprf.evaluated_openly(key, i, vector.mode) for i in inputs] == unpacked(vector.outputs)


@pytest.mark.parametrize("vector", [v for v in VECTORS if v.proof])
def test_the_proof_is_the_rfcs_and_holds(vector: Vector) -> None:
    asked, answered = unpacked(vector.blinded), unpacked(vector.evaluated)
    key, chance = bytes.fromhex(KEYS[oprf.VOPRF]), bytes.fromhex(vector.chance)

    made = proofs.proof(key, asked, answered, chance)

    assert made.hex() == vector.proof
    assert proofs.holds(bytes.fromhex(PUBLIC), asked, answered, made)


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=5))
def test_the_blind_leaves_no_trace_in_the_output(values: list[bytes]) -> None:
    blinds = [group.random_scalar() for _ in values]
    asked = [oprf.blinded(v, b, 1) for v, b in zip(values, blinds, strict=True)]

    made = oprf.outputs(values, blinds, [oprf.evaluated(KEY, e) for e in asked])

    assert made == [oprf.evaluated_openly(KEY, value, 1) for value in values]


def test_the_same_value_is_never_asked_for_in_the_same_form() -> None:
    seen = {oprf.blinded(b"ana", group.random_scalar(), 1) for _ in range(20)}

    assert len(seen) == 20


@pytest.mark.parametrize(
    "element",
    [
        bytes(32),  # the identity
        b"\xff" * 32,  # above the field's prime
        bytes([*ELEMENT[:31], ELEMENT[31] | 0x80]),  # the sign bit, which no encoding has
        (2**255 - 19).to_bytes(32, "little"),  # zero, written as the prime
        (7).to_bytes(32, "little"),  # negative: its lowest bit is set
        # RFC 9496 appendix A.3: of the right form, but of no point.
        bytes.fromhex("26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371"),
        bytes.fromhex("4eac077a713c57b4f4397629a4145982c661f48044dd3f96427d40b147d9742f"),
        ELEMENT[:31],
        ELEMENT + b"\0",
        b"",
    ],
    ids=range(10),
)
def test_a_bad_element_is_refused(element: bytes) -> None:
    with pytest.raises(BadElement):
        oprf.evaluated(KEY, element)
    with pytest.raises(BadElement):
        group.total(ELEMENT, element)


@pytest.mark.parametrize(
    "value",
    [bytes(32), group.ORDER.to_bytes(32, "little"), b"\xff" * 32, b"\x01" * 31],
    ids=range(4),
)
def test_a_bad_scalar_is_refused(value: bytes) -> None:
    with pytest.raises(BadElement):
        group.scalar(value)


def test_a_packed_batch_of_another_length_is_refused() -> None:
    with pytest.raises(BadElement):
        group.elements(ELEMENT + b"\0")


@given(st.integers(0, 2), st.integers(0, 63), st.integers(0, 7))
def test_a_proof_holds_for_nothing_else(row: int, byte: int, bit: int) -> None:
    asked = [oprf.blinded(bytes([i]), group.random_scalar(), 1) for i in range(3)]
    answered = [oprf.evaluated(KEY, element) for element in asked]
    made = proofs.proof(KEY, asked, answered, group.random_scalar())
    flipped = bytes(b ^ (1 << bit if i == byte else 0) for i, b in enumerate(made))
    other = [*answered[:row], ELEMENT, *answered[row + 1 :]]

    assert proofs.holds(ELEMENT, asked, answered, made)
    assert not proofs.holds(ELEMENT, asked, answered, flipped)
    assert not proofs.holds(ELEMENT, asked, other, made)
    assert not proofs.holds(ELEMENT, asked, answered[:2], made)


def test_a_batch_under_another_key_is_not_proved() -> None:
    asked = [oprf.blinded(b"ana", group.random_scalar(), 1)]
    other = group.random_scalar()
    answered = [oprf.evaluated(other, asked[0])]

    made = proofs.proof(other, asked, answered, group.random_scalar())

    assert not proofs.holds(ELEMENT, asked, answered, made)


def test_one_answer_among_many_under_another_key_is_not_proved() -> None:
    asked = [oprf.blinded(bytes([i]), group.random_scalar(), 1) for i in range(4)]
    answered = [oprf.evaluated(KEY, element) for element in asked]
    answered[2] = oprf.evaluated(group.random_scalar(), asked[2])

    made = proofs.proof(KEY, asked, answered, group.random_scalar())

    assert not proofs.holds(ELEMENT, asked, answered, made)


@given(st.lists(st.binary(min_size=64, max_size=64), max_size=6))
def test_inverses_of_many_are_the_inverses_of_each(digests: list[bytes]) -> None:
    scalars = [group.scalar(group.reduced(digest)) for digest in digests if any(digest)]

    one = (1).to_bytes(32, "little")
    inverses = group.inverses(scalars)

    assert [group.scalar_product(s, i) for s, i in zip(scalars, inverses, strict=True)] == [
        one
    ] * len(scalars)
