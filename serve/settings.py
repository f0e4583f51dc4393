"""What an operator may choose, read once from the environment. Whatever is not said stays closed."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Self, TypeVar

from detector.errors import BadInput
from serve.naming import TOKEN_MODES

PREFIX = "SIMVIGIA_"
LOOPBACK = "127.0.0.0/8,::1/128"
Network = IPv4Network | IPv6Network
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Settings:
    """Every field is `SIMVIGIA_` and its name in capitals.

    Tokens are those of `issuer` for `audience`, checked with the keys at `jwks_url` or in `jwks_file`;
    `dev_issuer` makes this process an issuer itself. The claim `grant_claim` lists the carriers a
    client acts for. `rate` is registrations per second and client, saved up to `burst`; `in_flight` is
    how many questions are looked at together; `answer_within` is the seconds after which whoever waits
    is told that there is no answer now; `body_limit` is in bytes. `metrics_from` are the networks that
    may read `/metrics`. `agent_budget`, `point_of_sale_budget` and `client_budget` are
    questions a day before somebody is told; with `refuse_askers` such an asker then gets 429. `tokens` says
    who makes them, this engine (`local`) or a `custodian`; with `several_carriers` a local engine serves more
    than one.
    """

    issuer: str = ""
    audience: str = "registration-risk"
    jwks_url: str = ""
    jwks_file: Path | None = None
    grant_claim: str = "carriers"
    dev_issuer: bool = False
    dev_clients: Path | None = None
    dev_key_file: Path | None = None
    sandbox: bool = False
    rate: float = 500.0
    burst: int = 2_000
    in_flight: int = 256
    answer_within: float = 3.0
    imports_at_once: int = 2
    body_limit: int = 2_000_000
    agent_budget: int = 200
    point_of_sale_budget: int = 1_000
    client_budget: int = 1_000_000
    refuse_askers: bool = False
    tokens: str = "local"
    several_carriers: bool = False
    metrics_from: tuple[Network, ...] = tuple(ip_network(n) for n in LOOPBACK.split(","))

    def __post_init__(self) -> None:
        _check_issuer(self)
        if self.burst < 1_000:
            raise BadInput(
                f"{PREFIX}BURST must be 1000 or more: one bulk question may hold as many"
            )

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """The settings in the environment. Raises BadInput naming the variable, never its text."""
        given: dict[str, object] = {}
        for name, read in _READERS.items():
            text = environment.get(f"{PREFIX}{name.upper()}", "").strip()
            if text:
                given[name] = _read(name, text, read)
        return cls(**given)  # type: ignore[arg-type]


def _check_issuer(settings: Settings) -> None:
    if not settings.issuer:
        raise BadInput(f"{PREFIX}ISSUER is not set: whose tokens are to be believed?")
    sources = [bool(settings.jwks_url), settings.jwks_file is not None, settings.dev_issuer]
    if sum(sources) != 1:
        raise BadInput(
            f"set one of {PREFIX}JWKS_URL, {PREFIX}JWKS_FILE and {PREFIX}DEV_ISSUER=on: "
            "it says where the keys of the issuer are"
        )
    if settings.jwks_url and not settings.jwks_url.startswith(("https://", "http://localhost")):
        raise BadInput(f"{PREFIX}JWKS_URL must begin with https://")
    if settings.dev_issuer and settings.dev_clients is None:
        raise BadInput(f"{PREFIX}DEV_CLIENTS must name the file of clients of the built-in issuer")


def _read(name: str, text: str, read: Callable[[str], Value]) -> Value:
    try:
        return read(text)
    except (ValueError, KeyError):
        raise BadInput(f"{PREFIX}{name.upper()} must be {_WANTED[read]}") from None


def _switch(text: str) -> bool:
    return {"on": True, "off": False}[text.lower()]


def _mode(text: str) -> str:
    if text.lower() not in TOKEN_MODES:
        raise ValueError
    return text.lower()


def _amount(text: str) -> int:
    if int(text) < 1:
        raise ValueError
    return int(text)


def _rate(text: str) -> float:
    if not 0 < float(text) < 1e6:
        raise ValueError
    return float(text)


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(ip_network(part.strip()) for part in text.split(","))


_WANTED: dict[Callable[[str], object], str] = {
    _switch: "on or off",
    _mode: "local or custodian",
    _amount: "a whole number of 1 or more",
    _rate: "a number above 0 and below a million",
    _networks: "networks joined by commas, such as 10.0.0.0/8",
    str: "text",
    Path: "a path",
}
_READERS: dict[str, Callable[[str], object]] = {
    "issuer": str,
    "audience": str,
    "jwks_url": str,
    "jwks_file": Path,
    "grant_claim": str,
    "dev_issuer": _switch,
    "dev_clients": Path,
    "dev_key_file": Path,
    "sandbox": _switch,
    "rate": _rate,
    "burst": _amount,
    "in_flight": _amount,
    "answer_within": _rate,
    "imports_at_once": _amount,
    "body_limit": _amount,
    "agent_budget": _amount,
    "point_of_sale_budget": _amount,
    "client_budget": _amount,
    "refuse_askers": _switch,
    "tokens": _mode,
    "several_carriers": _switch,
    "metrics_from": _networks,
}
