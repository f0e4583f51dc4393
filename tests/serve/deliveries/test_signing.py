import base64
import hmac
import re
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from detector.errors import KeyMissing
from serve.deliveries.signing import (
    Asymmetric,
    Keyring,
    Shared,
    client_secret,
    headers,
    shared_secret,
)
from tests.architecture.source import ROOT
from tests.serve.deliveries.post import AT, KEYRING, PRIVATE

CARRIER = ROOT / "docs/carrier.md"


def signatures(signed: dict[str, str]) -> list[tuple[str, bytes]]:
    parts = [one.split(",", 1) for one in signed["webhook-signature"].split(" ")]
    return [(scheme, base64.b64decode(text)) for scheme, text in parts]


def test_the_published_example_of_the_standard_is_signed_the_same() -> None:
    # From the Standard Webhooks specification's own libraries' tests.
    secret = shared_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    content = b'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}'

    assert secret.signature(content) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_anybody_with_the_published_key_can_check_an_event() -> None:
    signed = headers("m-1", b"{}", at=AT, keys=KEYRING.of_client("ana"))
    public = base64.b64decode(KEYRING.published()[0].removeprefix("whpk_"))
    [signature] = [found for scheme, found in signatures(signed) if scheme == "v1a"]

    key = Ed25519PublicKey.from_public_bytes(public)
    key.verify(signature, b"m-1." + signed["webhook-timestamp"].encode() + b".{}")
    with pytest.raises(InvalidSignature):
        key.verify(signature, b"m-2." + signed["webhook-timestamp"].encode() + b".{}")


def test_what_the_documents_tell_a_receiver_to_do_takes_our_events_and_no_others() -> None:
    [code] = re.findall(r"^```python\n(.*?)^```", CARRIER.read_text("utf-8"), re.M | re.S)[:1]
    told: dict[str, Any] = {}
    exec(code, told)
    genuine, key = told["genuine"], KEYRING.published()[0]
    signed = headers("m-1", b"{}", at=datetime.now(UTC), keys=KEYRING.of_client("ana"))

    assert genuine(signed, b"{}", key)
    assert not genuine(signed, b"{ }", key)
    assert not genuine(signed, b"{}", Asymmetric(Ed25519PrivateKey.generate()).public())
    old = headers("m-1", b"{}", at=AT, keys=KEYRING.of_client("ana"))
    assert not genuine(old, b"{}", key)


def test_a_client_checks_with_its_own_secret_and_no_other_client_can() -> None:
    signed = headers("m-1", b"{}", at=AT, keys=KEYRING.of_client("ana"))
    [signature] = [found for scheme, found in signatures(signed) if scheme == "v1"]
    content = f"m-1.{int(AT.timestamp())}.{{}}".encode()

    def expected(client: str) -> bytes:
        text = client_secret(KEYRING.masters[0], client).text()
        return hmac.digest(base64.b64decode(text.removeprefix("whsec_")), content, sha256)

    assert signature == expected("ana")
    assert signature != expected("beto")


def test_old_and_new_keys_both_sign_while_one_is_replaced() -> None:
    new = Asymmetric(Ed25519PrivateKey.generate())
    ring = Keyring((new, PRIVATE), (b"new" * 11, KEYRING.masters[0]))
    signed = signatures(headers("m", b"", at=AT, keys=ring.of_client("ana")))
    before = signatures(headers("m", b"", at=AT, keys=KEYRING.of_client("ana")))

    assert [scheme for scheme, _ in signed] == ["v1", "v1", "v1a", "v1a"]
    assert set(before) < set(signed)
    assert ring.published() == [new.public(), PRIVATE.public()]


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_!!!!", "c" * 44])
def test_a_secret_of_the_wrong_shape_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(
        KeyMissing, match=r"^a webhook key is whsec_ and the base64 of 24 to 64 bytes$"
    ):
        shared_secret(text)


def test_a_private_key_is_read_as_the_standard_writes_it() -> None:
    text = "whsk_" + base64.b64encode(b"p" * 32).decode()

    assert Asymmetric.read(text).public() == PRIVATE.public()
    assert Shared(b"s" * 32).text() == "whsec_" + base64.b64encode(b"s" * 32).decode()
