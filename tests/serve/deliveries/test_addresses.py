import asyncio
import socket
from ipaddress import ip_address

import pytest

from serve.deliveries import addresses
from serve.deliveries.addresses import Pinned, Reach, is_public
from serve.deliveries.queue import NotSent

OURS = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "240.0.0.1",
    "::",
    "::1",
    "fe80::1",
    "fc00::1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::1",
    "2002:c0a8:101::1",
]
URLS = [
    "http://example.org/",
    "ftp://example.org/",
    "https://",
    "https:///path",
    "https://user@example.org/",
    "https://user:secret@example.org/",
    "https://example.org/#part",
    "https://example.org:0/",
    "https://example.org:99999/",
    "https://[::1/",
    "https://exa mple.org/",
    "https://ejemplo\u2024org/",
    "https://localhost/",
    "https://localhost./",
    "https://printer.local/",
    "https://db.internal/",
    "https://intranet/",
    "https://127.1/",
    "https://0x7f.1/",
    "https://2130706433/",
    "https://[::ffff:10.0.0.1]/",
    "https://169.254.169.254/latest/meta-data",
    "https://example.org/" + "x" * 2_048,
]


@pytest.mark.parametrize("address", OURS)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_a_public_address_is_permitted(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("url", URLS)
def test_a_sink_that_cannot_be_meant_for_the_public_is_refused(url: str) -> None:
    assert Reach().objection(url)


@pytest.mark.parametrize("url", ["https://example.org/a?b=c", "https://8.8.8.8:8443/"])
def test_an_ordinary_sink_is_permitted(url: str) -> None:
    assert Reach().objection(url) == ""


def test_development_may_use_http_on_its_own_machine() -> None:
    assert Reach(http=True, private=True).objection("http://127.0.0.1:8080/") == ""
    assert Reach(private=True).objection("http://127.0.0.1:8080/")


def names(monkeypatch: pytest.MonkeyPatch, *found: str) -> list[str]:
    """Let DNS answer so; the names that are asked for."""
    asked: list[str] = []

    async def answer(host: str, port: int) -> list[str]:
        asked.append(host)
        return list(found)

    monkeypatch.setattr(addresses, "resolved", answer)
    return asked


@pytest.mark.parametrize("found", [["10.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::ffff:10.0.0.1"]])
def test_a_name_that_leads_inside_is_refused_even_among_others(
    monkeypatch: pytest.MonkeyPatch, found: list[str]
) -> None:
    names(monkeypatch, *found)

    with pytest.raises(NotSent, match="address refused"):
        asyncio.run(Pinned(Reach()).connect_tcp("rebind.example.org", 443, 1.0))


def test_the_connection_goes_to_the_address_that_was_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = names(monkeypatch, "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = server.getsockname()

        async def peer() -> object:
            stream = await Pinned(Reach(private=True)).connect_tcp("no.invalid", place[1], 1.0)
            found = stream.get_extra_info("server_addr")
            await stream.aclose()
            return found

        assert asyncio.run(peer()) == place
    assert asked == ["no.invalid"]


def test_a_name_that_does_not_exist_is_no_fault_of_ours() -> None:
    with pytest.raises(NotSent, match="name not found"):
        asyncio.run(addresses.resolved("no-such-name.invalid", 443))
