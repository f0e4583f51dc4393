import pytest

from detector.errors import KeyMissing
from serve.deliveries.sealing import Vault

OLD, NEW = b"a" * 32, b"b" * 32


def test_what_was_sealed_opens_again() -> None:
    assert Vault(OLD).open(Vault(OLD).seal(b"token", "row"), "row") == b"token"


def test_what_an_older_key_sealed_still_opens() -> None:
    assert Vault(NEW, OLD).open(Vault(OLD).seal(b"token", "row"), "row") == b"token"


def test_the_newest_key_seals() -> None:
    assert Vault(NEW).open(Vault(NEW, OLD).seal(b"token", "row"), "row") == b"token"


def test_a_value_moved_to_another_row_does_not_open() -> None:
    with pytest.raises(KeyMissing):
        Vault(OLD).open(Vault(OLD).seal(b"token", "row"), "another")


@pytest.mark.parametrize("place", [0, 4, 20, -1])
def test_a_changed_byte_is_seen(place: int) -> None:
    sealed = bytearray(Vault(OLD).seal(b"token", "row"))
    sealed[place] ^= 1

    with pytest.raises(KeyMissing):
        Vault(OLD).open(bytes(sealed), "row")


def test_nothing_of_the_content_shows() -> None:
    assert b"token" not in Vault(OLD).seal(b"token", "row")
    assert Vault(OLD).seal(b"token", "row") != Vault(OLD).seal(b"token", "row")


def test_a_vault_without_a_whole_key_is_refused() -> None:
    with pytest.raises(KeyMissing):
        Vault(b"short")
