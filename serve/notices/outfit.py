"""How notices leave and who may enrol, from the environment. Whatever is not said stays closed."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from detector.errors import BadInput
from serve.notices.enrolment import Institution
from serve.notices.mail import MailServer
from serve.notices.manners import Manners

PREFIX = "SIMVIGIA_"
KEY_FILE, MAILBOX, INSTITUTIONS = (
    f"{PREFIX}{name}" for name in ("NOTICES_KEY_FILE", "MAILBOX", "INSTITUTIONS")
)
QUIET = f"{PREFIX}QUIET_HOURS"
GATEWAY, GATEWAY_SECRET = f"{PREFIX}GATEWAY_URL", f"{PREFIX}GATEWAY_SECRET_FILE"
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
PORTS = {"starttls": 587, "tls": 465, "none": 25}
LONGEST_NAME, LONGEST_PORTAL = 64, 60
NO_SENDER = "avisos@simvigia.invalid"
_QUIET = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)(?: ([A-Za-z_/]+))?$")


@dataclass(frozen=True, slots=True)
class Outfit:
    """`mail` is the server, `mailbox` a folder for what has no other way, `gateway` where the rest goes."""

    sender: str
    mail: MailServer | None
    mailbox: Path | None
    gateway: str
    secret: str = field(repr=False)
    manners: Manners
    institutions: Mapping[str, Institution]
    trust: ssl.SSLContext | None = None


def outfit(environment: Mapping[str, str]) -> Outfit:
    """Read it. Raises BadInput naming the variable, never its text."""
    mail = _mail(environment)
    mailbox, gateway = environment.get(MAILBOX, ""), environment.get(GATEWAY, "")
    if mail is None and not mailbox:
        raise BadInput(f"notices need {PREFIX}SMTP_HOST, or {MAILBOX} to try things out")
    if gateway and not gateway.startswith("https://") and not mailbox:
        raise BadInput(f"{GATEWAY} must begin with https://")
    return Outfit(
        sender=mail.sender if mail else NO_SENDER,
        mail=mail,
        mailbox=Path(mailbox) if mailbox else None,
        gateway=gateway,
        secret=_text(environment, GATEWAY_SECRET) if gateway else "",
        manners=_manners(environment.get(QUIET, "")),
        institutions=institutions(environment.get(INSTITUTIONS, "")),
        trust=_trust(environment.get(f"{PREFIX}SMTP_CA_FILE", "")),
    )


def _mail(environment: Mapping[str, str]) -> MailServer | None:
    host, sender, security, port, user = (
        environment.get(f"{PREFIX}SMTP_{name}", "").strip()
        for name in ("HOST", "SENDER", "SECURITY", "PORT", "USER")
    )
    if not host:
        return None
    security = security or "starttls"
    if security not in PORTS:
        raise BadInput(f"{PREFIX}SMTP_SECURITY must be starttls, tls or none")
    if security == "none" and host not in LOOPBACK:
        raise BadInput(f"{PREFIX}SMTP_SECURITY may be none on this machine only")
    if not re.fullmatch(r"[!-~]+@[A-Za-z0-9.-]+", sender):
        raise BadInput(f"{PREFIX}SMTP_SENDER must be an e-mail address")
    if port and not (port.isdecimal() and 0 < int(port) < 65_536):
        raise BadInput(f"{PREFIX}SMTP_PORT must be a port")
    password = _text(environment, f"{PREFIX}SMTP_PASSWORD_FILE") if user else ""
    return MailServer(
        host, int(port or PORTS[security]), sender, security=security, user=user, password=password
    )


def _text(environment: Mapping[str, str], name: str) -> str:
    """The one line of a file that holds a secret."""
    try:
        return Path(environment.get(name, "")).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise BadInput(f"{name} must name a file that can be read") from None


def _trust(path: str) -> ssl.SSLContext | None:
    """Whose certificates a mail server may have, beside those that the machine trusts."""
    if not path:
        return None
    made = ssl.create_default_context()
    try:
        made.load_verify_locations(path)
    except OSError:  # also of what is no certificate
        raise BadInput(f"{PREFIX}SMTP_CA_FILE is no file of certificates") from None
    return made


def _manners(text: str) -> Manners:
    """`22:00-07:00`, or with a zone behind it; `off`: at any hour."""
    if not text:
        return Manners()
    if text == "off":
        return replace(Manners(), quiet_from=time(), quiet_until=time())
    found = _QUIET.match(text)
    try:
        if found is None:
            raise ValueError
        start, end = (time(int(found[i]), int(found[i + 1])) for i in (1, 3))
        made = replace(Manners(), quiet_from=start, quiet_until=end)
        return replace(made, zone=ZoneInfo(found[5])) if found[5] else made
    except (ValueError, KeyError, OSError):
        raise BadInput(f"{QUIET} must be off or like 22:00-07:00 America/Tijuana") from None


def institutions(path: str) -> dict[str, Institution]:
    """Who may enrol whom, by name: a JSON file of domains and signers, and the carrier that
    it is, if any. Nobody where there is none."""
    if not path:
        return {}
    try:
        held = json.loads(Path(path).read_text("utf-8"))
        found = {name: _institution(name, one) for name, one in held.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise BadInput(
            f"{INSTITUTIONS} must name a JSON file of institutions, each with domains and signers"
        ) from None
    if alone := [name for name, one in found.items() if len(one.signers) < 2]:
        raise BadInput(f"{INSTITUTIONS}: {min(alone)} needs two people who sign")
    return found


def _institution(name: str, held: Mapping[str, Any]) -> Institution:
    if not 0 < len(name) <= LONGEST_NAME:
        raise ValueError
    domains = frozenset(domain.lower() for domain in held["domains"])
    signers, carrier = frozenset(held["signers"]), str(held.get("carrier", ""))
    return Institution(name, domains, signers, carrier, _portal(str(held.get("portal", ""))))


def _portal(words: str) -> str:
    """What the portal is called in notices. Raises BadInput for what a phone would show as a link."""
    if len(words) > LONGEST_PORTAL or not words.isprintable() or set(words) & set("./@:<>«»"):
        raise BadInput(
            f"{INSTITUTIONS}: portal must be up to {LONGEST_PORTAL} characters of words, and no link"
        )
    return words
