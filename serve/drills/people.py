"""Made-up people and what they register, for drills: every value of a person is marked as its own."""

from __future__ import annotations

from datetime import datetime
from string import ascii_uppercase as LETTERS

from stdnum import luhn
from stdnum.mx import curp

Event = dict[str, object]
CONSONANTS = "BCDFGHJKLMNPQRSTVWXYZ"


def curp_of(number: int) -> str:
    """A well-formed CURP per number, of nobody: state of birth NE, as for those born abroad."""
    a, b, c = (number // 26**k % 26 for k in range(3))
    d, e, f = (number // (26**3 * 21**k) % 21 for k in range(3))
    day = 1 + number % 28
    body = f"{LETTERS[a]}X{LETTERS[b]}{LETTERS[c]}9002{day:02d}HNE"
    body += f"{CONSONANTS[d]}{CONSONANTS[e]}{CONSONANTS[f]}0"
    return body + curp.calc_check_digit(body)


def registration(number: int, at: datetime, *, carrier: str = "alfa", **changes: object) -> Event:
    """A registration in the contract's columns; what is not given is this number's own."""
    imei, iccid = f"35693803{number % 1_000_000:06d}", f"895202{number * 1_000:012d}"
    return {
        "registration_id": f"d{number:07d}",
        "carrier_id": carrier,
        "registered_at": at.isoformat(),
        "operation": "new_line",
        "channel": "service_center",
        "plan": "prepaid",
        "identity_type": "curp",
        "identity_value": curp_of(number),
        "document_type": "ine",
        "validation_result": "match",
        "validation_attempts": 1,
        "liveness_score": 0.97,
        "msisdn": f"+5255{number:08d}",
        "iccid": iccid + luhn.calc_check_digit(iccid),
        "imei": imei + luhn.calc_check_digit(imei),
        "device_id": f"device-{number}",
        "ip": f"203.{number // 65_536 % 256}.{number // 256 % 256}.{number % 256}",
        "point_of_sale_id": f"pos-{number % 97}",
        "agent_id": f"agent-{number % 197}",
        "place": f"09{2 + number % 16:03d}",
        "contact": f"person{number}@example.org",
    } | changes
