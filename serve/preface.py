"""The parts of the published document that people read first: what the API is for and how to use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from serve.naming import API_BASE, API_NAME, API_TITLE, API_VERSION, SCOPES

COMMONALITIES = "0.8.0"
EXTERNAL = {
    "description": "The conventions that this API follows",
    "url": "https://camaraproject.org",
}
SECURITY = {
    "openId": {
        "type": "openIdConnect",
        "description": "OpenID Connect discovery of the issuer whose access tokens are taken",
        "openIdConnectUrl": "https://example.com/.well-known/openid-configuration",
    }
}
TAGS = {
    "Assessments": "Ask for the risk of registrations and read what was answered",
    "Imports": "Bring registrations of the past",
    "Line Events": "Tell what is later seen on a line",
    "Outcomes": "Tell which registrations were fraud and which were not",
}
TEXT = """\
A carrier asks while its customer waits: how likely is it that this registration of a mobile line
misuses somebody's identity, and what should be done?

# Answer

`decision` says what to do and `riskBand` how serious it is. `riskScore` is one of a few published
values, high is risky; it is coarse on purpose. `reasons` name families of what looked unusual, in
the language that `Accept-Language` asks for (Spanish of Mexico, or English). A reason is no proof
and accuses nobody. `degraded` with `contextCode` REGISTRATION_RISK.DEGRADED says that a source of
knowledge was missing.

| decision | band | riskScore | what is asked |
|---|---|---|---|
| ALLOW | LOW | 0, 10 | nothing |
| ALLOW_NOTIFY | MEDIUM | 25 | let it pass; tell the holder through a contact older than this registration |
| STEP_UP | HIGH | 50, 75 | prove more; a line that exists is linked at once and proves itself afterwards |
| HOLD | VERY_HIGH | 90 | a person decides before the operation goes on; never for a line that exists |

# Repeating

The same `carrierId` and `registrationId` with the same body get the first answer again and count
once. So whoever got no answer asks again.
"""
MANDATORY = """\
# Authorization and authentication
<!-- CAMARA:MANDATORY:authorization-and-authentication:BEGIN -->
Access tokens come from an OpenID Connect issuer by client credentials; no person takes part. Each
operation names the scope that the token must hold. The token also carries a grant: the carriers
that the client acts for. What belongs to other carriers is not found.
<!-- CAMARA:MANDATORY:authorization-and-authentication:END -->

# Additional error responses
<!-- CAMARA:MANDATORY:additional-error-responses:BEGIN -->
Every error has the fields `status`, `code` and `message`. Beside those documented, a gateway on the
way may give others of the same form. Programs should read `status` and `code`; `message` is for
people and may change.
<!-- CAMARA:MANDATORY:additional-error-responses:END -->

# Request body strictness
<!-- CAMARA:MANDATORY:request-body-strictness:BEGIN -->
A body with a property that is not documented, at any depth, with a property given twice, or with a
value of another type is refused with 400 INVALID_ARGUMENT, naming the field and never the value.
<!-- CAMARA:MANDATORY:request-body-strictness:END -->
"""
_REGISTRATION = {
    "registrationId": "F-2026-000123",
    "carrierId": "alfa-movil",
    "registeredAt": "2026-03-01T12:00:00-06:00",
    "operation": "NEW_LINE",
    "channel": "APP",
    "plan": "PREPAID",
    "identityType": "PASSPORT",
    "identityValue": "ZZZ:TESTSTEPUP",
    "phoneNumber": "+525500000001",
    "place": "09015",
}
EXAMPLES: dict[str, dict[str, Any]] = {
    "assessRegistration": {
        "TEST_IDENTITY": {
            "summary": "A test identity that the sandbox answers with STEP_UP",
            "value": _REGISTRATION,
        }
    },
    "assessInBulk": {
        "ONE": {"summary": "A single registration", "value": {"registrations": [_REGISTRATION]}}
    },
}


@dataclass(frozen=True, slots=True)
class About:
    """What people read of one API before its operations."""

    name: str
    title: str
    base: str
    text: str
    scopes: Mapping[str, str]
    tags: Mapping[str, str]
    examples: Mapping[str, Any] = field(default_factory=dict)
    schemas: Mapping[str, Any] = field(default_factory=dict)  # that only callbacks use
    security: Mapping[str, Any] = field(default_factory=dict)  # of callbacks
    codes: Mapping[str, Sequence[str]] = field(default_factory=dict)  # more codes of a status


RISK = About(API_NAME, API_TITLE, API_BASE, TEXT, SCOPES, TAGS, EXAMPLES)


def info(about: About) -> dict[str, Any]:
    """Title, version, licence and the text."""
    scopes = "\n".join(f"- `{scope}`: {words}" for scope, words in about.scopes.items())
    return {
        "title": about.title,
        "description": f"{about.text}\n{MANDATORY}\n# Scopes\n\n{scopes}\n",
        "version": API_VERSION,
        "license": {
            "name": "Apache 2.0",
            "url": "https://www.apache.org/licenses/LICENSE-2.0.html",
        },
        "x-camara-commonalities": COMMONALITIES,
    }


def servers(about: About) -> list[dict[str, Any]]:
    """The one form of server URL."""
    return [
        {
            "url": f"{{apiRoot}}{about.base}",
            "variables": {
                "apiRoot": {
                    "default": "http://localhost:9091",
                    "description": "API root, defined by the service provider, e.g. "
                    "`api.example.com` or `api.example.com/somepath`",
                }
            },
        }
    ]


def tags(about: About, used: Sequence[str]) -> list[dict[str, str]]:
    """The tags in use, described."""
    return [{"name": tag, "description": about.tags[tag]} for tag in used]
