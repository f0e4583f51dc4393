"""Tokens against the library's own CMAC, and a key that shows itself to nobody."""

import base64
import stat
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from detector import spans
from detector.errors import KeyMissing
from detector.pseudonym import DOMAINS, Key, Pseudonymiser, token_ids, token_texts
from tests.builders import KEY, pseudonymiser

SECRET = bytes(range(100, 132))
PSEUDONYMISER = pseudonymiser()
values = st.lists(st.none() | st.binary(min_size=1, max_size=70).filter(bytes.strip), max_size=8)


def column(texts: list[bytes | None]) -> spans.Spans:
    return spans.from_arrow(pa.array(texts, pa.binary()))


def library_mac(domain: str, value: bytes) -> bytes:
    derived = HKDF(SHA256(), 16, None, domain.encode()).derive(KEY.secret)
    mac = CMAC(AES(derived))
    mac.update(value)
    return mac.finalize()


@given(values, st.sampled_from(DOMAINS))
def test_a_column_of_tokens_is_what_the_library_says_value_by_value(
    texts: list[bytes | None], domain: str
) -> None:
    tokens = PSEUDONYMISER.tokens(domain, column(texts))

    wanted = [library_mac(domain, t.strip()) if t else bytes(16) for t in texts]
    assert [token.tobytes() for token in tokens] == wanted


def test_the_text_form_is_base64url_without_padding() -> None:
    token = PSEUDONYMISER.token("device", "tablet 7")

    wanted = base64.urlsafe_b64encode(library_mac("device", b"tablet 7")).decode().rstrip("=")
    assert token == f"tok1:{wanted}"


@given(st.lists(st.binary(min_size=16, max_size=16), min_size=1, max_size=5))
def test_a_token_that_comes_back_is_the_one_that_left(tokens: list[bytes]) -> None:
    made = np.frombuffer(b"".join(tokens), np.uint8).reshape(-1, 16)

    texts = token_texts(made, np.ones(len(made), np.bool_))

    assert np.array_equal(PSEUDONYMISER.given(texts), made)


@pytest.mark.parametrize("text", [b"tok1:ana", b"tok1:" + b"A" * 21 + b"B", b"tok1:" + b"*" * 22])
def test_a_token_of_another_form_is_keyed_as_it_stands(text: bytes) -> None:
    assert PSEUDONYMISER.given(column([text])).tobytes() == library_mac("foreign", text)


def test_no_key_is_zero_and_a_token_that_begins_with_zeros_still_is_one() -> None:
    ids = token_ids(np.zeros((2, 16), np.uint8), np.array([True, False]))

    assert ids.tolist() == [1, 0]


def test_the_same_value_is_another_token_in_another_domain_and_under_another_key() -> None:
    tokens = {PSEUDONYMISER.token(domain, "x") for domain in DOMAINS}
    tokens.add(Pseudonymiser(Key(SECRET)).token("identity", "x"))

    assert len(tokens) == len(DOMAINS) + 1


@pytest.mark.parametrize(
    "text",
    [SECRET.hex(), base64.b64encode(SECRET).decode(), base64.urlsafe_b64encode(SECRET).decode()],
)
def test_a_key_is_read_in_hexadecimal_and_base64(text: str, tmp_path: Path) -> None:
    path = tmp_path / "pseudonym.key"
    path.write_text(f"{text}\n")

    assert Key.load(path).secret == SECRET
    assert Key.load(environment={"SIMVIGIA_KEY": text}).secret == SECRET
    assert Key.load(environment={"SIMVIGIA_KEY_FILE": str(path)}).secret == SECRET


def test_no_key_anywhere_says_what_to_set() -> None:
    with pytest.raises(KeyMissing, match="SIMVIGIA_KEY_FILE"):
        Key.load(environment={})


@pytest.mark.parametrize("text", ["secreto-corto", "ñ", "A" * 44, "z" * 64])
def test_a_text_that_is_no_key_is_refused_and_not_quoted(text: str, tmp_path: Path) -> None:
    path = tmp_path / "pseudonym.key"
    path.write_text(text)

    with pytest.raises(KeyMissing) as refused:
        Key.load(path)

    assert text not in str(refused.value)


def test_a_key_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyMissing, match=r"gone\.key"):
        Key.load(tmp_path / "gone.key")


def test_a_new_key_is_its_owners_alone(tmp_path: Path) -> None:
    key = Key.generate(tmp_path / "new.key")

    assert stat.S_IMODE((tmp_path / "new.key").stat().st_mode) == 0o600
    assert Key.load(tmp_path / "new.key") == key


def test_a_key_is_never_written_over(tmp_path: Path) -> None:
    key = Key.generate(tmp_path / "new.key")

    with pytest.raises(KeyMissing, match="File exists"):
        Key.generate(tmp_path / "new.key")

    assert Key.load(tmp_path / "new.key") == key


def test_a_key_does_not_show_its_secret() -> None:
    assert repr(Key(SECRET)) == str(Key(SECRET)) == "Key()"
