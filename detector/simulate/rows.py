"""What a registration is inside the simulator: intentions in columns, before anything is written down.

Honest people and attackers fill the same columns; times, identifiers, scores and gaps come from the
same later steps for both. Names used in `truth`:

`pattern` (fraud only): see PATTERNS. `segments`, joined by `|`: `sex:f` or `sex:m` and `age:18-29`
`age:30-44` `age:45-59` `age:60+` (natural persons), `rural` or `urban` (where the identity's owner lives), and

- of the identity named: `breach_victim` (in a list the engine gets to know), `official`,
  `official_household`, `migrant` (two usual places), `poor_camera`, `head_of_family` (children's lines on the
  same name), `carer` (four lines and more), `foreign`, `small_trader`, `fleet` with `young_business` or
  `public_body`;
- of the honest life behind the row: `aide` (a line for an official), `minor_line`, `helped` (a relative's
  device), `one_visit` (all lines at once), `kiosk_customer`, `stand_customer`, `village_queue`,
  `employer_drive`, `relief_campaign`, `shelter`, `dealer_burst`, `deadline_queue`, `retried` ("the network
  failed"), `lost_phone`, `new_holder`, `bought_for_relative`, `new_handset` (later).

Fraud rows carry only what is true of the identity misused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.registration import NO_DATE, Bool, Float32, Int8, Int32, Int64, Table

PATTERNS = (
    "official_star",  # A: one leaked official's identity, many lines, several carriers
    "spread_list",  # B: one to three lines for each of many leaked identities
    "corrupt_agent",  # C: an agent registers customers once more than they asked
    "pretext_harvest",  # D: identities taken under a pretext at an event
    "business_front",  # E: a young firm's lines, bought to be resold
    "deceased",  # F: identities of the dead
    "sim_farm",  # G: lots of SIMs for boxes that cycle handsets
    "takeover",  # H: somebody else's line, re-linked or ported
    "prison",  # I: lines used near prisons
    "mule",  # J: a real person sells lines in their own name
    "aged_lines",  # dormant lines with years of history, linked to strangers
    "synthetic",  # invented identities and variants of real ones
    "kiosk_blend",  # stolen identities between the customers of an internet café
    "mockery",  # strangers who each register a line to somebody famous
    "adaptive",  # changes devices, carriers and tempo whenever it was stopped
    "dealer_stock",  # a shop pre-registers its stock on old customers
)
SEGMENTS = (
    "breach_victim", "official", "official_household", "aide", "head_of_family", "minor_line", "carer",
    "migrant", "helped", "kiosk_customer", "village_queue", "deadline_queue", "employer_drive",
    "relief_campaign", "shelter", "dealer_burst", "fleet", "young_business", "small_trader", "foreign",
    "retried", "lost_phone", "new_holder", "bought_for_relative", "new_handset", "poor_camera",
    "public_body", "stand_customer", "one_visit",
)  # fmt: skip
BIT = {name: np.int64(1) << np.int64(i) for i, name in enumerate(SEGMENTS)}
NONE = -1

NEW, EXISTING, PORT, RELINK, REPLACEMENT = range(5)
WEB, APP, CENTRE, DEALER, BULK = range(5)
PREPAID, POSTPAID = range(2)
IN_ORDER, DEAD, UNKNOWN = range(3)  # the identity's standing with the trusted source
STAYS, LEAVES, UNLINKS, REPORTED = range(4)  # how it ends


@dataclass(frozen=True, slots=True)
class Rows(Table):
    """Registrations intended, one per row; positions refer to the ledger's and the market's tables."""

    at: Int64  # seconds since 1970
    who: Int32
    carrier: Int8
    operation: Int8
    channel: Int8
    plan: Int8
    line: Int32
    sim: Int32
    handset: Int32  # NONE where the carrier does not see one
    device: Int32
    ip: Int64
    agent: Int32
    pos: Int32
    place: Int32
    contact: Int32
    first_seen: Int32  # days since 1970
    liveness: Float32  # shift of the score's logit: camera, age, or how good the forgery is
    fumbles: Float32  # chance of needing another attempt
    typed: Int8
    standing: Int8
    fraud: Bool
    pattern: Int8
    ring: Int32
    segments: Int64
    first_use: Int64  # seconds until the SIM is first seen on the network; NONE if never
    use_handset: Int32
    use_place: Int32
    next_handset: Int32  # where later sightings go, if elsewhere
    next_place: Int32
    sightings: Float32  # expected number of later ones
    ending: Int8
    ends_at: Int64


DEFAULTS: dict[str, int | float | bool] = {
    "plan": PREPAID,
    "handset": NONE,
    "device": NONE,
    "ip": NONE,
    "agent": NONE,
    "pos": NONE,
    "contact": NONE,
    "first_seen": int(NO_DATE),
    "liveness": 0.0,
    "fumbles": 0.15,
    "typed": 0,
    "standing": IN_ORDER,
    "fraud": False,
    "pattern": NONE,
    "ring": NONE,
    "segments": 0,
    "first_use": NONE,
    "use_handset": NONE,
    "use_place": NONE,
    "next_handset": NONE,
    "next_place": NONE,
    "sightings": 0.8,
    "ending": STAYS,
    "ends_at": 0,
}
_TYPES: dict[str, type[np.generic]] = {
    "at": np.int64, "who": np.int32, "carrier": np.int8, "operation": np.int8, "channel": np.int8,
    "plan": np.int8, "line": np.int32, "sim": np.int32, "handset": np.int32, "device": np.int32,
    "ip": np.int64, "agent": np.int32, "pos": np.int32, "place": np.int32, "contact": np.int32,
    "first_seen": np.int32, "liveness": np.float32, "fumbles": np.float32, "typed": np.int8,
    "standing": np.int8, "fraud": np.bool_, "pattern": np.int8, "ring": np.int32, "segments": np.int64,
    "first_use": np.int64, "use_handset": np.int32, "use_place": np.int32, "next_handset": np.int32,
    "next_place": np.int32, "sightings": np.float32, "ending": np.int8, "ends_at": np.int64,
}  # fmt: skip


def rows_of(n: int, **given: Any) -> Rows:
    """Rows with the given columns (arrays or one value for all) and defaults elsewhere."""
    columns: dict[str, NDArray[Any]] = {}
    for name, dtype in _TYPES.items():
        value = given[name] if name in given else DEFAULTS[name]
        columns[name] = np.array(np.broadcast_to(np.asarray(value, dtype=dtype), n))
    return Rows(**columns)


def joined(parts: Sequence[Rows]) -> Rows:
    """All rows of all parts, in order."""
    return Rows(
        **{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Rows)}
    )
