"""Laws of an answer's box: the text comes out as it went in, byte for byte, whatever it says."""

from __future__ import annotations

import contextlib
import json
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.decision import DECISIONS
from detector.signals import REASONS
from serve.store import answers
from serve.store.given import Answer
from tests.serve.engine.standing import Standing, question

NONE = {"breaches": "none", "officials": "none"}
SAID = {
    "score": 0.0020140381651050122,
    "decision": "allow",
    "reasons": [],
    "versions": ["14518b103e1b", "e789f313e26f", "ffd2873fed7e23d8"],
    "now": 1_798_761_600_000_000,
    "code": "edb9b66003ae",
}
texts = st.fixed_dictionaries(
    {
        "score": st.floats(0, 1),
        "decision": st.sampled_from(DECISIONS),
        "reasons": st.lists(st.sampled_from(list(REASONS)), max_size=4),
        "versions": st.lists(st.text(max_size=8), min_size=3, max_size=3),
        "now": st.integers(0, 2**60),
        "code": st.text(max_size=8),
    },
    optional={"late": st.just(True), "lacking": st.just(NONE), "note": st.text(max_size=9)},
)


def packed(said: object, separators: tuple[str, str] = (",", ":")) -> bytes:
    return json.dumps(said, separators=separators).encode()


def answer(said: bytes, *, moment: int = 1_790_000_000_000_000, as_of: int = 7) -> Answer:
    return Answer(6, 0, moment, as_of, said, b"")


def numbers() -> tuple[Callable[[bytes], int], Callable[[int], bytes]]:
    """What gives numbers to wordings, and what they stand for."""
    held: list[bytes] = []

    def number(words: bytes) -> int:
        if words not in held:
            held.append(words)
        return held.index(words)

    return number, held.__getitem__


def again(one: Answer) -> tuple[int, int, bytes]:
    number, wording = numbers()
    return answers.answer_in(answers.answered(one, number), wording)


@given(texts, st.integers(0, 2**60), st.integers(0, 2**60))
def test_an_answer_is_the_same_text_again(said: dict[str, object], moment: int, as_of: int) -> None:
    one = answer(packed(said), moment=moment, as_of=as_of)

    assert again(one) == (moment, as_of, one.answer)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{}",
        packed({**SAID, "score": 1}),
        packed({**SAID, "decision": "deny"}),
        packed(SAID, separators=(", ", ": ")),
        packed(SAID).replace(b'"now":1', b'"now":01'),
        packed(SAID).replace(b"0.002014", b"0.0020140"),
    ],
)
def test_a_text_of_another_form_is_kept_too(text: bytes) -> None:
    assert again(answer(text))[-1] == text


def test_an_answer_is_read_as_it_was_kept_before() -> None:
    text = packed(SAID)
    packer = zlib.compressobj(9, wbits=-15, zdict=answers._USUAL)
    before = struct.pack(">qq", 5, 7) + packer.compress(text) + packer.flush()

    assert answers.answer_in(before, numbers()[1]) == (5, 7, text)


@pytest.mark.parametrize("reasons", [[], ["LINKED_RISK"], ["LINKED_RISK", "RING", "SIM_BATCH"]])
def test_flagged_or_not_a_box_has_one_size(reasons: list[str]) -> None:
    said = {**SAID, "reasons": reasons, "imported": True, "lacking": NONE}

    assert len(answers.answered(answer(packed(said)), numbers()[0])) + 4 <= 64


def test_what_answers_were_made_with_is_kept_once(standing: Standing) -> None:
    standing.answered(question(), question())
    standing.answered(question())

    assert len(standing.books.own.rows("SELECT words FROM wordings")) == 1


def test_a_wording_of_a_transaction_that_never_happened_is_given_again(standing: Standing) -> None:
    books = standing.books
    standing.answered(question())
    [first] = books.answers([1])[1]
    other = replace(first, sequence=2, answer=packed({**SAID, "code": "another"}))
    folio = uuid4().bytes
    with contextlib.suppress(ZeroDivisionError), books.own.writing():
        books.add_answers([other], {2: folio})
        raise ZeroDivisionError
    books.forget()
    with books.own.writing():
        books.add_answers([other], {2: folio})

    found = books.answered({2: folio}, vectors=False)
    assert found[2][0].answer == other.answer
