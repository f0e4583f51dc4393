"""The client's side: tokens come out whole, or not at all and with a word."""

import base64
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve.custodian import group, oprf
from serve.custodian.client import CustodianRefused, RemoteHalf
from serve.custodian.keyring import EpochKey
from tests.serve.custodian.halves import (
    CREDENTIAL,
    KEY,
    ONE,
    OTHER,
    Bent,
    application,
    remote,
    tokens,
)

ANA = ("identity", b"AAAA900203HNEAAX07")
FOREIGN = EpochKey("2026q4", group.reduced(bytes(range(1, 65))))


def token(domain: str, value: bytes) -> bytes:
    """What the key's holder would get, written out."""
    frames = (b"simvigia/token/1", domain.encode())
    text = b"".join(len(f).to_bytes(2, "big") + f for f in frames) + value
    return oprf.evaluated_openly(KEY.secret, text, oprf.VOPRF)[:16]


def test_a_token_is_the_first_16_bytes_of_the_rfcs_output() -> None:
    assert tokens().tokens([ANA]) == [token(*ANA)]


def test_two_halves_give_the_token_of_the_whole_key() -> None:
    both = remote(application(ONE)), remote(application(OTHER))

    assert tokens(*both, pins=(ONE.public, OTHER.public)).tokens([ANA]) == [token(*ANA)]


def test_one_half_alone_gives_another_token() -> None:
    alone = tokens(remote(application(ONE)), pins=(ONE.public,))

    assert alone.tokens([ANA]) != [token(*ANA)]


@given(st.lists(st.tuples(st.sampled_from(["identity", "ip"]), st.binary(max_size=20)), max_size=4))
def test_equal_values_of_a_domain_and_only_they_have_equal_tokens(
    values: list[tuple[str, bytes]],
) -> None:
    made = tokens().tokens(values)

    assert len(set(made)) == len(set(values))
    assert dict(zip(values, made, strict=True)) == {v: token(*v) for v in values}


def test_a_domain_nobody_has_heard_of_is_refused() -> None:
    with pytest.raises(CustodianRefused, match="unknown_domain"):
        tokens().tokens([("shoe_size", b"42")])


@pytest.mark.parametrize(
    ("bend", "word"),
    [
        (lambda answer: answer[:-1], "wrong_count"),
        (lambda answer: [*answer, answer[0]], "wrong_count"),
        (lambda answer: [bytes(32), *answer[1:]], "bad_element"),
        (lambda answer: [*answer[:1], b"\xff" * 32], "bad_element"),
        (lambda answer: answer[::-1], "bad_element"),
    ],
)
def test_a_bent_answer_gives_no_token(bend: Callable[[list[bytes]], Any], word: str) -> None:
    with pytest.raises(CustodianRefused, match=word):
        tokens(Bent(remote(application()), bend)).tokens([ANA, ("ip", b"10.0.0.1")])


@pytest.mark.parametrize("other", [FOREIGN, ONE])
def test_a_custodian_with_another_key_for_this_carrier_is_found_out(other: EpochKey) -> None:
    with pytest.raises(CustodianRefused, match="other_key"):
        tokens(remote(application(other))).tokens([ANA])


def test_a_custodian_that_changes_its_key_later_is_found_out() -> None:
    honest, changed = remote(application()), remote(application(FOREIGN))
    source = tokens(Bent(honest, lambda answer: answer), proved=0.2)
    source.tokens([ANA])
    object.__setattr__(source.halves[0], "half", changed)

    with pytest.raises(CustodianRefused, match="other_key"):
        _ = [source.tokens([ANA]) for _ in range(200)]


def test_one_dishonest_half_of_two_is_found_out() -> None:
    both = remote(application(ONE)), remote(application(FOREIGN))

    with pytest.raises(CustodianRefused, match="other_key"):
        tokens(*both, pins=(ONE.public, OTHER.public)).tokens([ANA])


@pytest.mark.parametrize("pins", [(), (bytes(32),), (KEY.public, KEY.public), (b"short",)])
def test_without_sound_pins_nothing_is_asked(pins: tuple[bytes, ...]) -> None:
    with pytest.raises(CustodianRefused, match="bad_pins"):
        tokens(pins=pins)


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (httpx.Response(500, text="<html>AAAA900203HNEAAX07</html>"), "no_custodian"),
        (httpx.Response(200, content=b"\x01" * 31), "bad_element"),
        (httpx.Response(200, content=b""), "wrong_count"),
        (httpx.Response(401, json={"error": "unknown_client"}), "unknown_client"),
        (httpx.Response(400, json={"error": "drop table; AAAA900203"}), "no_custodian"),
        (httpx.Response(400, json=["error"]), "no_custodian"),
    ],
)
def test_whatever_answers_instead_gives_no_token_and_is_not_quoted(
    answer: httpx.Response, word: str
) -> None:
    http = httpx.Client(
        transport=httpx.MockTransport(lambda _: answer), base_url="http://custodian"
    )

    with pytest.raises(CustodianRefused) as refused:
        tokens(RemoteHalf(http, CREDENTIAL)).tokens([ANA])

    assert refused.value.word == word
    assert "AAAA900203" not in str(refused.value)


def test_a_custodian_that_is_down_gives_no_token() -> None:
    def down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route to host", request=request)

    http = httpx.Client(transport=httpx.MockTransport(down), base_url="http://custodian")

    with pytest.raises(CustodianRefused, match="unreachable"):
        tokens(RemoteHalf(http, CREDENTIAL)).tokens([ANA])


def test_a_custodian_sees_no_value_and_never_the_same_element_twice() -> None:
    seen: list[bytes] = []
    half = remote(application())

    class Curious:
        def proof(self, key_id: str, asked: Sequence[bytes], answered: Sequence[bytes]) -> bytes:
            return half.proof(key_id, asked, answered)

        def evaluations(self, key_id: str, asked: Sequence[bytes]) -> list[bytes]:
            seen.extend(asked)
            return half.evaluations(key_id, asked)

    source = tokens(Curious())
    source.tokens([ANA, ANA])
    source.tokens([ANA])

    assert len(set(seen)) == 3
    assert not any(form in b"".join(seen) for form in (ANA[1], base64.b64encode(ANA[1])))
