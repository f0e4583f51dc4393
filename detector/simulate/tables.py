"""The contract's tables, written from the simulator's columns a piece at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from detector.registration import (
    CHANNELS,
    DOCUMENT_TYPES,
    EVENT_KINDS,
    IDENTITY_TYPES,
    LABEL_SOURCES,
    OFFICIAL_TIERS,
    OPERATIONS,
    PLANS,
    VALIDATION_RESULTS,
    Bool,
    Int32,
    Int64,
)
from detector.simulate.breaches import Breach, breach_tables
from detector.simulate.commerce import NAMES
from detector.simulate.events import Sightings
from detector.simulate.identities import (
    IDENTITY_TYPE_OF_KIND,
    PLAIN,
    Identities,
    identity_text,
)
from detector.simulate.labels import Verdicts
from detector.simulate.numbers import Numbers
from detector.simulate.outcomes import Outcomes
from detector.simulate.population import IPV6
from detector.simulate.rows import PATTERNS, SEGMENTS, Rows
from detector.simulate.spelling import (
    Matrix,
    column,
    constant,
    digits,
    hexadecimal,
    scrambled,
    side_by_side,
    words,
)
from detector.simulate.world import World

PIECE = 500_000


@dataclass(frozen=True, slots=True)
class Clerk:
    """Writes rows down: knows every number and what each carrier leaves empty."""

    world: World
    identities: Identities
    numbers: Numbers
    rows: Rows
    outcomes: Outcomes
    missing: dict[str, Bool]
    folios: pa.Array

    def registrations(self, report: Callable[[float], None]) -> pa.Table:
        """The table of registrations."""
        pieces = []
        for start in range(0, len(self.rows), PIECE):
            which = np.arange(start, min(start + PIECE, len(self.rows)))
            pieces.append(self._piece(which))
            report((which[-1] + 1) / len(self.rows))
        return pa.concat_tables(pieces)

    def _piece(self, which: Int64) -> pa.Table:
        rows = self.rows.take(which)
        rng = np.random.default_rng([self.world.seed, 31, int(which[0])])
        kinds = self.identities.kind[rows.who]
        text = identity_text(self.identities, rows.who, typed=rows.typed, rng=rng)
        return pa.table(
            {
                "registration_id": self.folios.slice(int(which[0]), len(which)),
                "carrier_id": words(rows.carrier, NAMES),
                "registered_at": _instants(rows.at, rng),
                "operation": words(rows.operation, OPERATIONS),
                "channel": words(rows.channel, CHANNELS),
                "plan": words(rows.plan, PLANS),
                "identity_type": words(IDENTITY_TYPE_OF_KIND[kinds], IDENTITY_TYPES),
                "identity_value": text,
                "msisdn": column(self.numbers.msisdns(rows.line)),
                **self._optional(which, rows),
            }
        )

    def _optional(self, which: Int64, rows: Rows) -> dict[str, pa.Array]:
        known = {name: ~gone[which] for name, gone in self.missing.items()}
        seen = self.outcomes
        validation = np.where(known["validation_result"], seen.validation[which], -1)
        attempts = pa.array(seen.attempts[which], mask=~known["validation_attempts"])
        live = seen.liveness[which]
        return {
            "document_type": words(
                np.where(known["document_type"], seen.document[which], -1), DOCUMENT_TYPES
            ),
            "validation_result": words(validation, VALIDATION_RESULTS),
            "validation_attempts": attempts,
            "liveness_score": pa.array(live, mask=np.isnan(live) | ~known["liveness_score"]),
            "iccid": column(self.numbers.iccids(rows.sim), present=known["iccid"]),
            "imei": column(
                self.numbers.imeis(rows.handset.clip(0)),
                present=known["imei"] & (rows.handset >= 0),
            ),
            "device_id": _tagged("d", rows.device, self.world.seed, known=known["device_id"]),
            "ip": _addresses(rows.ip, known["ip"]),
            "point_of_sale_id": _tagged(
                "p", rows.pos, self.world.seed, known=known["point_of_sale_id"]
            ),
            "agent_id": _tagged("a", rows.agent, self.world.seed, known=known["agent_id"]),
            "place": self._places(rows.place, known["place"]),
            "line_first_seen_on": pa.array(
                rows.first_seen, pa.int32(), mask=~known["line_first_seen_on"]
            ).cast(pa.date32()),
            "contact": _contacts(rows.contact, self.world.seed, known["contact"]),
        }

    def _places(self, place: Int32, known: Bool) -> pa.Array:
        code = digits(self.world.places.code[place.clip(0)], 5)
        return column(code, present=known & (place >= 0))

    def line_events(self, events: Sightings) -> pa.Table:
        """The table of line events."""
        rng = self.world.rng("event-seconds")
        unseen = self.world.country.records.missing.get("imei", 0.0)
        imei = (events.handset >= 0) & (rng.random(len(events)) >= unseen)
        return pa.table(
            {
                "registration_id": self.folios.take(pa.array(events.row)),
                "carrier_id": words(self.rows.carrier[events.row], NAMES),
                "occurred_at": _instants(events.at, rng),
                "kind": words(events.kind, EVENT_KINDS),
                "imei": _by_pieces(
                    lambda part: column(
                        self.numbers.imeis(events.handset[part].clip(0)), present=imei[part]
                    ),
                    len(events),
                ),
                "place": self._places(events.place, events.place >= 0),
            }
        )

    def labels(self, verdicts: Verdicts) -> pa.Table:
        """The table of labels."""
        rng = self.world.rng("label-seconds")
        unsure = np.isnan(verdicts.confidence)
        return pa.table(
            {
                "registration_id": self.folios.take(pa.array(verdicts.row)),
                "carrier_id": words(self.rows.carrier[verdicts.row], NAMES),
                "label": words(verdicts.fraud.astype(np.int8), ("legitimate", "fraud")),
                "decided_at": _instants(verdicts.at, rng),
                "source": words(verdicts.source, LABEL_SOURCES),
                "confidence": pa.array(verdicts.confidence, mask=unsure),
            }
        )

    def truth(self, victims: Bool) -> pa.Table:
        """What really happened."""
        return pa.table(
            {
                "registration_id": self.folios,
                "carrier_id": words(self.rows.carrier, NAMES),
                "fraud": pa.array(self.rows.fraud),
                "pattern": words(np.where(self.rows.fraud, self.rows.pattern, -1), PATTERNS),
                "ring": _tagged(
                    "ring-", self.rows.ring, self.world.seed, known=self.rows.ring >= 0
                ),
                "segments": _by_pieces(lambda part: self._segments(part, victims), len(self.rows)),
            }
        )

    def _segments(self, part: slice, victims: Bool) -> pa.Array:
        who, bits = self.rows.who[part], self.rows.segments[part]
        bits = bits | np.where(victims[who], np.int64(1) << SEGMENTS.index("breach_victim"), 0)
        distinct, index = np.unique(bits, return_inverse=True)
        named = [
            "|".join(n for i, n in enumerate(SEGMENTS) if value >> i & 1) for value in distinct
        ]
        whose, meaning = self._person_words(who)
        joined = pc.binary_join_element_wise(meaning, words(index, named), "|")
        return pc.utf8_trim(joined, "|") if len(whose) else joined

    def _person_words(self, who: Int32) -> tuple[Int32, pa.Array]:
        people, world = self.world.people, self.world
        person = who < len(people)
        natural = self.identities.kind[who] != 1
        age = (self.world.calendar.start // 86_400 - self.identities.birth[who]) / 365.25
        band = np.searchsorted([30, 45, 60], age)
        sex = np.where(self.identities.female[who], 0, 1)
        home = people.home[np.where(person, who, 0)]
        rural = np.where(person, np.where(world.places.rural[home], 1, 2), 0)
        code = np.where(natural, 1 + sex * 4 + band, 0) * 3 + rural
        bands, sexes = ("age:18-29", "age:30-44", "age:45-59", "age:60+"), ("sex:f", "sex:m")
        first = ["", *(f"{s}|{b}" for s in sexes for b in bands)]
        named = ["|".join(w for w in (a, b) if w) for a in first for b in ("", "rural", "urban")]
        return who, words(code, named)


def breach_and_official_tables(
    world: World, breaches: Sequence[Breach], identities: Identities
) -> tuple[dict[str, pa.Table], Bool]:
    """Breaches, their members, officials; and who is a known member of any breach."""
    number, who, since = breach_tables(world, breaches)
    victims = np.zeros(len(identities), bool)
    victims[who] = True
    names = [f"b{i:03d}" for i in range(len(breaches))]
    tables = {
        "breaches": pa.table(
            {
                "breach_id": pa.array(names, pa.string()),
                "name": pa.array([b.name for b in breaches], pa.string()),
                "occurred_on": pa.array([b.occurred_on for b in breaches], pa.int32()).cast(
                    pa.date32()
                ),
                "fields": pa.array([b.fields for b in breaches], pa.string()),
            }
        ),
        "breach_members": pa.table(
            {
                "breach_id": words(number, names),
                "identity_type": words(np.zeros(len(who), np.int8), IDENTITY_TYPES),
                "identity_value": _plain_identities(identities, who),
                "known_at": _instants(since, world.rng("notice-seconds")),
            }
        ),
        "officials": _officials(world, identities),
    }
    return tables, victims


def _officials(world: World, identities: Identities) -> pa.Table:
    rng = world.rng("officials")
    people = world.people
    listed = rng.random(len(people)) < world.country.society.officials_listed
    who = np.flatnonzero((people.tier >= 0) & listed).astype(np.int32)
    n, start = len(who), world.calendar.start
    since = start - (rng.gamma(1.3, 1200, n) * 86_400).astype(np.int64)
    entering = rng.random(n) < 0.08
    since[entering] = start + (
        rng.random(int(entering.sum())) * world.calendar.days * 86_400
    ).astype(np.int64)
    leaving = rng.random(n) < 0.07
    until = np.maximum(since, start) + (rng.random(n) * 250 * 86_400).astype(np.int64)
    return pa.table(
        {
            "identity_type": words(np.zeros(n, np.int8), IDENTITY_TYPES),
            "identity_value": _plain_identities(identities, who),
            "tier": words(people.tier[who], OFFICIAL_TIERS),
            "since": _days(since),
            "until": _days(until, mask=~leaving),
        }
    )


def folios(n: int, seed: int) -> pa.Array:
    """Opaque registration ids: hexadecimal, unique, without order."""
    return column(hexadecimal(scrambled(np.arange(n), bits=40, salt=seed * 7919 + 13), 10))


def _plain_identities(identities: Identities, who: Int32) -> pa.Array:
    def written(part: slice) -> pa.Array:
        plain = np.full(len(who[part]), PLAIN, np.int8)
        return identity_text(identities, who[part], typed=plain, rng=np.random.default_rng(0))

    return _by_pieces(written, len(who))


def _by_pieces(write: Callable[[slice], pa.Array], n: int) -> pa.ChunkedArray:
    starts = range(0, n, PIECE) if n else [0]
    return pa.chunked_array([write(slice(s, min(s + PIECE, n))) for s in starts], pa.string())


def _instants(seconds: Int64, rng: np.random.Generator) -> pa.Array:
    """UTC timestamps; the clock's milliseconds are noise for everybody."""
    micros = seconds * 1_000_000 + rng.integers(0, 1000, len(seconds)) * 1000
    return pa.array(micros, pa.timestamp("us", tz="UTC"))


def _days(seconds: Int64, mask: Bool | None = None) -> pa.Array:
    micros = seconds // 86_400 * 86_400_000_000
    return pa.array(micros, pa.timestamp("us", tz="UTC"), mask=mask)


def _tagged(prefix: str, number: Int32, seed: int, *, known: Bool) -> pa.Array:
    """An opaque name for a device, an agent, a shop."""
    present = known & (number >= 0)
    salt = seed * 104_729 + len(prefix) * 31 + ord(prefix[0])
    name = hexadecimal(scrambled(number.clip(0), bits=36, salt=salt), 9)
    return column(side_by_side(constant(prefix, len(number)), name), present=present)


def _addresses(ip: Int64, known: Bool) -> pa.Array:
    present = known & (ip >= 0)
    v6 = present & (ip >= IPV6)
    v4 = np.where(v6 | ~present, 0, ip)
    octets = [words((v4 >> shift) & 255, [str(i) for i in range(256)]) for shift in (24, 16, 8, 0)]
    four = pc.binary_join_element_wise(*octets, ".")
    if not v6.any():
        return pc.if_else(pa.array(present), four, pa.scalar(None, pa.string()))
    household = np.where(v6, ip - IPV6, 0)
    six = column(_v6(household))
    return pc.if_else(
        pa.array(present), pc.if_else(pa.array(v6), six, four), pa.scalar(None, pa.string())
    )


def _v6(household: NDArray[np.int64]) -> Matrix:
    n = len(household)
    colon = constant(":", n)
    high, low = hexadecimal(household >> 16, 4), hexadecimal(household & 65_535, 4)
    return side_by_side(constant("2806:10a0:", n), high, colon, low, constant("::1", n))


def _contacts(contact: Int32, seed: int, known: Bool) -> pa.Array:
    """An e-mail address at a domain that cannot exist, or a telephone number."""
    present = known & (contact >= 0)
    number = scrambled(contact.clip(0), bits=31, salt=seed * 31 + 5)
    name = hexadecimal(number, 8)
    n = len(contact)
    mail = column(side_by_side(constant("c", n), name, constant("@correo.example", n)))
    phone = column(side_by_side(constant("+52222", n), digits(number % 10**7, 7)))
    by_phone = pa.array(number % 10 < 3)
    return pc.if_else(
        pa.array(present), pc.if_else(by_phone, phone, mail), pa.scalar(None, pa.string())
    )
