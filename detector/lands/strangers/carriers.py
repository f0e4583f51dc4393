"""The carriers and their shops: sizes, channels, what each leaves out, and how it hands out SIMs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from detector.lands.strangers.places import Places

CHANNELS = ("web", "app", "service_center", "dealer", "bulk")
WEB, APP, CENTER, DEALER, BULK = range(5)


@dataclass(frozen=True, slots=True)
class Carrier:
    """One carrier's habits. `missing` is the chance that an optional column is empty."""

    name: str
    share: float
    mix: tuple[float, float, float]  # web, app, in person
    centers: int
    dealers: int
    vendor: int = 0
    one_tablet: bool = False
    heard: float = 0.95  # share of lines whose events are reported
    iccid_width: int = 19
    missing: dict[str, float] = field(default_factory=dict)


USUAL = {
    "device_id": 0.06,
    "ip": 0.04,
    "imei": 0.22,
    "iccid": 0.06,
    "contact": 0.35,
    "place": 0.12,
    "liveness_score": 0.1,
    "document_type": 0.04,
    "validation_result": 0.02,
    "validation_attempts": 0.03,
    "line_first_seen_on": 0.12,
    "point_of_sale_id": 0.04,
    "agent_id": 0.1,
    "event_imei": 0.1,
    "event_place": 0.08,
}


def _carrier(name: str, share: float, mix: tuple[float, float, float], **habits: object) -> Carrier:
    missing = USUAL | dict(habits.pop("missing", {}))  # type: ignore[call-overload]
    return Carrier(name, share, mix, missing=missing, **habits)  # type: ignore[arg-type]


MANY = (
    _carrier("norteco", 0.45, (0.3, 0.26, 0.44), centers=130, dealers=420),
    _carrier(
        "azulcel",
        0.2,
        (0.44, 0.2, 0.36),
        centers=60,
        dealers=150,
        vendor=1,
        missing={"contact": 0.7},
    ),
    _carrier(
        "pacifica",
        0.13,
        (0.38, 0.22, 0.4),
        centers=45,
        dealers=110,
        vendor=2,
        missing={"ip": 1.0, "imei": 0.1},
    ),
    _carrier(
        "tianguis",
        0.085,
        (0.52, 0.0, 0.48),
        centers=8,
        dealers=160,
        missing={"device_id": 1.0, "liveness_score": 0.5},
    ),
    _carrier(
        "colibri-movil",
        0.065,
        (0.5, 0.24, 0.26),
        centers=12,
        dealers=60,
        vendor=1,
        heard=0.3,
        missing={"event_imei": 0.6, "event_place": 0.5, "imei": 0.4},
    ),
    _carrier(
        "maguey",
        0.035,
        (0.3, 0.1, 0.6),
        centers=14,
        dealers=20,
        vendor=1,
        one_tablet=True,
        iccid_width=20,
    ),
    _carrier(
        "cenzontle",
        0.02,
        (0.1, 0.9, 0.0),
        centers=1,
        dealers=0,
        vendor=2,
        missing={"iccid": 1.0, "point_of_sale_id": 1.0},
    ),
    _carrier(
        "tlacuache",
        0.015,
        (0.6, 0.0, 0.4),
        centers=3,
        dealers=25,
        heard=0.7,
        missing={"imei": 1.0, "liveness_score": 1.0, "validation_attempts": 1.0, "contact": 0.9},
    ),
)
ALONE = (
    _carrier(
        "solitaria",
        1.0,
        (0.4, 0.2, 0.4),
        centers=160,
        dealers=300,
        heard=0.75,
        missing={
            "device_id": 0.5,
            "ip": 0.6,
            "imei": 0.55,
            "iccid": 0.4,
            "contact": 1.0,
            "liveness_score": 1.0,
            "agent_id": 1.0,
            "document_type": 1.0,
            "validation_attempts": 1.0,
            "line_first_seen_on": 0.45,
            "point_of_sale_id": 0.3,
            "event_imei": 0.4,
            "event_place": 0.5,
            "place": 0.3,
        },
    ),
)


@dataclass(slots=True)
class Shops:
    """Points of sale by position; agents and tablets are counted within each."""

    carrier: np.ndarray
    place: np.ndarray
    dealer: np.ndarray
    agents: np.ndarray
    tablets: np.ndarray
    near: dict[tuple[int, bool], tuple[np.ndarray, np.ndarray]]

    def at(
        self, rng: np.random.Generator, carrier: np.ndarray, place: np.ndarray, dealer: np.ndarray
    ) -> np.ndarray:
        """A shop of the carrier where somebody in `place` goes: there, else elsewhere in the state."""
        out = np.zeros(len(carrier), np.int64)
        for (owner, kind), (start, listed) in self.near.items():
            rows = np.flatnonzero((carrier == owner) & (dealer == kind))
            low, high = start[place[rows]], start[place[rows] + 1]
            out[rows] = listed[low + (rng.random(len(rows)) * (high - low)).astype(int)]
        return out


def shops(
    rng: np.random.Generator, carriers: tuple[Carrier, ...], *, where: Places, scale: float
) -> Shops:
    """Every shop; `scale` is the country's size, 1 for two hundred thousand registrations."""
    owner, place, dealer = [], [], []
    for number, carrier in enumerate(carriers):
        for kind, count in ((False, carrier.centers), (True, carrier.dealers)):
            size = max(2, int(count * scale**0.8))
            owner += [number] * size
            dealer += [kind] * size
            place += list(where.drawn(rng, size))
    found = Shops(
        np.array(owner),
        np.array(place),
        np.array(dealer),
        agents=np.where(dealer, rng.integers(1, 3, len(owner)), rng.integers(3, 12, len(owner))),
        tablets=np.where(dealer, 1, rng.integers(1, 7, len(owner))),
        near={},
    )
    one = np.array([c.one_tablet for c in carriers])[found.carrier]
    found.tablets[one] = 1
    for number in range(len(carriers)):
        for kind in (False, True):
            found.near[number, kind] = _nearest(found, number, kind, where)
    return found


def _nearest(found: Shops, owner: int, kind: bool, where: Places) -> tuple[np.ndarray, np.ndarray]:
    """For each place the shops its people use, as ranges of one list."""
    mine = np.flatnonzero((found.carrier == owner) & (found.dealer == kind))
    here = {p: mine[found.place[mine] == p] for p in np.unique(found.place[mine])}
    states = where.state[found.place[mine]]
    near = {s: mine[states == s] for s in np.unique(states)}
    lists = [here.get(p, near.get(s, mine)) for p, s in enumerate(where.state)]
    return np.cumsum([0] + [len(x) for x in lists]), np.concatenate(lists)
