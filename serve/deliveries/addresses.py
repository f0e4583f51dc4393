"""Which addresses a message may go to. A subscriber names its own sink: it must not be able to name ours.

Names are resolved once, every address found must be public, and the connection goes to the address
that was checked. A redirect would lead past all this, so none is followed.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpcore

from serve.deliveries.queue import NotSent

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
LONGEST_URL = 2_048
MOST_TRIED = 3
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # NAT64, RFC 6052
LOCAL_NAMES = ("localhost", "local", "internal", "home.arpa")


@dataclass(frozen=True, slots=True)
class Reach:
    """How far messages may go. Both are for development only."""

    http: bool = False
    private: bool = False

    def objection(self, url: str) -> str:
        """Why nothing may be sent to this URL, as far as it shows without asking DNS; empty if it may."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return "not a URL"
        if len(url) > LONGEST_URL or not url.isascii() or any(c.isspace() for c in url):
            return "not a URL"
        if parts.scheme != "https" and not (self.http and parts.scheme == "http"):
            return "must begin with https://"
        if not host or port == 0 or parts.username is not None or parts.fragment:
            return "must name a host, and neither a user nor a fragment"
        return "" if self.private or _may_be_public(host) else "must be a public address"

    def permits(self, address: str) -> bool:
        """Whether a connection may be opened to this address."""
        return self.private or is_public(ipaddress.ip_address(address))


def is_public(address: Address) -> bool:
    """Whether anybody on the Internet could be meant; addresses inside addresses are looked at too."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = _inner(address)
        if inner is not None:
            return is_public(inner)
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address.sixtofour:
        return address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if address in TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _may_be_public(host: str) -> bool:
    name = host.rstrip(".").lower()
    try:
        return is_public(ipaddress.ip_address(name))
    except ValueError:
        labels = name.split(".")
        numeric = labels[-1].isdigit() or labels[-1].startswith(
            "0x"
        )  # 127.1, 0x7f.1: an address too
        local = any(name == own or name.endswith(f".{own}") for own in LOCAL_NAMES)
        return len(labels) > 1 and not numeric and not local


class Pinned(httpcore.AsyncNetworkBackend):
    """Opens connections to addresses that were resolved here and found permitted."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._own = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first permitted address that answers. Raises NotSent."""
        found = await resolved(host, port)
        if not all(self._reach.permits(address) for address in found):
            raise NotSent("address refused")
        each = timeout / len(found) if timeout else None
        for address in found:
            try:
                return await self._own.connect_tcp(
                    address, port, each, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        raise NotSent("no connection")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._own.sleep(seconds)


async def resolved(host: str, port: int) -> list[str]:
    """The first few addresses of a host, in the resolver's order. Raises NotSent."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotSent("name not found") from None
    addresses = list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))
    if not addresses:
        raise NotSent("name not found")
    return addresses[:MOST_TRIED]
