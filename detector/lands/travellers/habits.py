"""What is usual in one country: drawn once for each seed, so that two seeds are two countries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detector.lands.travellers.writing import Floats, Ints

KINDS = ("plain", "hard", "sparse")
OPTIONAL = (
    "document_type",
    "validation_result",
    "validation_attempts",
    "liveness_score",
    "iccid",
    "imei",
    "device_id",
    "ip",
    "point_of_sale_id",
    "agent_id",
    "place",
    "line_first_seen_on",
    "contact",
)
_NAMES = ("azul", "norte", "colibri", "plata", "sol-movil", "jade", "ceiba", "uno")


@dataclass(frozen=True, slots=True)
class Habits:
    """The country's ways; every number is a share between 0 and 1 unless its line says otherwise."""

    kind: str
    carriers: tuple[str, ...]
    market: Floats  # share of each carrier
    missing: dict[
        str, Floats
    ]  # column -> how often each carrier leaves it empty; 1 is never recorded
    clock: Ints  # seconds to which each carrier rounds its times
    long_iccid: Floats  # 1 where a carrier prints 20 digits
    unheard: Floats  # how many line events each carrier loses
    new_lines: float  # share of registrations that sell a new line
    changes: float  # ports, replacements and re-links
    fleets: float  # lines of companies
    brigades: float  # registration drives in villages
    helper: float  # lines of a household that one relative registers for all
    kiosk: float  # people who pay somebody with a computer to do it
    remote: float  # town people who do it themselves, online
    remote_village: float
    mobile_data: float  # remote sessions through a carrier's shared address
    vpn: float
    lease: int  # days a home keeps its address
    loyalty: float  # second lines bought from the same carrier
    box: int  # SIMs in a box that a shop opens at once
    busy: float  # exponent: how far custom gathers in few shops
    bench_phone: float  # counter sales tried out in the shop's own handset
    leaves_contact_of_helper: float
    second_hand: float  # replaced handsets bought used
    gift: float  # new lines that somebody else will use
    roaming: float  # migrants and people on the road
    rush: float  # existing lines linked in the last days before their deadline
    typo: float  # registrations first tried with a mistyped identity
    fraud: float
    labelled: float  # fraud that ever gets a label
    false_alarm: float  # honest registrations labelled fraud
    cleared: float  # honest registrations labelled legitimate
    exposed: float  # people in a grave breach


def _missing(rng: np.random.Generator, kind: str, count: int) -> dict[str, Floats]:
    """How often each carrier leaves each optional column empty."""
    absent = set(rng.permutation(OPTIONAL)[: len(OPTIONAL) // 2]) if kind == "sparse" else set()
    return {column: _gaps(rng, count, never=column in absent) for column in OPTIONAL}


def _gaps(rng: np.random.Generator, count: int, *, never: bool) -> Floats:
    if never:
        return np.ones(count)
    sort = rng.random(count)
    often = np.where(sort < 0.22, rng.uniform(0.1, 0.4, count), rng.uniform(0.0, 0.06, count))
    return np.where(sort < 0.04, 1.0, often)


def draw(kind: str, rng: np.random.Generator) -> Habits:
    """One country of the kind asked for."""
    count = int(rng.integers(1, 3)) if kind == "sparse" else int(rng.integers(4, 8))
    between = rng.uniform
    return Habits(
        kind=kind,
        carriers=tuple(rng.permutation(_NAMES)[:count].tolist()),
        market=np.sort(rng.dirichlet(np.full(count, 1.6)))[::-1],
        missing=_missing(rng, kind, count),
        clock=np.where(rng.random(count) < 0.15, 60, 1),
        long_iccid=(rng.random(count) < 0.2).astype(float),
        unheard=between(0.0, 0.5 if kind == "sparse" else 0.15, count),
        new_lines=between(0.26, 0.38),
        changes=between(0.10, 0.17),
        fleets=between(0.02, 0.06),
        brigades=between(0.005, 0.025),
        helper=between(0.2, 0.45),
        kiosk=between(0.03, 0.10),
        remote=between(0.45, 0.70),
        remote_village=between(0.15, 0.40),
        mobile_data=between(0.25, 0.50),
        vpn=between(0.01, 0.03),
        lease=int(rng.integers(10, 120)),
        loyalty=between(0.5, 0.9),
        box=int(rng.choice([25, 50, 100, 250])),
        busy=between(1.2, 2.2),
        bench_phone=between(0.03, 0.20),
        leaves_contact_of_helper=between(0.2, 0.6),
        second_hand=between(0.1, 0.4),
        gift=between(0.08, 0.22),
        roaming=between(0.03, 0.08),
        rush=between(0.25, 0.55),
        typo=between(0.003, 0.012),
        fraud=between(0.0045, 0.0090),
        labelled=between(0.05, 0.13) if kind == "sparse" else between(0.12, 0.28),
        false_alarm=between(0.0002, 0.0008),
        cleared=between(0.002, 0.010),
        exposed=between(0.06, 0.15),
    )
